"""What can be changed about a provider while it runs. Names on the wire are camelCase."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self


@dataclass(frozen=True)
class Settings:
    """How long things live, in seconds of the provider's clock, and which of the ways real wallets differ it takes."""

    interaction_seconds: int = 600
    token_seconds: int = 600
    quote_seconds: int = 300
    incoming_payment_seconds: int = 30 * 86400
    shortens_incoming_payments: bool = False  # one that is asked to live longer lives shorter, instead of a refusal
    wait_seconds: int = 5
    purge_token_seconds: int = 30 * 86400  # an expired token can be rotated until then
    signature_seconds: int = 300  # how far `created` may be away

    posting_seconds: int = 0  # after money arrives, and completes its incoming payment, until `receivedAmount` says so
    completes_unpaid: bool = False  # money that comes in completes its incoming payment, and is not taken

    settle_delay_ms: int = 300
    settle_on_command: bool = False  # money moves only when the control API says so
    on_low_balance: str = "pending"  # or "fail"
    low_balance_seconds: int = 10  # with "fail": how long an unfunded payment waits before it is cancelled
    no_route_seconds: int = 10  # how long a quote between currencies without a rate takes to crash

    dead_token_status: int = 403  # some wallets say 401
    unknown_resource_status: int = 404  # some wallets say 401
    hash_encoding: str = "base64"  # or "base64url", unpadded
    hash_trailing_slash: bool = False  # hash over the authorization server's URL with a slash added
    repeatable_continue: bool = False  # a repeated continue yields another valid token
    binds_keys: bool = False  # a grant belongs to the key that asked for it (GNAP), not to all keys of the client
    spent_includes_payment: bool = False  # grantSpent… of a new payment counts the payment itself

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not type(field.default):
                raise ValueError(f"{field.name}: {type(field.default).__name__} expected")
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{field.name} must not be negative")
        _one_of("onLowBalance", self.on_low_balance, ("pending", "fail"))
        _one_of("hashEncoding", self.hash_encoding, ("base64", "base64url"))
        _one_of("deadTokenStatus", self.dead_token_status, (401, 403))
        _one_of("unknownResourceStatus", self.unknown_resource_status, (401, 404))

    def changed(self, wire: Mapping[str, Any]) -> Self:
        """A copy with the named settings changed. Raises ValueError for unknown names and unusable values."""
        names = {camel(field.name): field.name for field in fields(self)}
        unknown = set(wire) - set(names)
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        return replace(self, **{names[name]: value for name, value in wire.items()})

    def to_wire(self) -> dict[str, Any]:
        return {camel(name): value for name, value in asdict(self).items()}


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}")


def camel(name: str) -> str:
    """`settle_delay_ms` → `settleDelayMs`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
