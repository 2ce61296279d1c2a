"""Whose movements they are: what goes back is a payment the other way round, and belongs to the same two people."""

from typing import Final

from django.db.models import Case, CharField, F, Q, When

from ledger.books.figures import REFUND

_BACK: Final = Q(purpose=REFUND)

#: Whoever pays, or gets back: a key of `Movement`.
FUNDER: Final = Case(When(_BACK, then=F("receiver")), default=F("payer"), output_field=CharField())
#: Whoever receives, or gives back.
WORKER: Final = Case(When(_BACK, then=F("payer")), default=F("receiver"), output_field=CharField())


def of_funder(key: str) -> Q:
    return (_BACK & Q(receiver=key)) | (~_BACK & Q(payer=key))


def of_worker(key: str) -> Q:
    return (_BACK & Q(payer=key)) | (~_BACK & Q(receiver=key))
