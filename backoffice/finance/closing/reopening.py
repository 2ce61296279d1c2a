"""Opening the newest closed month again: an administrator proposes it, and another one decides."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from backoffice.finance.closing.month_names import month_called
from ledger.api import Actor
from ledger.books.closed import closings
from ledger.books.closing import CannotClose, reopen
from ledger.models import Closing
from payments.actions import proposals
from payments.actions.proposals import ProposalKind
from payments.models import Proposal
from payments.presentation import proposal_words
from payments.presentation.proposal_words import NOTHING, ChangedRow, ProposalWords
from payments.presentation.reasons import Refusal

REOPEN: Final = "reopen_month"
LONGEST_WHY: Final = 500

Snapshot = Mapping[str, Any]


def is_newest(closing: Closing) -> bool:
    newest = closings().order_by("-last_day").first()
    return newest is not None and newest.pk == closing.pk


def propose_reopening(closing: Closing, why: str, *, by: User) -> Proposal:
    """Let `closing` count no more, by two. Raises Refusal for any but the newest."""
    if not is_newest(closing):
        raise Refusal("not_newest_month", month=month_called(closing.month))
    return proposals.propose(REOPEN, closing.pk, {"closed": False, "why": why}, by=by)


def _now(closing_id: str) -> dict[str, Any]:
    return {"closed": True, "why": ""} if closings().filter(pk=closing_id).exists() else {}


def _carry_out(closing_id: str, _after: Snapshot, by: User) -> None:
    try:
        reopen(closing_id, by=Actor.staff(by.pk))
    except CannotClose as error:
        month = Closing.objects.get(pk=closing_id).month
        raise Refusal("not_newest_month", month=month_called(month)) from error


def _title(closing_id: str) -> str:
    month = Closing.objects.filter(pk=closing_id).values_list("month", flat=True).first()
    return _("Open %(month)s again") % {"month": month_called(month or "")}


def _rows(_before: Snapshot, after: Snapshot) -> list[ChangedRow]:
    return [
        ChangedRow(_("The month"), _("Closed"), _("Open")),
        ChangedRow(_("Why"), NOTHING, str(after.get("why", "")) or NOTHING),
    ]


def declare() -> None:
    """Called when the program starts."""
    kind = ProposalKind("ledger.reopen_period", _now, _carry_out, private=frozenset({"why"}))
    proposals.declare(REOPEN, kind)
    proposal_words.also_word(REOPEN, ProposalWords(_title, _rows))
