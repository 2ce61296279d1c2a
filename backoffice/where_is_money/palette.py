"""The command palette (Ctrl-K): the pages whose names were typed, then people, jobs and money, each with how it stands.

Unfold's own search keeps its answers for five minutes, whatever somebody may see by then: this one keeps none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.navigation import sidebar
from backoffice.where_is_money.page import PERMISSION, about, title_of
from backoffice.where_is_money.search import Found, search
from payments.find_money import Few, LookedFor
from payments.presentation.format_amounts import format_amount, format_gets
from payments.presentation.status import payment_status, request_status

#: Rows of each kind: what does not fit is on the page “Where is the money?”.
MOST: Final = 5
#: Characters with which people, jobs and money are looked for: one letter finds everybody.
LEAST: Final = 2


@dataclass(frozen=True)
class PaletteLine:
    """One line of the palette: what it is, what it is about, and where it leads."""

    icon: str
    kind: str
    title: str
    about: str
    link: str


def palette_view(request: HttpRequest) -> HttpResponse:
    """What Unfold's palette puts into itself, as `s` is typed."""
    wanted = LookedFor.read(request.GET.get("s", ""))
    if not wanted.text:
        return HttpResponse()
    enough = len(wanted.text) >= LEAST or wanted.number is not None
    found = search(request, wanted, MOST) if enough else Found()
    lines = [*_money(request, wanted, found), *_pages(request, wanted)]
    return TemplateResponse(request, "admin/where_is_money/palette.html", {"lines": lines})


def _money(request: HttpRequest, wanted: LookedFor, found: Found) -> Iterator[PaletteLine]:
    yield from _rows(found.people, "person", _("Member"), "jobs_member", about)
    yield from _rows(found.payments, "payments", _("Payment"), "payments_payment", _payment)
    yield from _rows(found.requests, "request_quote", _("Payment request"), "payments_paymentrequest", _request)
    yield from _rows(found.jobs, "handyman", _("Job"), "jobs_job", about)
    yield from _rows(found.wallets, "account_balance_wallet", _("Wallet address"), "payments_walletaddress", about)
    if request.user.has_perm(PERMISSION) and not found.is_empty:
        link = f"{reverse('admin:where_is_money')}?{urlencode({'q': wanted.text})}"
        cut = [few for few in (found.people, found.payments, found.requests, found.jobs, found.wallets) if few.more]
        told = _("More than %(most)s were found: see where each stands") % {"most": MOST}
        title = told if cut else _("See where each payment stands")
        yield PaletteLine("travel_explore", _("Where is the money?"), title, wanted.text, link)


def _rows(few: Few[Any], icon: str, kind: str, page: str, tell: Any) -> Iterator[PaletteLine]:
    for row in few.rows:
        yield PaletteLine(icon, kind, title_of(row), tell(row), reverse(f"admin:{page}_change", args=[row.pk]))


def _payment(payment: Any) -> str:
    told = (payment_status(payment).label, format_gets(payment), payment.request.shown_title)
    return " · ".join(map(str, told))


def _request(request: Any) -> str:
    """Reads the request's payments."""
    told = (request_status(request, request.payments.all()).label, format_amount(request.ceiling), request.payer_name)
    return " · ".join(str(one) for one in told if one)


def _pages(request: HttpRequest, wanted: LookedFor) -> Iterator[PaletteLine]:
    """Of the sidebar, as this person sees it."""
    typed = wanted.text.casefold()
    for group in sidebar(request):
        for item in group["items"]:
            if typed in str(item["title"]).casefold():
                yield PaletteLine(
                    item["icon"], _("Page"), str(item["title"]), str(group.get("title", "")), item["link"]
                )
