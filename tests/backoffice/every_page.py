"""Every address of the site, as its paths are written, and a house in which each of them leads to something."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django_q.models import OrmQ, Schedule, Task

from backoffice.models import Export, RegularExport
from backoffice.models.exports import Often
from jobs import links, paid_outside, wallet_changes
from jobs.models import ApplicationStatus, Member, MemberNote, Submission
from ledger import clock, days
from ledger.models import Entry, StatementException, StatementSource
from payments.actions import mail_stops, webhook_endpoints
from payments.actions.outside_payments import Paid
from payments.actions.webhook_endpoints import EndpointTerms
from payments.links import approval_url, no_mail_url, proof_url
from payments.mail.queue import queue_message, queue_notice
from payments.models import (
    AccountName,
    MailStop,
    Message,
    Pause,
    ProofLimit,
    RiskSetting,
    SecondPersonRule,
    StandingBudget,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSender,
)
from payments.models.charts import AccountRole
from payments.models.messages import Template
from payments.openpayments.amounts import Amount
from payments.states import PaymentState, RequestState
from tests import cast

#: Of work that was handed in. It lies nowhere: who may not have it is refused before anybody looks.
FILE = "plan.pdf"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """One path of the site; `name` is empty where Django only leads on."""

    route: str
    name: str

    @property
    def model(self) -> type[Model] | None:
        """Of an admin's page."""
        found = re.match(r"admin/(\w+)/(\w+)/", self.route)
        models = {(model._meta.app_label, model._meta.model_name): model for model in admin.site._registry}
        return models.get((found[1], found[2])) if found else None

    @property
    def part(self) -> str:
        """What it is of its model's pages: `change`, `add`, or an action; empty elsewhere."""
        model = self.model
        return self.name.removeprefix(f"admin:{model._meta.app_label}_{model._meta.model_name}_") if model else ""


def addresses() -> list[Address]:
    """Each once, in the order of the alphabet."""
    return sorted(set(_walk(get_resolver().url_patterns, "", "")), key=lambda one: (one.route, one.name))


def _walk(patterns: Iterable[URLPattern | URLResolver], before: str, space: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Address(route, f"{space}{pattern.name}" if pattern.name else "")
        else:
            yield from _walk(pattern.url_patterns, route, f"{pattern.namespace}:" if pattern.namespace else space)


@dataclass(frozen=True)
class House:
    """One row, at least, of everything that has a page."""

    keys: dict[type[Model], Any]
    tokens: dict[str, str]  # by the first part of the public address

    def path(self, address: Address) -> str:
        """The address with what this house has in the place of its parameters."""
        route = address.route
        if route.startswith("admin/^"):
            return "/admin/payments/"
        if "(?P<url>" in route:
            return "/admin/nowhere/"
        return "/" + PARAMETER.sub(lambda found: self._value(address, found[1]), route)

    def _value(self, address: Address, parameter: str) -> str:
        match parameter:
            case "token":
                return self.tokens[address.route.split("/")[0]]
            case "month":
                return "2026-11"
            case "content_type_id":
                return "1"
            case "name":
                return FILE
            case "code":
                return "bridge"
            case _:
                return str(self.keys[address.model]) if address.model else "1"


def _exports(by: User) -> dict[type[Model], Any]:
    """Of the list of payments."""
    asked = {"model": "payments.payment", "format": "csv", "language": "en"}
    regular = RegularExport.objects.create(**asked, often=Often.DAILY, made_by=by, next_at=clock.now())
    return {RegularExport: regular.pk, Export: Export.objects.create(**asked, asked_by=by, regular=regular).pk}


def _webhooks(by: User) -> dict[type[Model], Any]:
    """Nothing listens where the endpoint lies."""
    terms = EndpointTerms("Shop", "https://shop.example/hooks", ["payment.failed"], by)
    endpoint = webhook_endpoints.add_endpoint(terms, by=by)
    delivery = webhook_endpoints.send_test(endpoint, by=by)
    sender = webhook_endpoints.add_sender("Shop", "", by=by)
    return {WebhookEndpoint: endpoint.pk, WebhookDelivery: delivery.pk, WebhookSender: sender.pk}


def furnish() -> House:
    """The rows, made as the product makes them. The people are those of `tests.cast`."""
    rosa = cast.staff("rosa")
    maria = cast.member("Maria Lopez")
    job = cast.job(seller=cast.radio())
    application = cast.applied(job, maria, ApplicationStatus.SELECTED)
    submission = cast.handed_in(application)
    Submission.objects.update(file=FILE)
    cash = Paid(Amount(100, job.budget.asset), days.today(), "cash", "Receipt 7")
    paid_outside.report(cast.applied(job, cast.member("Ana Cruz")), cash, by=rosa, form_id="cash")
    cast.wallet("maria-2")
    wallet_changes.propose(maria, "https://wallet.example/maria-2", by="staff", user=rosa)
    asked = cast.asked(requested_by=rosa, payer_key=job.funder.key)
    payment = cast.paid_to_maria(asked)
    attention = cast.paid_to_maria(cast.asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    message = queue_message(Template.APPROVAL, request=asked, occasion="house")
    assert message
    reminder = queue_notice(
        Template.REMINDER,
        name="Sol",
        email="sol@example.org",
        language="en",
        details={"requests": [asked.pk]},
        occasion="house reminded",
    )
    assert reminder
    # Stopped, so that whoever presses the button of its link changes nothing.
    mail_stops.unsubscribe(reminder)
    budget = cast.standing_budget(cast.asked(RequestState.APPROVED))
    source = StatementSource.objects.create(kind="file", name="Banco del Sur", asset_code="MXN")
    StatementException.objects.create(
        source=source, type="missing_here", at=clock.now(), asset_code="MXN", found_value=100, found_code="MXN"
    )
    # Over, so that nobody who presses its button asks a wallet.
    proof = cast.asked_proof(expires_at=clock.now())
    keys: dict[type[Model], Any] = {
        type(maria): maria.pk,
        type(job): job.pk,
        type(application): application.pk,
        type(submission): submission.pk,
        MemberNote: MemberNote.objects.create(member=maria, text="Not right").pk,
        type(asked): asked.pk,
        type(payment): attention.pk,
        Message: message.pk,
        MailStop: mail_stops.mark_bounced("gone@example.org", "It came back", by=rosa, about={}).pk,
        StandingBudget: budget.pk,
        type(asked.seller): asked.seller_id,
        type(asked.payer_wallet): asked.payer_wallet_id,
        SecondPersonRule: SecondPersonRule.objects.create(asset_code="USD", asset_scale=2, limit=50000).pk,
        AccountName: AccountName.objects.create(seller=asked.seller, role=AccountRole.FEES, account="4000").pk,
        ProofLimit: ProofLimit.objects.create(asset_code="USD", asset_scale=2, limit=50000).pk,
        RiskSetting: RiskSetting.objects.create(check_name="duplicate", level="tick").pk,
        Pause: Pause.objects.create(scope="host", target="wallet.example", reason="Look", started_by=rosa).pk,
        User: cast.staff("otto").pk,
        Group: Group.objects.get(name="auditor").pk,
        Entry: Entry.objects.order_by("pk").values_list("pk", flat=True)[0],
    }
    keys |= _webhooks(rosa)
    keys |= _exports(cast.staff("luis"))
    keys |= _queue() | {model: _first(model) for model in admin.site._registry if model not in keys}
    tokens = {
        "approve": approval_url(asked),
        "prove": proof_url(proof.pk),
        "no-mail": no_mail_url(reminder.pk),
        "w": links.worker_url(maria),
        "f": links.funder_url(Member.objects.get(pk=job.funder_id)),
    }
    return House(keys, {name: url.rsplit("/", 1)[1] for name, url in tokens.items()})


def _queue() -> dict[type[Model], Any]:
    task = {"func": "payments.tasks.sweep", "name": "quiet", "id": "1" * 32}
    OrmQ.objects.create(key="tequio", payload="", lock=None)
    Task.objects.create(**task, started="2026-11-20T00:00Z", stopped="2026-11-20T00:01Z", success=True)
    Task.objects.create(
        **{**task, "id": "2" * 32}, started="2026-11-20T00:00Z", stopped="2026-11-20T00:01Z", success=False
    )
    return {Schedule: Schedule.objects.order_by("pk").values_list("pk", flat=True)[0]}


def _first(model: type[Model]) -> Any:
    """The key of any row. Of what has none in this house, of none."""
    return model._default_manager.values_list("pk", flat=True).first() or "0"
