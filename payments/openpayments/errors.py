"""What can go wrong when we talk to a wallet: one hierarchy, sorted by what we know afterwards.

Two questions matter: may the wallet have done it, and is there a point in asking again? `meaning` answers both, for
every error and every status (docs/refusals.md has the table). Nothing here is a sentence for people, and nothing here
holds a token, a key, or a query string.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

from payments.openpayments.amounts import Amount, AmountError
from payments.openpayments.operations import Operation
from payments.openpayments.urls import UrlCode

LONGEST_URL_SHOWN: Final = 500
#: What stands between us and a wallet may say so after the wallet did what was asked.
_NOT_CERTAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, 499})
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

NotSentWhy = Literal["dns", "connect", "tls", "time_out"]
UnansweredWhy = Literal["time_out", "broken", "too_large"]
BadAnswerWhy = Literal[
    "not_json",
    "wrong_shape",
    "unsafe_url",
    "trusted_host",
    "other_id",
    "other_wallet_address",
    "other_receiver",
    "other_quote",
    "other_amount",
    "amounts_disagree",
    "expired",
    "already_received",
    "already_completed",
    "not_completed",
    "interaction_required",
]


class Meaning(StrEnum):
    """What an error says about the call that met it."""

    #: It was not done, and asking again in the same way gets the same answer.
    FINAL = "final"
    #: It was not done, for a reason that passes: ask again, not before `retry_after`.
    LATER = "later"
    #: Nobody knows whether it was done.
    PERHAPS_DONE = "perhaps_done"


def without_query(url: str) -> str:
    """The address as it may be logged and shown: no query, no fragment, no userinfo, not endless."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))[:LONGEST_URL_SHOWN]


class OpenPaymentsError(Exception):
    """A call to a wallet that did not give what was asked. `detail` is technical English for logs."""

    def __init__(self, operation: str, url: str, detail: str) -> None:
        super().__init__(operation, url, detail)
        self.operation: Final = Operation(operation)
        self.url: Final = without_query(url)
        self.detail: Final = detail

    #: Not before this much time has passed, if the wallet said so.
    retry_after = timedelta()

    def __str__(self) -> str:
        return f"{self.operation} {self.url}: {self.detail}"

    @property
    def host(self) -> str:
        """Whose wallet it is, as a person would recognise it: the host's name, with its port if it is unusual."""
        return urlsplit(self.url).netloc

    @property
    def meaning(self) -> Meaning:
        """No usable answer: what changes something may have been done, what only reads can be asked again."""
        return Meaning.PERHAPS_DONE if self.operation.may_change_something else Meaning.LATER

    @property
    def outcome_unknown(self) -> bool:
        """Whether the wallet may have done what was asked although we have no usable answer."""
        return self.meaning is Meaning.PERHAPS_DONE

    @property
    def is_final(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.meaning is Meaning.FINAL


class UnsafeUrl(OpenPaymentsError):
    """We refuse to call this address. `why` is one of the codes of `urls`."""

    def __init__(self, operation: str, url: str, detail: str, why: UrlCode) -> None:
        super().__init__(operation, url, detail)
        self.args = (operation, url, detail, why)
        self.why: Final = why

    @property
    def meaning(self) -> Meaning:
        return Meaning.FINAL


class NotSent(OpenPaymentsError):
    """The request surely did not reach the wallet: name not found, connection refused, TLS failed, no time left."""

    def __init__(self, operation: str, url: str, detail: str, why: NotSentWhy) -> None:
        super().__init__(operation, url, detail)
        self.args = (operation, url, detail, why)
        self.why: Final = why

    @property
    def meaning(self) -> Meaning:
        return Meaning.LATER


class Unanswered(OpenPaymentsError):
    """Sent, at least in part, and no whole answer came back within the time and size allowed."""

    def __init__(self, operation: str, url: str, detail: str, why: UnansweredWhy) -> None:
        super().__init__(operation, url, detail)
        self.args = (operation, url, detail, why)
        self.why: Final = why


class WalletFailed(OpenPaymentsError):
    """The wallet answered 5xx, a redirect (never followed), or another status that answers nothing."""

    def __init__(
        self, operation: str, url: str, detail: str, status: int, *, retry_after: timedelta = timedelta()
    ) -> None:
        super().__init__(operation, url, detail)
        self.args = (operation, url, detail, status)
        self.status: Final = status
        self.retry_after = retry_after

    @property
    def is_redirect(self) -> bool:
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST


class BadAnswer(OpenPaymentsError):
    """The wallet said yes, but not in JSON, not by the schema, or not to what was asked. `why` says which."""

    def __init__(self, operation: str, url: str, detail: str, why: BadAnswerWhy = "wrong_shape") -> None:
        super().__init__(operation, url, detail)
        self.args = (operation, url, detail, why)
        self.why: Final = why


@dataclass(frozen=True, slots=True)
class Said:
    """The `error` object of a wallet: its code ("" when it gave none), description and details."""

    code: str = ""
    description: str = ""
    details: Mapping[str, object] | None = None


class OurFault(OpenPaymentsError):
    """The program failed before it had judged the answer. `detail` names the kind of exception, nothing more."""


class Refused(OpenPaymentsError):
    """The wallet, or something before it, answered 4xx.

    `code`, `description` and `details` are the wallet's own words, made storable; wallets differ in them. The
    properties look at the status and the operation first and at the words only where the status is shared. They are
    hints for what to try next, and more than one may hold.
    """

    def __init__(
        self, operation: str, url: str, status: int, said: Said, *, retry_after: timedelta = timedelta()
    ) -> None:
        super().__init__(operation, url, f"{status} {said.code}: {said.description}")
        self.args = (operation, url, status, said)
        self.status: Final = status
        self.retry_after = retry_after
        self.code: Final = said.code
        self.description: Final = said.description
        self.details: Final = said.details

    @property
    def meaning(self) -> Meaning:
        """By the status first. Our key or wallet address that could not be fetched may be there a minute later.

        So may the money behind a token that has run out, once there is a new one.
        """
        if self.status in _NOT_CERTAIN and self.operation.may_change_something:
            return Meaning.PERHAPS_DONE
        needs_new_token = self.token_is_dead and self.operation.is_about_money
        if self.status in _LATER or self.too_fast or self.signature_refused or needs_new_token:
            return Meaning.LATER
        return Meaning.FINAL

    def _mentions(self, *words: str) -> bool:
        said = f"{self.code} {self.description}".lower()
        return any(word in said for word in words)

    @property
    def signature_refused(self) -> bool:
        """Our signature did not convince: a wrong key, a wrong clock, or a key that the wallet could not fetch."""
        return self.client_unknown or (self.status == HTTPStatus.UNAUTHORIZED and self._mentions("signature"))

    @property
    def client_unknown(self) -> bool:
        """The key is unknown or revoked, or our own wallet address is unreachable or has no public name."""
        nameless = self.status == HTTPStatus.BAD_REQUEST and self._mentions("required request field 'client'")
        return self.code == "invalid_client" or nameless

    @property
    def token_is_dead(self) -> bool:
        """The token is expired, revoked or was rotated. On a GET, see also `may_be_gone`."""
        if self.signature_refused:
            return False
        if self.operation in (Operation.ROTATE_TOKEN, Operation.REVOKE_TOKEN):
            return self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND) or self.code == "invalid_rotation"
        if not self.operation.is_about_money:
            return False
        inactive = self.status == HTTPStatus.FORBIDDEN and self._mentions("inactive token")
        return inactive or self.status == HTTPStatus.UNAUTHORIZED

    @property
    def grant_is_lost(self) -> bool:
        """The grant was rejected, cancelled, or continued before (if the reference's hash matched). Ask anew."""
        return (
            self.operation is Operation.CONTINUE_GRANT
            and self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
            and not self.signature_refused
        )

    @property
    def too_fast(self) -> bool:
        """Too early or too often. Harmless: wait, then do the same again."""
        return self.code == "too_fast" or self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def insufficient_grant(self) -> bool:
        """The token is alive but was not given for this action, type or wallet."""
        return (
            self.operation.is_about_money
            and self.status == HTTPStatus.FORBIDDEN
            and self._mentions("insufficient grant")
        )

    @property
    def over_limit(self) -> bool:
        """The grant excludes this outgoing payment: limit used up, outside the interval, other receiver or asset."""
        if self.operation is not Operation.CREATE_OUTGOING_PAYMENT or self.status != HTTPStatus.FORBIDDEN:
            return False
        return not self.token_is_dead and not self.insufficient_grant

    @property
    def quote_is_spent(self) -> bool:
        """The quote was used, has expired, or its receiver is done. Wallets give one answer for all of these."""
        if self.operation is not Operation.CREATE_OUTGOING_PAYMENT:
            return False
        return self.status == HTTPStatus.NOT_FOUND or (
            self.status == HTTPStatus.BAD_REQUEST and self._mentions("quote")
        )

    @property
    def receiver_is_closed(self) -> bool:
        """The incoming payment to be quoted is done, expired or unreachable."""
        if self.operation is not Operation.CREATE_QUOTE or self.status not in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
        ):
            return False
        return self._mentions("invalid receiver") or self.status == HTTPStatus.NOT_FOUND

    @property
    def too_small(self) -> bool:
        """The receiver would get nothing; see `smallest_debit`."""
        return self.operation is Operation.CREATE_QUOTE and self._mentions("non-positive receive amount")

    @property
    def smallest_debit(self) -> Amount | None:
        """What the wallet says is the least that can be sent (`minSendAmount`), if it says so readably."""
        try:
            return Amount.from_wire((self.details or {}).get("minSendAmount"))
        except AmountError:
            return None

    @property
    def already_done(self) -> bool:
        """The thing is in a state that excludes this call (an incoming payment completed twice)."""
        return self.status == HTTPStatus.CONFLICT

    @property
    def gone(self) -> bool:
        """The thing at this address does not exist (any more)."""
        return self.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)

    @property
    def unauthorized(self) -> bool:
        """The wallet does not take what was shown to it; its grant servers say so of what has ended, too."""
        return self.status == HTTPStatus.UNAUTHORIZED

    @property
    def may_be_gone(self) -> bool:
        """Gone, or refused in the words that some wallets use for both "gone" and "dead token" (a bare 401 on a GET).

        Ask once more with a token that has just been issued: the same answer then means gone.
        """
        if self.gone:
            return True
        bare = self.status == HTTPStatus.UNAUTHORIZED and not self.signature_refused and not self._mentions("token")
        return bare and self.operation.method == "GET"
