"""Who may look at which period, and until when: proposed by one administrator, agreed to by another.

The approved proposal is the access; it ends by itself. Who has it needs no role, and sees nothing else without one. To
end it sooner takes one person: switch the account off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext as _

from ledger import days
from ledger.books.sums import between
from payments.actions import proposals
from payments.actions.proposals import ProposalKind
from payments.models import Proposal
from payments.models.proposals import ProposalState
from payments.presentation import proposal_words
from payments.presentation.proposal_words import NOTHING, ChangedRow, ProposalWords

KIND: Final = "audit_access"
PERMISSION: Final = "auth.change_user"
#: An audit takes weeks; longer access is asked for again.
LONGEST: Final = timedelta(days=180)


@dataclass(frozen=True)
class AuditPeriod:
    """Days of the business, all included; `until` is the last on which it can be looked at."""

    first: date
    last: date
    until: date

    def rows(self) -> Q:
        """The movements of the period."""
        return between(self.first, self.last)

    def to_json(self) -> dict[str, str]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "until": self.until.isoformat()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "AuditPeriod":
        return cls(*(date.fromisoformat(told[name]) for name in ("first", "last", "until")))


def propose(user: User, period: AuditPeriod, *, by: User) -> Proposal:
    """Let `user` look at `period`. An earlier one of theirs ends with it. Raises Refusal when nothing would change."""
    return proposals.propose(KIND, str(user.pk), period.to_json(), by=by)


def access_of(user_id: int) -> AuditPeriod | None:
    """What this person may look at today."""
    told = _now(str(user_id))
    return AuditPeriod.from_json(told) if told else None


def _now(subject: str) -> dict[str, Any]:
    found = Proposal.objects.filter(kind=KIND, subject=subject, state=ProposalState.APPROVED).order_by("-decided_at")
    newest = found.first()
    if newest is None or AuditPeriod.from_json(newest.after).until < days.today():
        return {}
    return dict(newest.after)


def _title(subject: str) -> str:
    name = User.objects.filter(pk=subject).values_list("username", flat=True).first()
    return _("What %(name)s may audit") % {"name": name or subject}


def _rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangedRow]:
    labels = {"first": _("First day"), "last": _("Last day"), "until": _("May look until")}
    return [
        ChangedRow(label, before.get(name, NOTHING), after.get(name, NOTHING))
        for name, label in labels.items()
        if before.get(name) != after.get(name)
    ]


def _carry_out(_subject: str, _after: Mapping[str, Any], _by: User) -> None:
    """Nothing: that it was approved is what counts."""


def declare() -> None:
    """Called when the program starts."""
    about = ProposalKind(PERMISSION, _now, _carry_out, about=lambda pk: [int(pk)])
    proposals.declare(KIND, about)
    proposal_words.also_word(KIND, ProposalWords(_title, _rows))
