"""Reads the answers of wallets. Whatever the schemas of Open Payments 1.3.0 do not promise, nobody may rely on.

Unknown members are ignored, known ones have exactly their type. Every address in an answer is checked before anyone can
call it or send a person there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from payments.openpayments.amounts import Amount, AmountError, Asset
from payments.openpayments.errors import BadAnswerWhy
from payments.openpayments.keys import Jwk, KeyFormatError
from payments.openpayments.textrules import cleaned, is_header_safe
from payments.openpayments.types import (
    AccessToken,
    Continuation,
    GrantAnswer,
    Interact,
    PublicIncomingPayment,
    RemoteIncomingPayment,
    RemoteOutgoingPayment,
    RemoteQuote,
    RemoteWalletAddress,
    ResultPage,
    SpentAmounts,
    T,
)
from payments.openpayments.urls import UrlError, check_server_url, check_url, is_trusted

LONGEST_TEXT: Final = 2000
LONGEST_TOKEN: Final = 4000
LONGEST_PUBLIC_NAME: Final = 200
LONGEST_WAIT: Final = 10**9  # seconds; larger numbers are not durations
FIRST_YEAR: Final = 1970
_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class UnusableAnswerError(Exception):
    """The answer cannot be used; `why` is a code of BadAnswer."""

    def __init__(self, why: BadAnswerWhy, detail: str) -> None:
        super().__init__(detail)
        self.why: Final = why
        self.detail: Final = detail


def _wrong_shape(where: str, expected: str) -> UnusableAnswerError:
    return UnusableAnswerError("wrong_shape", f"{where} is not {expected}")


@dataclass(frozen=True, slots=True)
class Reader:
    """One JSON object of an answer, with its place in it for error details.

    `trusted` are the hosts that the operator trusts. Only who answers from one of them (`from_trusted`) may name one:
    or any wallet in the world could have us call an address inside, because some wallet there is trusted.
    """

    members: Mapping[str, object]
    place: str
    trusted: frozenset[str]
    from_trusted: bool = False

    @classmethod
    def of(cls, value: object, place: str, trusted: frozenset[str], *, from_trusted: bool = False) -> Reader:
        if not isinstance(value, dict):
            raise _wrong_shape(place, "an object")
        return cls(value, place, trusted, from_trusted)

    def has(self, name: str) -> bool:
        """Whether the member is there and not null: wallets write absent members either way."""
        return self.members.get(name) is not None

    def _where(self, name: str) -> str:
        return f"{self.place}.{name}"

    def part(self, name: str) -> Reader:
        return self._within(self.members.get(name), self._where(name))

    def parts(self, name: str) -> list[Reader]:
        values = self.members.get(name)
        if not isinstance(values, list):
            raise _wrong_shape(self._where(name), "a list")
        return [self._within(value, f"{self._where(name)}[{index}]") for index, value in enumerate(values)]

    def _within(self, value: object, place: str) -> Reader:
        return Reader.of(value, place, self.trusted, from_trusted=self.from_trusted)

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        value = self.members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise _wrong_shape(self._where(name), f"a text of 1 to {longest} characters")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def token(self, name: str) -> str:
        value = self.text(name, LONGEST_TOKEN)
        if not is_header_safe(value):
            raise _wrong_shape(self._where(name), "a token")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self.members.get(name, default)
        if not isinstance(value, bool):
            raise _wrong_shape(self._where(name), "true or false")
        return value

    def optional_seconds(self, name: str) -> int | None:
        if not self.has(name):
            return None
        value = self.members[name]
        if type(value) is not int or not 0 <= value <= LONGEST_WAIT:
            raise _wrong_shape(self._where(name), "a whole number of seconds")
        return value

    def moment(self, name: str) -> datetime:
        try:
            return _moment(self.text(name))
        except ValueError as error:
            raise _wrong_shape(self._where(name), "a date and time of RFC 3339") from error

    def optional_moment(self, name: str) -> datetime | None:
        return self.moment(name) if self.has(name) else None

    def amount(self, name: str) -> Amount:
        try:
            return Amount.from_wire(self.members.get(name))
        except AmountError as error:
            raise _wrong_shape(self._where(name), f"an amount ({error})") from error

    def optional_amount(self, name: str) -> Amount | None:
        return self.amount(name) if self.has(name) else None

    def url(self, name: str, check: Callable[[str, frozenset[str]], str] = check_url) -> str:
        value = self.text(name)
        if not self.from_trusted and is_trusted(value, self.trusted):
            raise UnusableAnswerError("trusted_host", f"{self._where(name)}: only a trusted host may name another")
        try:
            return check(value, self.trusted)
        except UrlError as error:
            raise UnusableAnswerError("unsafe_url", f"{self._where(name)}: {error.code}: {error}") from error

    def metadata(self) -> Mapping[str, object]:
        return self.part("metadata").members if self.has("metadata") else {}


def _moment(text: str) -> datetime:
    """RFC 3339, to the microsecond, in UTC. Raises ValueError."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not RFC 3339")
    day, time, fraction, zone = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    offset = "+00:00" if zone in "Zz" else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{time}.{micros}{offset}").astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error
    if moment.year < FIRST_YEAR:
        raise ValueError("before all wallets; and near the beginning of the calendar no time zone can be told")
    return moment


def wallet_address(answer: Reader) -> RemoteWalletAddress:
    try:
        asset = Asset(answer.text("assetCode"), _whole_number(answer, "assetScale"))
    except AmountError as error:
        raise _wrong_shape(answer.place, f"described with a usable asset ({error})") from error
    name = cleaned(answer.text("publicName"), LONGEST_PUBLIC_NAME) if answer.members.get("publicName") else None
    return RemoteWalletAddress(
        id=answer.url("id", check_server_url),
        public_name=name or None,
        asset=asset,
        auth_server=answer.url("authServer"),
        resource_server=answer.url("resourceServer", check_server_url),
    )


def _whole_number(answer: Reader, name: str) -> int:
    value = answer.members.get(name)
    if type(value) is not int:
        raise _wrong_shape(f"{answer.place}.{name}", "a whole number")
    return value


def keys(answer: Reader) -> tuple[Jwk, ...]:
    """The Ed25519 signature keys of a JWKS; keys of other kinds are left out."""
    values = answer.members.get("keys")
    if not isinstance(values, list):
        raise _wrong_shape(f"{answer.place}.keys", "a list")
    return tuple(key for key in map(_key_or_none, values) if key is not None)


def _key_or_none(wire: object) -> Jwk | None:
    try:
        return Jwk.from_wire(wire)
    except KeyFormatError:
        return None


def access_token(answer: Reader) -> AccessToken:
    token = answer.part("access_token")
    return AccessToken(
        value=token.token("value"),
        manage_url=token.url("manage"),
        expires_in=token.optional_seconds("expires_in"),
        interval=_interval(token),
    )


def _interval(token: Reader) -> str | None:
    if not token.has("access"):
        return None
    for item in token.parts("access"):
        if item.optional_text("type") == "outgoing-payment":
            limits = item.part("limits") if item.has("limits") else None
            return (limits.optional_text("interval") if limits else None) or ""
    return None


def grant_answer(answer: Reader) -> GrantAnswer:
    return GrantAnswer(
        continue_=_continuation(answer.part("continue")) if answer.has("continue") else None,
        token=access_token(answer) if answer.has("access_token") else None,
        interact=_interact(answer.part("interact")) if answer.has("interact") else None,
        subjects=_subjects(answer.part("subject")) if answer.has("subject") else (),
    )


def _subjects(part: Reader) -> tuple[str, ...]:
    return tuple(each.text("id") for each in part.parts("sub_ids") if each.text("format") == "uri")


def _continuation(part: Reader) -> Continuation:
    return Continuation(
        uri=part.url("uri"), token=part.part("access_token").token("value"), wait_seconds=part.optional_seconds("wait")
    )


def _interact(part: Reader) -> Interact:
    return Interact(redirect=part.url("redirect"), finish=part.text("finish"))


def incoming_payment(answer: Reader) -> RemoteIncomingPayment:
    payment = RemoteIncomingPayment(
        id=answer.url("id", check_server_url),
        wallet_address=answer.text("walletAddress"),
        incoming_amount=answer.optional_amount("incomingAmount"),
        received_amount=answer.amount("receivedAmount"),
        completed=answer.flag("completed", default=False),
        expires_at=answer.optional_moment("expiresAt"),
        created_at=answer.moment("createdAt"),
        metadata=answer.metadata(),
    )
    if payment.incoming_amount is not None and payment.incoming_amount.asset != payment.received_amount.asset:
        raise UnusableAnswerError("amounts_disagree", "the incoming and the received amount differ in asset")
    return payment


def public_incoming_payment(answer: Reader) -> PublicIncomingPayment:
    return PublicIncomingPayment(
        auth_server=answer.url("authServer"), received_amount=answer.optional_amount("receivedAmount")
    )


def quote(answer: Reader) -> RemoteQuote:
    return RemoteQuote(
        id=answer.url("id", check_server_url),
        wallet_address=answer.text("walletAddress"),
        receiver=answer.text("receiver"),
        debit_amount=answer.amount("debitAmount"),
        receive_amount=answer.amount("receiveAmount"),
        expires_at=answer.optional_moment("expiresAt"),
        created_at=answer.moment("createdAt"),
        method=answer.text("method"),
    )


def outgoing_payment(answer: Reader) -> RemoteOutgoingPayment:
    payment = RemoteOutgoingPayment(
        id=answer.url("id", check_server_url),
        wallet_address=answer.text("walletAddress"),
        quote_id=answer.optional_text("quoteId"),
        receiver=answer.text("receiver"),
        debit_amount=answer.amount("debitAmount"),
        receive_amount=answer.amount("receiveAmount"),
        sent_amount=answer.amount("sentAmount"),
        failed=answer.flag("failed", default=False),
        created_at=answer.moment("createdAt"),
        metadata=answer.metadata(),
    )
    if payment.sent_amount.asset != payment.debit_amount.asset:
        raise UnusableAnswerError("amounts_disagree", "the debit and the sent amount differ in asset")
    if payment.sent_amount > payment.debit_amount:
        raise UnusableAnswerError("amounts_disagree", "more was sent than debited")
    return payment


def spent_amounts(answer: Reader) -> SpentAmounts:
    return SpentAmounts(
        debit_amount=answer.optional_amount("spentDebitAmount"),
        receive_amount=answer.optional_amount("spentReceiveAmount"),
    )


def page(answer: Reader, item: Callable[[Reader], T]) -> ResultPage[T]:
    info = answer.part("pagination")
    has_next, end_cursor = info.flag("hasNextPage"), info.optional_text("endCursor")
    if has_next and end_cursor is None:
        raise _wrong_shape(info.place, "able to lead to its next page")
    return ResultPage(
        items=tuple(item(entry) for entry in answer.parts("result")),
        has_next=has_next,
        has_previous=info.flag("hasPreviousPage"),
        start_cursor=info.optional_text("startCursor"),
        end_cursor=end_cursor,
    )
