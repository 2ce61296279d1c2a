"""What to do first on a fresh installation; gone as soon as somebody was asked for money."""

from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.dashboard.links import may_add, may_see, rows
from jobs.models import Job, Member
from payments.models import PaymentRequest, SecondPersonRule, Seller

#: Somebody who pays and somebody who is paid.
ENOUGH_MEMBERS = 2


@dataclass(frozen=True)
class FirstStep:
    """`link` is empty for somebody who may not take the step."""

    title: str
    text: str
    done: bool
    link: str


def steps(request: HttpRequest) -> list[FirstStep]:
    """In their order; none once there is a payment request."""
    if PaymentRequest.objects.exists():
        return []
    members = Member.objects.filter(wallet__isnull=False)[:ENOUGH_MEMBERS].count()
    return [
        FirstStep(
            _("Add a seller"),
            _("The platform's own account: its wallet address and the key that signs what it asks of wallets."),
            Seller.objects.exists(),
            _add(request, Seller),
        ),
        FirstStep(
            _("Say when two must agree"),
            _("Above which amounts, and to which wallets, one person is not enough. There are rules to begin with."),
            SecondPersonRule.objects.exists(),
            rows(SecondPersonRule) if may_add(request, SecondPersonRule) else "",
        ),
        FirstStep(
            _("Add members"),
            _("A funder and a worker, each with a wallet address. It is checked at the wallet."),
            members == ENOUGH_MEMBERS,
            _add(request, Member),
        ),
        FirstStep(
            _("Add a job"),
            _("What is to be done, who funds it, and what each worker gets. Then select a worker."),
            Job.objects.exists(),
            _add(request, Job),
        ),
        FirstStep(
            _("Ask for the money"),
            _("On the job's page, “Quote & request approval” shows both amounts before the funder gets an email."),
            done=False,
            link=rows(Job) if may_see(request, Job) else "",
        ),
    ]


def _add(request: HttpRequest, model: type[Model]) -> str:
    if not may_add(request, model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")  # noqa: SLF001 - Django's public name
