"""Deciding many rows of a list at once: first a page that says what will happen to whom, then each row by itself.

What the page says was tried out, in a transaction that is rolled back, so its refusals are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import held_payments, lifecycle
from jobs.models import Application, Payout, Submission
from jobs.reasons import JobRefusal
from payments.admin.dialogs import staff
from payments.presentation.reasons import Refusal

#: As many rows as a person can read before saying yes.
MOST_ROWS: Final = 100
CONFIRMED: Final = "confirmed"

Row = Application | Submission


@dataclass(frozen=True)
class BulkDecision:
    """`title` and `done` say how many; `consequence` what it means for each of them."""

    decide: Callable[..., object]
    title: Callable[[int], str]
    consequence: str | Promise
    submit: str | Promise
    done: Callable[[int], str]
    #: Of the payments that wait for the work: what the decision does with them; empty when it leaves them alone.
    moves_held: str | Promise = ""


@dataclass(frozen=True)
class DecidedRow:
    row: Row
    who: str
    job: str
    refusal: str  # why nothing will happen to this row; empty when it will be decided
    payouts: tuple[Payout, ...] = ()  # approved beforehand: what the decision pays, or calls off

    @classmethod
    def of(cls, row: Row, refusal: str, payouts: tuple[Payout, ...] = ()) -> DecidedRow:
        application = row if isinstance(row, Application) else row.application
        return cls(row, application.worker.name, application.job.title, refusal, payouts)


def decide_marked(
    admin: Any, request: HttpRequest, rows: QuerySet[Any], action: str, decision: BulkDecision
) -> HttpResponse | None:
    """The action of a list. Asks first; with the answer, decides and goes back to the list."""
    if rows.count() > MOST_ROWS:
        messages.error(request, _("At most %(most)s can be decided at once. Mark fewer.") % {"most": MOST_ROWS})
        return None
    found = list(rows.order_by("pk"))
    if CONFIRMED not in request.POST:
        return _ask(admin, request, found, action, decision)
    seen = {row.pk: request.POST.get(f"seen-{row.pk}", "") for row in found}
    _tell(request, list(_decided(found, decision, staff(request), seen)), decision)
    return None


def _ask(admin: Any, request: HttpRequest, rows: list[Row], action: str, decision: BulkDecision) -> HttpResponse:
    lines = _tried(rows, decision, staff(request))
    number = sum(not line.refusal for line in lines)
    context = {
        **admin.admin_site.each_context(request),
        "title": decision.title(number),
        "opts": admin.opts,
        "lines": lines,
        "number": number,
        "decision": decision,
        "action": action,
        "checkbox": ACTION_CHECKBOX_NAME,
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/jobs/bulk.html", context)


def _tried(rows: list[Row], decision: BulkDecision, by: User) -> list[DecidedRow]:
    """All in one transaction, which is taken back: their jobs are locked first, in order, as by all who lock."""
    with transaction.atomic():
        for job_id in sorted({(row if isinstance(row, Application) else row.application).job_id for row in rows}):
            lifecycle.lock_job(job_id)
        lines = list(_decided(rows, decision, by, {row.pk: row.status for row in rows}))
        transaction.set_rollback(True)
    return lines


def _decided(rows: Iterable[Row], decision: BulkDecision, by: User, seen: dict[int, str]) -> Iterator[DecidedRow]:
    """Each row in a transaction of its own: one that can't be decided holds up no other."""
    for row in rows:
        refusal = ""
        application = row if isinstance(row, Application) else row.application
        payouts = tuple(held_payments.waiting(application.payouts.all())) if decision.moves_held else ()
        try:
            with transaction.atomic():
                _check_unchanged(row, seen[row.pk])
                decision.decide(row.pk, by=by)
        except Refusal as error:
            refusal = str(error)
        yield DecidedRow.of(row, refusal, payouts)


def _check_unchanged(row: Row, seen: str) -> None:
    """What was decided differently since the page was shown is not decided again by it. Holds the row's job."""
    application = row if isinstance(row, Application) else row.application
    lifecycle.lock_job(application.job_id)
    row.refresh_from_db(fields=["status"])
    if row.status != seen:
        kind = "application" if isinstance(row, Application) else "submission"
        raise JobRefusal(f"{kind}_moved", name=application.worker.name, status=str(row.get_status_display()))


def _tell(request: HttpRequest, lines: list[DecidedRow], decision: BulkDecision) -> None:
    refused = [line for line in lines if line.refusal]
    if done := len(lines) - len(refused):
        messages.success(request, decision.done(done))
    if refused:
        told = ngettext("%(n)s was not decided:", "%(n)s were not decided:", len(refused)) % {"n": len(refused)}
        messages.warning(request, told)
    for line in refused:
        messages.error(request, f"{line.who} · {line.job}: {line.refusal}")
