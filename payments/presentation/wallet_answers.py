"""What is asked of wallets, and which answers were none to go on with: refusals, failures, none at all."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Model, Q

from payments.models import Grant, IncomingPayment, OutgoingPayment, Quote
from payments.states import AttemptState, GrantState

_ATTEMPT: Final = Q(state__in=[AttemptState.REFUSED, AttemptState.UNKNOWN, AttemptState.FAILED])


@dataclass(frozen=True)
class AskedOfWallets:
    """`host` is the column of the host that was asked, as a query has it; `in_vain` the rows that came to nothing."""

    model: type[Model]
    host: str
    in_vain: Q


ASKINGS: Final = (
    AskedOfWallets(Grant, "wallet__host", Q(state__in=[GrantState.REFUSED, GrantState.LOST])),
    AskedOfWallets(IncomingPayment, "wallet__host", _ATTEMPT),
    AskedOfWallets(Quote, "payment__request__payer_wallet__host", _ATTEMPT),
    AskedOfWallets(OutgoingPayment, "grant__wallet__host", _ATTEMPT),
)
BY_MODEL: Final = {asking.model: asking for asking in ASKINGS}
