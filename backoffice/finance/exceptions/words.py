"""Exceptions in words: what each type means, and what helps."""

from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.sums import Total
from ledger.statements.exceptions import ExceptionRefused
from ledger.statements.kinds import DifferenceType
from payments.mail.colleagues import name_of
from payments.presentation.format_totals import format_total
from payments.presentation.reasons import Refusal

MEANINGS: Final[dict[DifferenceType, tuple[Promise, Promise]]] = {
    DifferenceType.MISSING_HERE: (
        _("They list this money, and nothing of ours is it."),
        _("Find out who paid whom. If it is for something else than this marketplace, it is not ours."),
    ),
    DifferenceType.MISSING_THERE: (
        _("We say that this money moved, and they don't list it."),
        _("Ask whoever runs the wallet or the bank. Until they explain it, don't count on the money."),
    ),
    DifferenceType.OVER: (
        _("They list more than we know of."),
        _("Open the payment and look again: what its wallet says there decides. What is too much can be sent back."),
    ),
    DifferenceType.UNDER: (
        _("They list less than we know of."),
        _("Ask whoever runs the wallet or the bank what became of the rest."),
    ),
    DifferenceType.DUPLICATE: (
        _("The same row stands there a second time."),
        _("If it is one movement that was printed twice, say so: nothing was paid twice."),
    ),
    DifferenceType.CURRENCY: (
        _("They list it in another currency than we."),
        _("Check the wallet address: it may have become another one. Ask whoever runs the wallet."),
    ),
    DifferenceType.LATE: (
        _("The money came after the payment had ended, or much later than it was said to come."),
        _("Look whether the same was asked for or paid again meanwhile, before anything else is paid."),
    ),
    DifferenceType.PAID_TWICE: (
        _("More was paid for this payment than is due, by more than one row of theirs."),
        _("Open the payment, and ask both sides. Agree on what goes back, and refund it from the payment's page."),
    ),
}
if MEANINGS.keys() != set(DifferenceType):
    raise AssertionError("every type of exception has its words")

REFUSALS: Final = {"over": "exception_over", "not_offered": "exception_not_offered", "no_words": "no_words"}


def refusal_of(refused: ExceptionRefused) -> Refusal:
    """The sentence for a person."""
    return Refusal(REFUSALS[refused.code])


def told(total: Total | None) -> str:
    """The amount, below zero where it left the account; empty where a side says nothing."""
    return "" if total is None else format_total(total)


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """How colleagues know these people, by their ids."""
    return {user.pk: name_of(user) for user in User.objects.filter(pk__in={pk for pk in ids if pk})}
