"""Money found by what people know of it: an id, a reference, a wallet, an amount, or whose it is. Reads only.

What is exact comes first: who types an id means that one row. Every answer is bounded, and says when there is more.
Each question is asked of a table's key or index; names are looked for where people are kept, in the room above.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

from django.db.models import Model, Q, QuerySet

from payments.identifiers import LENGTH
from payments.models import Grant, IncomingPayment, OutgoingPayment, Payment, PaymentRequest, Quote, WalletAddress
from payments.openpayments.amounts import LARGEST_VALUE

Row = TypeVar("Row", bound=Model)

#: Characters of what is looked for: an address is the longest that anybody pastes.
LONGEST: Final = 400
#: Digits of the largest number that every database takes as a key.
LONGEST_NUMBER: Final = 18
#: As many decimals as wallets count in; more are found by their id.
MOST_DECIMALS: Final = 9
#: Members of one name, and requests of one reference, whose payments are looked at.
MOST_OWNERS: Final = 20

ULID: Final = re.compile(rf"[0-9A-HJKMNP-TV-Z]{{{LENGTH}}}")
MONEY: Final = re.compile(r"(?:([A-Z]{3}) ?)?\$? ?(\d[\d.,' \u00a0\u202f]*)(?: ?([A-Z]{3}))?", re.IGNORECASE)


@dataclass(frozen=True)
class LookedFor:
    """What somebody looks for, in one line, and what it can be."""

    text: str

    @classmethod
    def read(cls, text: str) -> "LookedFor":
        return cls(" ".join(text.replace("\0", "").split())[:LONGEST])

    @property
    def row_id(self) -> str:
        """The id of a row, however it was typed; empty when it can't be one."""
        text = self.text.upper()
        return text if ULID.fullmatch(text) else ""

    @property
    def number(self) -> int | None:
        """`12` or `#12`: the key of what has a number."""
        text = self.text.removeprefix("#")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None

    @property
    def address(self) -> str:
        """A wallet's address, or that of something in it, as we keep addresses; empty when it is none."""
        text = f"https://{self.text[1:]}" if self.text.startswith("$") and "/" in self.text else self.text
        try:
            host = urlsplit(text).netloc if text.startswith(("https://", "http://")) else ""
        except ValueError:  # brackets around what is no address
            host = ""
        return text.rstrip("/") if host else ""

    @property
    def amount(self) -> Decimal | None:
        """In whole units of whatever currency: `1,250.50`, `$1250.5` or `1 250,50 MXN`."""
        found = MONEY.fullmatch(self.text)
        return _decimal(found[2]) if found else None

    @property
    def currency(self) -> str:
        """The code that was written beside the amount; empty where there was none."""
        found = MONEY.fullmatch(self.text)
        return (found[1] or found[3] or "").upper() if found else ""


@dataclass(frozen=True)
class Few(Generic[Row]):
    """The first rows of what was found; `more` when there are others."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False

    @classmethod
    def of(cls, found: QuerySet[Row], most: int) -> "Few[Row]":
        rows = list(found[: most + 1])
        return cls(rows[:most], len(rows) > most)


@dataclass(frozen=True)
class FoundMoney:
    """`exact`: an id named it, so nothing else is meant."""

    requests: Few[PaymentRequest] = field(default_factory=Few)
    payments: Few[Payment] = field(default_factory=Few)
    wallets: Few[WalletAddress] = field(default_factory=Few)
    exact: bool = False


def find(wanted: LookedFor, most: int) -> FoundMoney:
    """At most so many of each, newest first."""
    if not wanted.text:
        return FoundMoney()
    if owner := _by_id(wanted):
        return FoundMoney(
            Few.of(_requests().filter(pk=owner[0]), most),
            Few.of(_payments().filter(pk=owner[1]) if owner[1] else _payments().filter(request=owner[0]), most),
            exact=True,
        )
    if wanted.row_id:
        return FoundMoney()
    requests = list(_requests().filter(reference__in=_spellings(wanted.text))[: most + 1])
    if requests:
        few = Few(requests[:most], len(requests) > most)
        return FoundMoney(few, Few.of(_payments().filter(request__in=[one.pk for one in few.rows]), most))
    if wanted.address:
        wallets = _at(wanted.address, most)
        keys = [wallet.pk for wallet in wallets.rows]
        paid = _payments().filter(receiver_wallet__in=keys) if keys else Payment.objects.none()
        return FoundMoney(payments=Few.of(paid, most), wallets=wallets)
    if wanted.amount is not None:
        return FoundMoney(payments=Few.of(_payments().filter(worth(wanted)), most))
    return FoundMoney()


def of_people(keys: Sequence[str], most: int) -> FoundMoney:
    """What the people of these keys were asked for, and what they receive, newest first."""
    if not keys:
        return FoundMoney()
    asked = Few.of(_requests().filter(payer_key__in=keys), most)
    return FoundMoney(asked, Few.of(_payments().filter(receiver_key__in=keys), most))


def paid_by(keys: Sequence[str], most: int) -> Few[Payment]:
    """The payments of the newest requests that the people of these keys are asked for, newest first."""
    if not keys:
        return Few()
    # A busy funder's payments are not read to find the newest: a request has at least one, and is as old as its first.
    asked = _requests().filter(payer_key__in=keys)
    return Few.of(_payments().filter(request__in=asked.values("pk")[: most + 1]), most)


def of_requests(requests: Sequence[PaymentRequest], most: int) -> Few[Payment]:
    return Few.of(_payments().filter(request__in=[one.pk for one in requests]), most) if requests else Few()


def _requests() -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.order_by("-created_at", "-pk")


def _payments() -> QuerySet[Payment]:
    found = Payment.objects.select_related("request__payer_wallet", "receiver_wallet", "owner")
    return found.order_by("-created_at", "-pk")


def _by_id(wanted: LookedFor) -> tuple[str, str] | None:
    """The request, and the payment where one is meant, of whatever the id names; None when it names nothing of ours."""
    if key := wanted.row_id:
        return _of_row(key)
    if not wanted.address:
        return None
    for attempts in (IncomingPayment.objects, OutgoingPayment.objects):
        found = attempts.filter(remote_id=wanted.address, payment__isnull=False)
        if row := found.values_list("payment__request", "payment").first():
            return row[0], row[1]
    return None


def _of_row(key: str) -> tuple[str, str] | None:
    if PaymentRequest.objects.filter(pk=key).exists():
        return key, ""
    if request := Payment.objects.filter(pk=key).values_list("request", flat=True).first():
        return request, key
    for attempts in (IncomingPayment.objects, Quote.objects, OutgoingPayment.objects):
        found = attempts.filter(pk=key, payment__isnull=False)
        if row := found.values_list("payment__request", "payment").first():
            return row[0], row[1]
    grant = Grant.objects.filter(pk=key, request__isnull=False).values_list("request", flat=True).first()
    return (grant, "") if grant else None


def _spellings(text: str) -> list[str]:
    """As it was typed, and as references are usually written: an index tells capitals apart."""
    return sorted({text, text.upper(), text.lower()})


def _at(address: str, most: int) -> Few[WalletAddress]:
    """The wallet of this address; else those that begin so, and of a host alone all that are there."""
    parts, wallets = urlsplit(address), WalletAddress.objects.order_by("url")
    if not parts.path:
        return Few.of(wallets.filter(host=parts.netloc.lower()), most)
    exact = Few.of(wallets.filter(url=address), most)
    return exact if exact.rows else Few.of(wallets.filter(url__startswith=address), most)


def worth(wanted: LookedFor, value: str = "value", code: str = "asset_code", scale: str = "asset_scale") -> Q:
    """Rows whose amount, in the columns named, is the one that is looked for, whatever decimals it is counted in."""
    assert wanted.amount is not None
    counted = {decimals: wanted.amount.scaleb(decimals) for decimals in range(MOST_DECIMALS + 1)}
    exact = {
        decimals: int(units) for decimals, units in counted.items() if units == int(units) and units <= LARGEST_VALUE
    }
    each = Q(pk__in=[])
    for decimals, units in exact.items():
        each |= Q(**{value: units, scale: decimals})
    found = Q(**{f"{value}__in": sorted(set(exact.values()))}) & each
    return found & Q(**{code: wanted.currency}) if wanted.currency else found


def _decimal(written: str) -> Decimal | None:
    """The last mark is the decimal one, unless it comes again, or is a comma before three digits, as in 1,250."""
    text = re.sub(r"[' \u00a0\u202f]", "", written)
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0:
        mark, after = text[last], len(text) - last - 1
        groups = text.count(mark) > 1 or (mark == "," and after == 3)  # noqa: PLR2004 - digits of a thousand
        whole = re.sub(r"[.,]", "", text if groups else text[:last])
        text = whole if groups else f"{whole}.{text[last + 1 :]}"
    return Decimal(text) if re.fullmatch(r"\d{1,19}(\.\d{0,9})?", text) else None
