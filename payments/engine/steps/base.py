"""What every step is: a call that touches no database, and what its answer or its failure changes."""

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from ledger.api import Actor
from payments.engine.backoff import after_failure, next_poll
from payments.engine.queries import GRANT
from payments.engine.transitions import move
from payments.models import Payment, PaymentRequest, WalletAddress
from payments.models.payments import Block
from payments.moving import Moved
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer, OpenPaymentsError, Refused
from payments.openpayments.operations import Operation
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.presentation.reasons import why
from payments.states import FINISHED_PAYMENTS, GrantState, PaymentState
from payments.tokens import token_of

ENGINE = Actor.system("engine")
#: While a person waits, trying longer than this helps nobody.
PATIENCE = 3


@dataclass(frozen=True)
class Step(ABC):
    """`call` is pure network and safe in a thread; `apply` and `failed` run with the `requests` locked."""

    #: The call by which it may change something at a wallet; of a step that only reads, the read.
    operation: ClassVar[Operation]

    request_id: str

    @property
    @abstractmethod
    def address(self) -> str:
        """Whom the call goes to."""

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    @property
    def requests(self) -> tuple[str, ...]:
        """The requests that its answer may change, in the order in which they are locked."""
        return (self.request_id,)

    @property
    def shared_row(self) -> int:
        """The number of the row that it changes and other requests may change at once; 0 for none."""
        return 0

    @abstractmethod
    def call(self, client: Client, deadline: Deadline) -> Any: ...

    @abstractmethod
    def apply(self, answer: Any) -> None: ...

    @abstractmethod
    def failed(self, error: OpenPaymentsError) -> None: ...


@dataclass(frozen=True)
class SignedStep(Step):
    """A step that a seller signs."""

    signer: Signer


#: What a wallet answers to a token that is not good enough, in whatever words.
DENIED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def is_hopeless(error: OpenPaymentsError) -> bool:
    """Whether a person who waits is told at once: another try would meet the same, or the wallet talks nonsense."""
    return error.is_final or isinstance(error, BadAnswer)


def end_dead_grant(grant_id: str, error: OpenPaymentsError, used: AccessToken) -> None:
    """A token that the wallet no longer knows is not used again; the next plan asks for another.

    Several requests may use it: another may have ended the grant meanwhile, or renewed its token.
    """
    if isinstance(error, Refused) and error.token_is_dead:
        grant = GRANT.get(grant_id)
        if grant.state == GrantState.ACTIVE and token_of(grant) == used:
            with suppress(Moved):
                move(grant, GrantState.ENDED, actor=ENGINE, reason="approval_ended")


def setback(payment: Payment, error: OpenPaymentsError, grant_id: str = "") -> None:
    """Something failed before any money was asked to move: try again later, or tell the person who waits.

    It was asked for with the token of that grant, if any: what another request's may not do, our own is tried for next.
    """
    code, params = why(error)
    failures = payment.failures + 1
    denied = isinstance(error, Refused) and error.status in DENIED
    if denied and grant_id and GRANT.get(grant_id).request_id != payment.request_id:
        note_failure(payment, code, params)
        return
    give_up = is_hopeless(error) or failures >= PATIENCE
    if payment.state == PaymentState.NEW and give_up and not _rests_on_memory(payment):
        move(payment, PaymentState.FAILED, actor=ENGINE, reason=code, reason_params=params, failures=failures)
        return
    note_failure(payment, code, params, blocked_by=block_of(error), at_least=error.retry_after)
    if payment.state in {PaymentState.NEW, PaymentState.QUOTED} and give_up:
        # Whether the payer can be asked without it, the next plan decides; of a new one, what its wallets then say.
        Payment.objects.filter(pk=payment.pk).update(failures=PATIENCE, retry_at=None)


def was_looked_up(wallet: WalletAddress, request: PaymentRequest, before: timedelta = timedelta()) -> bool:
    """Since `request` came into its state, or so long before."""
    return wallet.checked_at is not None and wallet.checked_at >= request.changed_at - before


def _rests_on_memory(payment: Payment) -> bool:
    """One of the wallets was not looked up for this: it may be gone, or have become another, and that be the reason."""
    request = payment.request
    wallets = (payment.receiver_wallet, request.payer_wallet, request.seller.wallet)
    return not all(was_looked_up(wallet, request) for wallet in wallets)


def block_of(error: OpenPaymentsError) -> Block:
    """What an error leaves to be seen to: after a plain refusal, whether the receiver's wallet is still there."""
    if isinstance(error, Refused) and error.is_final and not error.too_small:
        return Block.REFUSED
    return Block.NOTHING


def note_failure(
    payment: Payment,
    code: str,
    params: dict[str, Any],
    *,
    blocked_by: Block = Block.NOTHING,
    at_least: timedelta = timedelta(),
) -> None:
    """One more failure in a row; a payment that ended, or that a person looks at, keeps the reason for that."""
    failures = payment.failures + 1
    retry_at = after_failure(failures, at_least)
    if payment.state == PaymentState.NEEDS_ATTENTION:
        # A person has it now: looks that fail, for days perhaps, come no more often than looks that work.
        retry_at = max(retry_at, next_poll(payment.polls))
    Payment.objects.filter(pk=payment.pk).update(failures=failures, retry_at=retry_at)
    if payment.state not in FINISHED_PAYMENTS | {PaymentState.NEEDS_ATTENTION}:
        Payment.objects.filter(pk=payment.pk).update(reason=code, reason_params=params, blocked_by=blocked_by)


def stop_asking(request_id: str, code: str, params: dict[str, Any]) -> None:
    """The payer waits for their wallet's page, but it can't be had now: say why, and let them press again."""
    PaymentRequest.objects.filter(pk=request_id).update(
        payer_asked_at=None, reason=code, reason_params=params, failures=0, retry_at=None
    )


def progress(payment_id: str) -> None:
    """Something worked: earlier failures no longer count."""
    Payment.objects.filter(pk=payment_id).update(failures=0, retry_at=None, reason="", reason_params={}, blocked_by="")
