"""A program wants money to arrive at a seller's wallet: written down, made at the wallet once, looked at.

Who pays it, and how, is the program's own affair. So it is only for sellers who may hold money.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments import pauses
from payments.engine import evidence, expected_money
from payments.engine.steps.base import ENGINE
from payments.engine.steps.receiving import note_received
from payments.engine.transitions import begin, move
from payments.locking import lock
from payments.models import ApiKey, IncomingAsk, IncomingPayment, Seller
from payments.openpayments.amounts import Amount, AmountError
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.transport import Deadline
from payments.openpayments.types import RemoteIncomingPayment
from payments.presentation.reasons import Refusal, pause_reason, why
from payments.states import AttemptState

log = logging.getLogger(__name__)
#: A funder has so long to pay it.
LIFETIME: Final = timedelta(days=30)
#: Whoever asked has its answer by then; only afterwards is the wallet asked without being told to.
FIRST_LOOK: Final = timedelta(minutes=1)
#: Begun, and nobody knows yet whether the wallet made it.
UNCERTAIN: Final = frozenset({AttemptState.INTENDED, AttemptState.UNKNOWN})


@dataclass(frozen=True)
class Expected:
    """What is asked for: `amount` in major units of the wallet's currency; by `form_id` it is asked for once."""

    amount: str
    description: str
    form_id: str


def expect(seller: Seller, wanted: Expected, key: ApiKey, seconds: float) -> IncomingAsk:
    """Let the wallet of `seller` expect what is `wanted`. Whoever asks at the same moment for the same is told so.

    Raises Refusal where it may not be, IntegrityError where it was asked for before, and OpenPaymentsError where its
    wallet gave no permission: nothing was written then, and nothing asked for.
    """
    exact = _amount(seller, wanted.amount)
    _check(seller)
    deadline = Deadline.after(seconds)
    token = expected_money.token(seller, deadline)
    asked = _write_down(seller, exact, wanted, key)
    try:
        made = expected_money.make(asked.incoming, seller, wanted.description, token, deadline)
    except OpenPaymentsError as error:
        return _not_made(asked, error)
    return _made(asked, made)


def find_out(asked: IncomingAsk, seconds: float) -> IncomingAsk:
    """Ask the wallet what became of one whose answer was lost. It is never made a second time."""
    deadline = Deadline.after(seconds)
    try:
        token = expected_money.token(asked.seller, deadline)
        found = expected_money.find(asked.incoming, asked.seller, token, deadline)
    except OpenPaymentsError as error:
        log.info("%s", error)
        return asked
    return _made(asked, found) if found else asked


def look(asked: IncomingAsk, seconds: float) -> IncomingAsk:
    """Ask the wallet what has arrived, and write it down. Raises OpenPaymentsError.

    That it denies one that has expired says that nothing more arrives.
    """
    if asked.incoming.state in UNCERTAIN:
        return find_out(asked, seconds)
    if not asked.incoming.remote_id:
        return asked
    deadline = Deadline.after(seconds)
    token = expected_money.token(asked.seller, deadline)
    try:
        found = expected_money.read(asked.incoming, asked.seller, token, deadline)
    except Refused as refused:
        if not (refused.gone or refused.may_be_gone) or not _denied(asked):
            raise
        return again(asked.pk)
    with transaction.atomic():
        note_received(_locked(asked), found.received_amount.value, completed=found.completed)
    return again(asked.pk)


def again(pk: str) -> IncomingAsk:
    """As it is now."""
    return IncomingAsk.objects.select_related("incoming__wallet", "seller__wallet").get(pk=pk)


def _amount(seller: Seller, amount: str) -> Amount:
    if not seller.wallet.is_known or seller.wallet.problem:
        raise Refusal("seller_wallet_unknown", seller=seller.name)
    try:
        exact = Amount.from_major(amount, seller.wallet.asset)
    except AmountError as error:
        raise Refusal("amount_not_exact", amount=amount, wallet=seller.wallet.url) from error
    if exact.is_zero:
        raise Refusal("nothing_to_pay")
    return exact


def _check(seller: Seller) -> None:
    if seller.retired_at:
        raise Refusal("seller_retired", seller=seller.name)
    if not seller.may_hold_money:
        raise Refusal("seller_may_not_hold", seller=seller.name)
    if pause := pauses.blocking(seller.pk, [seller.wallet.host]):
        raise Refusal("paused", why=pause_reason(pause))


@transaction.atomic
def _write_down(seller: Seller, amount: Amount, wanted: Expected, key: ApiKey) -> IncomingAsk:
    """Before the wallet is asked, so that whoever finds it looks there first."""
    locked = lock(Seller.objects.select_related("wallet"), seller.pk)
    _check(locked)
    incoming = IncomingPayment(
        wallet=seller.wallet,
        value=amount.value,
        asset_code=amount.asset.code,
        asset_scale=amount.asset.scale,
        expires_at=clock.now() + LIFETIME,
    )
    begin(incoming, actor=ENGINE)
    asked = IncomingAsk(incoming=incoming, key=key, seller=seller)
    asked.form_id, asked.description = wanted.form_id, wanted.description
    asked.next_look_at = asked.created_at + FIRST_LOOK
    asked.save(force_insert=True)
    subjects = {"incoming_ask": incoming.pk, "incoming": incoming.pk, "api_key": key.pk, "seller": seller.pk}
    record("incoming_ask.made", actor=Actor.api(key.pk), subjects=subjects, data={"name": key.name})
    return asked


@transaction.atomic
def _made(asked: IncomingAsk, found: RemoteIncomingPayment) -> IncomingAsk:
    """The wallet says so; however late it says it."""
    incoming = _locked(asked)
    if incoming.state in UNCERTAIN:
        expires_at = found.expires_at or incoming.expires_at
        move(incoming, AttemptState.OPEN, actor=ENGINE, remote_id=found.id, expires_at=expires_at)
    return again(asked.pk)


@transaction.atomic
def _not_made(asked: IncomingAsk, error: OpenPaymentsError) -> IncomingAsk:
    log.info("%s", error)
    incoming = _locked(asked)
    if incoming.state == AttemptState.INTENDED:
        code, params = why(error)
        to = AttemptState.UNKNOWN if error.outcome_unknown else AttemptState.REFUSED
        move(incoming, to, actor=ENGINE, reason=code, reason_params=params)
    return again(asked.pk)


@transaction.atomic
def _denied(asked: IncomingAsk) -> bool:
    """The wallet says that there is none, to a token that it has given just now. Whether that is evidence."""
    return evidence.note_denied(_locked(asked))


def _locked(asked: IncomingAsk) -> IncomingPayment:
    return lock(IncomingPayment.objects.select_related("wallet"), asked.incoming_id)
