"""The demo's longer stories: a standing budget, money held for a job, a proven wallet, a refund. All by the engine."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User

from backoffice.demo.cast import ENGINE_SECONDS, Cast
from backoffice.demo.story import StandingBudgetStory
from jobs import decisions
from jobs.budget_offers import ask_within, pay_as_asked, set_up_budget
from jobs.escrow import pay_out
from jobs.funding import fund, seller_of
from jobs.models import Application, Job
from payments.actions import requests, wallet_proofs
from payments.actions.refunds import refund as ask_back
from payments.actions.standing_budgets import LAST_DAY, BudgetTerms, business_day
from payments.engine.prove_wallet import collect, prepare
from payments.mail.sending import send as send_mail
from payments.models import Message, PaymentRequest, Seller, StandingBudget
from payments.models.messages import MessageState
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount


def standing_budget(cast: Cast, wanted: StandingBudgetStory) -> None:
    """Asked for and approved; its draws are jobs of the fate "drawn"."""
    member = cast.members[wanted.key]
    assert member.wallet, "a funder of the demo has a wallet"
    asset, begins = member.wallet.asset, business_day()
    if begins.day > LAST_DAY:
        begins = begins.replace(day=1) + timedelta(days=31)
        begins = begins.replace(day=1)
    limit, largest = (Amount.from_major(text, asset) for text in (wanted.limit, wanted.largest))
    terms = BudgetTerms(limit, largest, Unit.MONTH, wanted.months, begins)
    budget = set_up_budget(member, terms, by=cast.rosa, form_id="demo-standing")
    _approved(cast, budget.request)


def drawn(cast: Cast, job: Job, applications: list[Application]) -> None:
    """Paid from its funder's standing budget, without asking."""
    budget = StandingBudget.objects.select_related("request__seller", "grant").get()
    request = ask_within([job], applications, budget, by=cast.rosa, form_id=f"demo-{job.pk}")
    cast.advance(request.pk)
    pay_as_asked(request.pk, budget, by=cast.rosa)
    cast.advance(request.pk)


def escrow(cast: Cast, job: Job, applications: list[Application]) -> None:
    """The seller holds the job's money; the first worker was paid from it, the rest is held for the others."""
    _approved(cast, fund(job, "seller", seller_of(job), by=cast.rosa, form_id=f"demo-{job.pk}"))
    first = applications[:1]
    decisions.accept_submission(first[0].submissions.get().pk, by=cast.rosa)
    request = pay_out(job, first, by=cast.rosa, form_id=f"demo-out-{job.pk}")
    cast.advance(request.pk)
    requests.send(request.pk, by=cast.rosa)
    requests.authorise(request.pk, by=User.objects.get(username="luis"))
    deliver_mail()
    cast.approve(request, cast.workers)
    cast.advance(request.pk)


def refund(cast: Cast, paid: PaymentRequest) -> None:
    """Two sevenths of what a worker got go back, approved by them in their wallet."""
    payment = paid.payments.get()
    request = ask_back(payment.pk, Amount(payment.value * 2 // 7, payment.asset), by=cast.rosa, form_id="demo-refund")
    cast.advance(request.pk)
    requests.send(request.pk, by=cast.rosa)
    deliver_mail()
    cast.approve(request, cast.workers)
    cast.advance(request.pk)


def proven_wallet(cast: Cast, key: str) -> None:
    """A worker followed the link in their mail and proved in their wallet that it is theirs."""
    member = cast.members[key]
    assert member.wallet, "who proves a wallet has one"
    seller = Seller.objects.get(is_default=True)
    told = {"name": member.name, "email": member.email, "language": member.language}
    proof = wallet_proofs.ask(member.wallet, seller, **told, by=cast.rosa)
    deliver_mail()
    wallet_proofs.press(proof.pk)
    back = parse_qs(urlsplit(cast.workers.approve(prepare(proof.pk, ENGINE_SECONDS))).query)
    wallet_proofs.came_back(proof.pk, back["interact_ref"][0], back["hash"][0])
    collect(proof.pk, ENGINE_SECONDS)


def _approved(cast: Cast, request: PaymentRequest) -> None:
    """Quoted, sent, and approved by the funder in their wallet."""
    cast.advance(request.pk)
    requests.send(request.pk, by=cast.rosa)
    deliver_mail()
    cast.approve(request)
    cast.advance(request.pk)


def deliver_mail() -> None:
    """What was queued, before what it asks for is done: a mail whose question is over is not sent any more."""
    for message_id in Message.objects.filter(state=MessageState.QUEUED).values_list("pk", flat=True):
        send_mail(message_id)
