"""What a grant request asks for (the `access` items of GNAP as Open Payments types them)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from payments.openpayments.amounts import Amount
from payments.openpayments.wirejson import Json

Action = Literal["create", "complete", "read", "read-all", "list", "list-all"]

SHORTEST_NONCE: Final = 22  # 128 random bits in base64url

# Of the ISO 8601 repeating intervals, the one form that wallets agree on: R<n>/<UTC start>/<duration>.
_INTERVAL: Final = re.compile(
    r"R(?:[1-9]\d{0,3})?/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z/P(?=\d|T\d)"
    r"(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be spent under a grant: in total, or per period when there is an `interval`.

    At most one of `debit_amount` (fees included) and `receive_amount`; without either there is no limit. `receiver` is
    the id of the only incoming payment that may be paid.
    """

    debit_amount: Amount | None = None
    receive_amount: Amount | None = None
    receiver: str | None = None
    interval: str | None = None

    def __post_init__(self) -> None:
        if self.debit_amount is not None and self.receive_amount is not None:
            raise ValueError("a limit is either on what is debited or on what is received")
        if self.interval is not None and not _INTERVAL.fullmatch(self.interval):
            raise ValueError("an interval looks like R3/2026-01-01T00:00:00Z/P1M")

    def to_wire(self) -> dict[str, Json]:
        wire: dict[str, Json] = {}
        if self.receiver is not None:
            wire["receiver"] = self.receiver
        if self.debit_amount is not None:
            wire["debitAmount"] = self.debit_amount.to_wire()
        if self.receive_amount is not None:
            wire["receiveAmount"] = self.receive_amount.to_wire()
        if self.interval is not None:
            wire["interval"] = self.interval
        return wire


@dataclass(frozen=True, slots=True)
class Access:
    """One right: which actions, on which type of resource, of which wallet address (`identifier`), how much."""

    type: Literal["incoming-payment", "quote", "outgoing-payment"]
    actions: tuple[Action, ...]
    identifier: str | None = None
    limits: Limits | None = None

    def to_wire(self) -> dict[str, Json]:
        wire: dict[str, Json] = {"type": self.type, "actions": list(self.actions)}
        if self.identifier is not None:
            wire["identifier"] = self.identifier
        if self.limits is not None:
            wire["limits"] = self.limits.to_wire()
        return wire


def incoming_access(actions: Sequence[Action], identifier: str | None = None) -> Access:
    """Without `identifier` one grant covers every receiver at that authorization server."""
    return Access("incoming-payment", tuple(actions), identifier)


def quote_access(actions: Sequence[Action]) -> Access:
    return Access("quote", tuple(actions))


def outgoing_access(actions: Sequence[Action], identifier: str, limits: Limits | None) -> Access:
    """`identifier` is the payer's wallet address id, verbatim."""
    return Access("outgoing-payment", tuple(actions), identifier, limits)


@dataclass(frozen=True, slots=True)
class InteractRequest:
    """Asks for the payer's consent: the wallet sends them back to `finish_uri`; `nonce` is our half of the hash."""

    finish_uri: str
    nonce: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.nonce) < SHORTEST_NONCE:
            raise ValueError("a nonce has at least 128 random bits")

    def to_wire(self) -> dict[str, Json]:
        return {"start": ["redirect"], "finish": {"method": "redirect", "uri": self.finish_uri, "nonce": self.nonce}}
