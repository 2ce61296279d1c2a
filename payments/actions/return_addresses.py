"""Where a payer may be led back to: only to what the list of the marketplace that asked has.

A list has origins (https, host, port) with the beginning of a path. An address is compared part by part, never as one
text: what two programs could read differently is no address (`check_url`).
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.locking import lock
from payments.models import ApiAsk, Marketplace
from payments.openpayments.urls import DEFAULT_PORTS, UrlError, check_url
from payments.presentation.reasons import Refusal

MOST: Final = 20
LONGEST: Final = 500
#: What is added to the address. A query of its own that has one of them already would say two things.
ADDED: Final = ("pendingId", "status")


@transaction.atomic
def set_addresses(marketplace_id: str, addresses: Iterable[str], *, by: User) -> Marketplace:
    """From now on these are the list of the marketplace. Raises Refusal for what can't stand in one."""
    checked = checked_list(addresses)
    market = lock(Marketplace.objects.all(), marketplace_id)
    market.return_addresses, market.changed_at = checked, clock.now()
    market.save(update_fields=["return_addresses", "changed_at"])
    record(
        "marketplace.return_addresses_set",
        actor=Actor.staff(by.pk),
        subjects={"marketplace": market.pk},
        data={"name": market.name, "addresses": ", ".join(checked)},
    )
    return market


def checked_list(addresses: Iterable[str]) -> list[str]:
    """Each once, as a list has it. Raises Refusal for what can't stand in one, and for too many."""
    checked = list(dict.fromkeys(_checked(address) for address in addresses))
    if len(checked) > MOST:
        raise Refusal("too_many_return_addresses", most=str(MOST))
    return checked


def check(url: str, market: Marketplace | None) -> str:
    """`url`, where a payment request of this marketplace may lead its payer back to. Raises Refusal."""
    if not is_allowed(url, market):
        raise Refusal("return_address_not_allowed")
    return url


def is_allowed(url: str, market: Marketplace | None) -> bool:
    """Our own marketplace has no list: its payers come back to nobody."""
    try:
        scheme, host, port, path = _parts(url)
    except UrlError:
        return False
    if {name for name, _value in parse_qsl(urlsplit(url).query, keep_blank_values=True)} & set(ADDED):
        return False
    for allowed in market.return_addresses if market else []:
        *origin, beginning = _parts(allowed)
        if origin == [scheme, host, port] and (path == beginning or path.startswith(beginning.rstrip("/") + "/")):
            return True
    return False


def way_back(request_id: str, status: str) -> tuple[str, str] | None:
    """The name of the marketplace that asked for the request, and the address back to it; None where there is none.

    It says which request it was and how that stands: a hint for its page, which asks us what is true.
    """
    asked = ApiAsk.objects.select_related("key__marketplace").filter(request=request_id).exclude(return_url="").first()
    if asked is None or not (market := asked.key.marketplace) or not is_allowed(asked.return_url, market):
        return None
    told = urlencode(dict(zip(ADDED, (request_id, status), strict=True)))
    return market.name, f"{asked.return_url}{'&' if '?' in asked.return_url else '?'}{told}"


def _checked(address: str) -> str:
    try:
        scheme, host, port, path = _parts(address)
    except UrlError as error:
        raise Refusal("return_address_unusable", address=address) from error
    if "?" in address or len(address) > LONGEST:
        raise Refusal("return_address_unusable", address=address)
    usual = port == DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}{'' if usual else f':{port}'}{path}"


def _parts(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and path. Raises UrlError for whatever is no plain https address."""
    check_url(url, frozenset())
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return parts.scheme.lower(), host, parts.port or DEFAULT_PORTS["https"], parts.path or "/"
