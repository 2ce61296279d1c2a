"""The demo's longer stories: a standing budget, money held for a job, a proven wallet, a refund. All by the engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User

from jobs import decisions
from jobs.budget_offers import ask_within, pay_as_asked, set_up_budget
from jobs.escrow import pay_out
from jobs.funding import fund, seller_of
from payments.actions import requests, wallet_proofs
from payments.actions.refunds import refund as ask_back
from payments.actions.standing_budgets import LAST_DAY, BudgetTerms, business_day
from payments.engine.prove_wallet import collect, prepare
from payments.mail.sending import send as send_mail
from payments.models import Message, Seller, StandingBudget
from payments.models.messages import MessageState
from payments.models.standing_budgets import Unit
from payments.openpayments.amounts import Amount

if TYPE_CHECKING:
    from backoffice.demo.seeding import Seeding
    from backoffice.demo.story import StandingBudgetStory
    from jobs.models import Application, Job
    from payments.models import PaymentRequest

SECONDS: Final = 10.0


def standing_budget(demo: Seeding, wanted: StandingBudgetStory) -> None:
    """Asked for and approved; its draws are jobs of the fate "drawn"."""
    member = demo.members[wanted.key]
    assert member.wallet, "a funder of the demo has a wallet"
    asset, begins = member.wallet.asset, business_day()
    if begins.day > LAST_DAY:
        begins = begins.replace(day=1) + timedelta(days=31)
        begins = begins.replace(day=1)
    limit, largest = (Amount.from_major(text, asset) for text in (wanted.limit, wanted.largest))
    terms = BudgetTerms(limit, largest, Unit.MONTH, wanted.months, begins)
    budget = set_up_budget(member, terms, by=demo.rosa, form_id="demo-standing")
    _approved(demo, budget.request)


def drawn(demo: Seeding, job: Job, applications: list[Application]) -> None:
    """Paid from its funder's standing budget, without asking."""
    budget = StandingBudget.objects.select_related("request__seller", "grant").get()
    request = ask_within([job], applications, budget, by=demo.rosa, form_id=f"demo-{job.pk}")
    demo.advance(request.pk)
    pay_as_asked(request.pk, budget, by=demo.rosa)
    demo.advance(request.pk)


def escrow(demo: Seeding, job: Job, applications: list[Application]) -> None:
    """The seller holds the job's money; the first worker was paid from it, the rest is held for the others."""
    _approved(demo, fund(job, "seller", seller_of(job), by=demo.rosa, form_id=f"demo-{job.pk}"))
    first = applications[:1]
    decisions.accept_submission(first[0].submissions.get().pk, by=demo.rosa)
    request = pay_out(job, first, by=demo.rosa, form_id=f"demo-out-{job.pk}")
    demo.advance(request.pk)
    requests.send(request.pk, by=demo.rosa)
    requests.authorise(request.pk, by=User.objects.get(username="luis"))
    deliver_mail()
    demo.approve(request, demo.workers)
    demo.advance(request.pk)


def refund(demo: Seeding, paid: PaymentRequest) -> None:
    """Two sevenths of what a worker got go back, approved by them in their wallet."""
    payment = paid.payments.get()
    request = ask_back(payment.pk, Amount(payment.value * 2 // 7, payment.asset), by=demo.rosa, form_id="demo-refund")
    demo.advance(request.pk)
    requests.send(request.pk, by=demo.rosa)
    deliver_mail()
    demo.approve(request, demo.workers)
    demo.advance(request.pk)


def proven_wallet(demo: Seeding, key: str) -> None:
    """A worker followed the link in their mail and proved in their wallet that it is theirs."""
    member = demo.members[key]
    assert member.wallet, "who proves a wallet has one"
    seller = Seller.objects.get(is_default=True)
    told = {"name": member.name, "email": member.email, "language": member.language}
    proof = wallet_proofs.ask(member.wallet, seller, **told, by=demo.rosa)
    deliver_mail()
    wallet_proofs.press(proof.pk)
    back = parse_qs(urlsplit(demo.workers.approve(prepare(proof.pk, SECONDS))).query)
    wallet_proofs.came_back(proof.pk, back["interact_ref"][0], back["hash"][0])
    collect(proof.pk, SECONDS)


def _approved(demo: Seeding, request: PaymentRequest) -> None:
    """Quoted, sent, and approved by the funder in their wallet."""
    demo.advance(request.pk)
    requests.send(request.pk, by=demo.rosa)
    deliver_mail()
    demo.approve(request)
    demo.advance(request.pk)


def deliver_mail() -> None:
    """What was queued, before what it asks for is done: a mail whose question is over is not sent any more."""
    for message_id in Message.objects.filter(state=MessageState.QUEUED).values_list("pk", flat=True):
        send_mail(message_id)
