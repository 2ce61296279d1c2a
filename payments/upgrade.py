"""After an upgrade: rows get the entries that the versions before did not write, once."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.migrations import Migration
from django.db.models import Exists, OuterRef

from ledger.api import Actor, carry_over, comes_from_before, record
from ledger.models import EntrySubject
from payments.books.history import book_history
from payments.engine.transitions import facts, subjects_of
from payments.models import OutgoingPayment, PaymentRequest
from payments.states import AttemptState, RequestState

ACTOR = Actor.system("upgrade")
#: States that earlier versions told by a reason.
NEW: tuple[tuple[str, type[PaymentRequest | OutgoingPayment], str], ...] = (
    ("request", PaymentRequest, RequestState.SETTLED_IN_PART),
    ("request", PaymentRequest, RequestState.SETTLED_OUTSIDE),
    ("outgoing", OutgoingPayment, AttemptState.FENCED),
)


def carry_rows_over(using: str, plan: Sequence[tuple[Migration, bool]] = (), **_kwargs: Any) -> None:
    """Receiver of `post_migrate`: what an earlier version has written is in the ledger from now on, as it is."""
    if comes_from_before(plan, "payments", "0007_vouched"):
        with transaction.atomic(using):
            carry_over("payments")


def book_all(using: str, plan: Sequence[tuple[Migration, bool]] = (), **_kwargs: Any) -> None:
    """Receiver of `post_migrate`: the books begin with what there was before them, dated by its own times."""
    if comes_from_before(plan, "payments", "0011_books"):
        with transaction.atomic(using):
            book_history()


def tell_new_states(using: str, plan: Sequence[tuple[Migration, bool]] = (), **_kwargs: Any) -> None:
    """Receiver of `post_migrate`: any number of times."""
    if any(backwards for _, backwards in plan):
        return  # the columns that are read here are going
    if EntrySubject._meta.db_table not in connections[using].introspection.table_names():  # noqa: SLF001 - Django's public name
        return  # one app was migrated by itself, and the ledger's turn is still to come
    with transaction.atomic(using):
        for name, row in _untold():
            record(f"{name}.{row.state}", actor=ACTOR, subjects=subjects_of(row), data=facts(row))


def _untold() -> Iterator[tuple[str, PaymentRequest | OutgoingPayment]]:
    for name, model, state in NEW:
        told = EntrySubject.objects.filter(subject_kind=name, subject_id=OuterRef("pk"), entry__kind=f"{name}.{state}")
        for row in model._default_manager.filter(~Exists(told), state=state):  # noqa: SLF001 - Django's public name
            yield name, row
