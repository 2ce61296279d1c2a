"""What wallets answer, in our own words: frozen, checked, and silent about tokens when printed.

Times are aware and in UTC, durations are seconds, amounts are minor units with their asset.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from payments.openpayments.amounts import Amount, Asset

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RemoteWalletAddress:
    """A wallet address as its own host describes it. Use `id` and the server addresses verbatim."""

    id: str
    public_name: str | None
    asset: Asset
    auth_server: str
    resource_server: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token. `manage_url` rotates and revokes it; `expires_in` counts seconds from when it was issued."""

    value: str = field(repr=False)
    manage_url: str
    expires_in: int | None = None
    #: Of the right to pay: its interval as the wallet repeats it, empty where it left that out, None where it doesn't
    #: repeat rights at all.
    interval: str | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where and with which token a grant is continued or cancelled, and how many seconds to wait before."""

    uri: str
    token: str = field(repr=False)
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Interact:
    """Where to send the person (`redirect`), and the wallet's half of the interaction hash (`finish`)."""

    redirect: str = field(repr=False)
    finish: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GrantAnswer:
    """What an authorization server said to a grant request or to a continuation."""

    continue_: Continuation | None
    token: AccessToken | None
    interact: Interact | None
    #: Wallet addresses that the person proved to be theirs, as this server says (`subject.sub_ids`).
    subjects: tuple[str, ...] = ()

    @property
    def is_pending(self) -> bool:
        return self.token is None and not self.subjects


@dataclass(frozen=True, slots=True)
class RemoteIncomingPayment:
    """Money that a wallet address expects. It has settled when `received_amount` reaches `incoming_amount`."""

    id: str
    wallet_address: str
    incoming_amount: Amount | None
    received_amount: Amount
    completed: bool
    expires_at: datetime | None
    created_at: datetime
    metadata: Mapping[str, object]

    @property
    def has_received_all(self) -> bool:
        """Whether the whole incoming amount arrived; never true for a payment without a fixed amount."""
        return self.incoming_amount is not None and self.received_amount >= self.incoming_amount


@dataclass(frozen=True, slots=True)
class PublicIncomingPayment:
    """What anybody may know of an incoming payment."""

    auth_server: str
    received_amount: Amount | None


@dataclass(frozen=True, slots=True)
class RemoteQuote:
    """What paying `receive_amount` to `receiver` costs. The `debit_amount` includes the sender's fees."""

    id: str
    wallet_address: str
    receiver: str
    debit_amount: Amount
    receive_amount: Amount
    expires_at: datetime | None
    created_at: datetime
    method: str


@dataclass(frozen=True, slots=True)
class RemoteOutgoingPayment:
    """Money that leaves a wallet address. `sent_amount` proves nothing about what arrived: ask the receiver's side."""

    id: str
    wallet_address: str
    quote_id: str | None
    receiver: str
    debit_amount: Amount
    receive_amount: Amount
    sent_amount: Amount
    failed: bool
    created_at: datetime
    metadata: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SpentAmounts:
    """What was spent under a grant so far (within the current interval, if it has one)."""

    debit_amount: Amount | None
    receive_amount: Amount | None


@dataclass(frozen=True, slots=True)
class ResultPage(Generic[T]):
    """One page of a list, newest first. Go on with `end_cursor` as `cursor` while `has_next`."""

    items: tuple[T, ...]
    has_next: bool
    has_previous: bool
    start_cursor: str | None
    end_cursor: str | None
