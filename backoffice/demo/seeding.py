"""Fills an empty demo: people and work by the models, every bit of money by the engine against the sandbox wallets."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django_q.models import OrmQ

from backoffice import roles
from backoffice.demo import finance, stories, story
from backoffice.demo.cast import ENGINE_SECONDS, Cast
from backoffice.demo.environment import passwords
from backoffice.demo.wallets import DemoProvider
from jobs import decisions
from jobs.funding import Way, fund, seller_of
from jobs.models import Application, Job, Member, Organisation, Submission
from jobs.models.members import MemberKind
from ledger import clock
from ledger.api import Actor, record, seal
from payments.actions import approvals, requests, wallets
from payments.actions.sellers import SellerFee, register
from payments.actions.set_rules import set_rule
from payments.models import PaymentRequest
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from payments.worker.advance_now import advance_now

DAY_SECONDS = 24 * 60 * 60
SENT_SECONDS = 2.0
STAFF = {
    "rosa": ("Rosa", roles.PLATFORM_STAFF),
    "luis": ("Luis", roles.FINANCE),
    "ines": ("Inés", roles.AUDITOR),
    "admin": ("Alma", roles.ADMINISTRATOR),
}


class Seeding:
    """One run of it. `funders` and `workers` are the two wallet providers."""

    def __init__(self, funders: DemoProvider, workers: DemoProvider) -> None:
        self.cast = Cast(funders, workers, _people())

    def run(self, tell: Callable[[str], None]) -> None:
        for provider in (self.cast.funders, self.cast.workers):
            provider.settings(waitSeconds=0, settleDelayMs=100)
        _move_clock(story.BEGAN)
        for seller in story.SELLERS:
            self._seller(*seller)
        for person in (*story.FUNDERS, *story.WORKERS):
            self._member(person)
        (code, scale), limit = story.AUTHORISATION_LIMIT
        set_rule(Amount(limit, Asset(code, scale)), User.objects.get(username="admin"))
        stories.proven_wallet(self.cast, story.PROVEN)
        for days_ago, title, happen in self._history():
            _move_clock(days_ago)
            finance.close_what_is_over()
            happen()
            stories.deliver_mail()
            tell(title)
        _move_clock(0)
        finance.close_what_is_over()
        for request in PaymentRequest.objects.filter(next_attempt_at__lte=clock.now()):
            self.cast.advance(request.pk)
        stories.deliver_mail()
        finance.compare_with_wallets()
        while seal():
            pass
        # All that was queued meanwhile has been done here.
        OrmQ.objects.all().delete()
        for provider in (self.cast.funders, self.cast.workers):
            provider.settings(waitSeconds=2, settleDelayMs=1500)

    def _history(self) -> list[tuple[float, str, Callable[[], None]]]:
        """What happened so many days ago, the oldest first, each with what to call it."""
        cast = self.cast
        happened: list[tuple[float, str, Callable[[], None]]] = [
            (story.STANDING.days, "Standing budget", partial(stories.standing_budget, cast, story.STANDING)),
            (story.STATEMENT, "Statement of a wallet", finance.import_statement),
            (story.BY_HAND.days, "Money that came by hand", partial(finance.paid_by_hand, cast, story.BY_HAND)),
            *((work.days, work.title, partial(self._job, work)) for work in story.JOBS),
        ]
        return sorted(happened, key=lambda each: -each[0])

    def _seller(self, id: str, name: str, fee: int, treasurer: str) -> None:  # noqa: A002 - the column's name
        key, key_id = generate_key(), f"{id}-demo"
        url = self.cast.workers.open(id, name, story.MXN, 0, keys=[public_jwk(key, key_id)])
        seller = register(
            id,
            url,
            key_id,
            private_key_to_pem(key),
            name,
            fee=SellerFee(share=fee),
            may_hold_money=bool(treasurer),
            approval_email=treasurer or None,
        )
        wallets.check(seller.wallet_id, ENGINE_SECONDS)

    def _member(self, person: story.Person) -> None:
        member = Member(name=person.name, email=person.email, language=person.language)
        if person.organisation:
            member.kind = MemberKind.ORGANISATION
        if person.balance is not None:
            provider = self.cast.funders if person.organisation else self.cast.workers
            fee = {"fixed": person.fee[0], "percentBps": person.fee[1]}
            url = provider.open(person.key, person.name, person.asset, person.balance, fee=fee)
            member.wallet = wallets.check(wallets.find_or_add(url).pk, ENGINE_SECONDS)
        member.save(force_insert=True)
        self._tell("member", member)
        self.cast.members[person.key] = member
        if person.key in story.ORGANISATIONS:
            self._legal(member, *story.ORGANISATIONS[person.key])

    def _job(self, work: story.Work) -> None:
        job = self._written(work)
        if work.fate == "draft":
            return
        decisions.move_job(job.pk, "publish", by=self.cast.rosa, seen=job.status)
        for key in (*filter(None, [work.worker]), *work.team, *work.others):
            worker = self.cast.members[key]
            self._tell("application", Application.objects.create(job=job, worker=worker), worker=worker.name)
        if work.fate == "recruiting":
            return
        chosen = [self.cast.members[key] for key in (work.worker, *work.team)]
        applications = list(job.applications.filter(worker__in=chosen).order_by("pk"))
        for application in applications:
            decisions.select(application.pk, by=self.cast.rosa)
        for other in job.applications.exclude(worker__in=chosen):
            if work.fate != "selected":
                decisions.reject(other.pk, by=self.cast.rosa)
        job.refresh_from_db()
        decisions.move_job(job.pk, "start_work", by=self.cast.rosa, seen=job.status)
        for number, application in enumerate(applications):
            link = f"https://files.example.org/{job.pk}/{number}"
            submission = Submission.objects.create(application=application, link=link)
            self._tell("submission", submission, worker=application.worker.name)
            if work.fate in story.ACCEPTED:
                decisions.accept_submission(submission.pk, by=self.cast.rosa)
        match work.fate:
            case "selected":
                return
            case "drawn":
                stories.drawn(self.cast, job, applications)
            case "escrow":
                stories.escrow(self.cast, job, applications)
            case "cash":
                finance.cash(job, applications[0], by=self.cast.rosa)
            case _:
                self._money(job, applications, work)

    def _written(self, work: story.Work) -> Job:
        budget = Amount.from_major(work.budget, Asset(*work.asset))
        now = clock.now()
        job = Job.objects.create(
            title=work.title,
            description=work.description,
            reference=work.reference,
            target_language=work.language,
            deliverable_types=list(work.deliverables),
            funder=self.cast.members[work.funder],
            amount_side=work.side,
            budget_value=budget.value,
            budget_code=budget.asset.code,
            budget_scale=budget.asset.scale,
            workers_wanted=1 + len(work.team),
            seller_id=work.seller or None,
            recruit_deadline=now + timedelta(days=7),
            submit_deadline=now + timedelta(days=21),
        )
        self._tell("job", job)
        return job

    def _money(self, job: Job, applications: list[Application], work: story.Work) -> None:
        way = Way.HELD if work.fate == "held" else Way.NOW
        request = fund(job, applications, seller_of(job), way, by=self.cast.rosa, form_id=f"demo-{job.pk}")
        self.cast.advance(request.pk)
        if work.fate == "quoted":
            return
        requests.send(request.pk, by=self.cast.rosa)
        stories.deliver_mail()
        match work.fate:
            case "authorisation" | "waiting":
                return
            case "declined":
                approvals.decline(request.pk, "This month's budget is spent. Please ask again in December.")
            case "expired":
                _move_clock(work.days - 15)
            case "broke":
                self.cast.funders.settings(onLowBalance="fail", lowBalanceSeconds=0)
                self.cast.approve(request)
            case "sent":
                # The payer's balance does not cover it: their wallet has the order and waits.
                self.cast.approve(request)
                advance_now(request.pk, SENT_SECONDS)
                return
            case "held":
                # The first is paid because their work is accepted; the others wait.
                self.cast.approve(request)
                self.cast.advance(request.pk)
                decisions.accept_submission(applications[0].submissions.get().pk, by=self.cast.rosa)
            case _:
                self.cast.approve(request)
        self.cast.advance(request.pk)
        self.cast.funders.settings(onLowBalance="pending")
        if work.fate == "refunded":
            stories.refund(self.cast, request)

    def _legal(self, member: Member, *told: str) -> None:
        legal_name, tax_id, address, reference, accounts = told
        organisation = Organisation.objects.create(
            member=member,
            legal_name=legal_name,
            tax_id=tax_id,
            address=address,
            default_reference=reference,
            accounts_name=accounts,
            accounts_email=f"accounts+{member.email}",
        )
        with transaction.atomic():
            record(
                "member.organisation_changed",
                actor=Actor.staff(self.cast.rosa.pk),
                subjects={"member": str(member.pk), "organisation": str(organisation.pk)},
                data={"changed": ["legal_name", "tax_id"]},
                private={"name": member.name},
            )

    def _tell(self, name: str, row: Member | Job | Application | Submission, **private: str) -> None:
        """The entry that the admin's page would have written."""
        names = {"name": row.name} if isinstance(row, Member) else private
        with transaction.atomic():
            actor = Actor.staff(self.cast.rosa.pk)
            record(f"{name}.created", actor=actor, subjects={name: str(row.pk)}, data={}, private=names)


def _people() -> User:
    keys = passwords()
    for name, (first_name, role) in STAFF.items():
        user = User.objects.create_user(name, f"{name}@example.org", keys[name], is_staff=True, first_name=first_name)
        user.groups.add(Group.objects.get(name=role))
    return User.objects.get(username="rosa")


def _move_clock(days_ago: float) -> None:
    """Put the clock of the demo and of its wallets back; 0 is now."""
    path = Path(settings.CLOCK_OFFSET_FILE)
    if days_ago <= 0:
        path.unlink(missing_ok=True)
        return
    path.write_text(str(-days_ago * DAY_SECONDS), encoding="ascii")
