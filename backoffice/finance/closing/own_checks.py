"""What of payments, of the books and of the ledger is looked at before a month is closed."""

from datetime import timedelta
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.dashboard.links import rows
from backoffice.finance.closing.checklist import ClosingCheck, also_check
from backoffice.finance.statements.filters import UnreadFilter
from ledger import clock
from ledger.api import OLDER_OR_OTHER, compare_checkpoint
from ledger.models import StatementException, StatementSource
from ledger.months import CalendarMonth
from ledger.statements.exceptions import open_exceptions
from payments.admin.filters import GroupFilter
from payments.invariants.books import BOOKS
from payments.models import LedgerCheck, OutsideSettlement, Payment
from payments.reconciliation.unread import lists_never_asked_for, unread_lists
from payments.states import PAYMENTS, Group, PaymentState

#: What was sent longer ago and is not settled deserves a look before the month is told.
SETTLES_WITHIN: Final = timedelta(days=3)
#: The whole ledger is checked every night.
CHECKED_WITHIN: Final = timedelta(hours=36)
ON_ITS_WAY: Final = [state.value for state, meaning in PAYMENTS.items() if meaning.group == Group.ON_ITS_WAY]


def _of_group(group: Group) -> str:
    return rows(Payment, **{GroupFilter.parameter_name: group.value})


def _attention(month: CalendarMonth) -> int:
    return Payment.objects.filter(state=PaymentState.NEEDS_ATTENTION, created_at__lt=month.ends_at).count()


def _on_their_way(month: CalendarMonth) -> int:
    before = min(month.ends_at, clock.now() - SETTLES_WITHIN)
    return Payment.objects.filter(state__in=ON_ITS_WAY, sent_at__lt=before).count()


def _unconfirmed(month: CalendarMonth) -> int:
    open_ones = OutsideSettlement.objects.filter(confirmed_at=None, withdrawn_at=None)
    return open_ones.filter(created_at__lt=month.ends_at).count()


def _exceptions(month: CalendarMonth) -> int:
    return open_exceptions().filter(at__lt=month.ends_at).count()


def _unread_lists(month: CalendarMonth) -> int:
    return unread_lists(month.begins_at, month.ends_at).count()


def _never_asked_for(month: CalendarMonth) -> int:
    return lists_never_asked_for(month.begins_at, month.ends_at)


def _not_booked(_month: CalendarMonth) -> int:
    return sum(len(invariant.offenders({})) for invariant in BOOKS)


def _not_verified(_month: CalendarMonth) -> int:
    """Faults; one where it was never checked, or not lately."""
    last = LedgerCheck.objects.filter(kind=LedgerCheck.Extent.WHOLE, finished_at__isnull=False).first()
    if last is None or last.finished_at is None:
        return 1
    return last.faults or int(clock.now() - last.finished_at > CHECKED_WITHIN)


def _older_or_other(_month: CalendarMonth) -> int:
    return int(compare_checkpoint() in OLDER_OR_OTHER)


def declare() -> None:
    """Called when the program starts."""
    also_check(
        ClosingCheck(
            "attention",
            _("Payments that need attention"),
            _("Decide what becomes of each, so that the month tells what is so."),
            _attention,
            lambda _month: _of_group(Group.ATTENTION),
        ),
        ClosingCheck(
            "on_its_way",
            _("Sent more than three days ago, and not settled"),
            _("Ask the wallets again; what they never settle needs a person."),
            _on_their_way,
            lambda _month: _of_group(Group.ON_ITS_WAY),
        ),
        ClosingCheck(
            "outside",
            _("Settled outside, and not confirmed"),
            _("A second person confirms or withdraws each."),
            _unconfirmed,
            lambda _month: reverse("admin:waiting"),
        ),
        ClosingCheck(
            "exceptions",
            _("Exceptions that are open, of the month or older"),
            _("Say of each how it ends, so that the month agrees with wallets and banks."),
            _exceptions,
            lambda month: rows(StatementException, at_to=month.last.isoformat()),
        ),
        ClosingCheck(
            "unread_lists",
            _("Wallets' lists that were not read since the month ended"),
            _("They are read every night; the page of one that can't be read says why."),
            _unread_lists,
            lambda month: rows(StatementSource, **{UnreadFilter.parameter_name: str(month)}),
        ),
        ClosingCheck(
            "lists_never_asked_for",
            _("Wallets that received in the month, and whose lists were never asked for"),
            _("Run “manage.py reconcile”, or wait for the night."),
            _never_asked_for,
            lambda _month: rows(StatementSource),
        ),
        ClosingCheck(
            "ledger",
            _("Faults of the ledger, or no check of it lately"),
            _("All of it is checked every night. The overview says what was found."),
            _not_verified,
            lambda _month: reverse("admin:index"),
        ),
        ClosingCheck(
            "checkpoint",
            _("A database that is older, or another, than was signed for"),
            _("It was restored or copied: whoever runs the program must compare it with the wallets first."),
            _older_or_other,
            stops=True,
        ),
        ClosingCheck(
            "books",
            _("Payments whose books and rows differ"),
            _("Run “manage.py check_invariants”: it names the payments that are not booked as they are."),
            _not_booked,
            stops=True,
            takes_long=True,
        ),
    )
