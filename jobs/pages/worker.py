"""A worker's own page: what is owed, agreed, on its way, arrived; their wallet; “this isn't right”. Only POST acts."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from jobs import earnings, links, self_service, wallet_changes
from jobs.earnings import Earning
from jobs.models import Member
from jobs.pages.member_link import OpenedMemberLink, open_member_link
from payments.pages.approval_link import page
from payments.pages.headers import private_page
from payments.presentation.dates import day
from payments.presentation.format_amounts import bought_by, format_amount
from payments.presentation.reasons import Refusal, sentence

LONGEST_WALLET: Final = 500  # characters
REFUSED: Final = 409


# The link is what authorises, not a cookie: see `payments.pages.approve`.
@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def worker(http: HttpRequest, token: str) -> HttpResponse:
    opened = open_member_link(http, token, name="worker", kind=links.WORKER)
    if isinstance(opened, HttpResponse):
        return opened
    with translation.override(opened.language):
        return _act(http, opened) if http.method == "POST" else _show(opened)


def _act(http: HttpRequest, opened: OpenedMemberLink) -> HttpResponse:
    wallet, note = http.POST.get("wallet", "").strip()[:LONGEST_WALLET], http.POST.get("note", "")
    try:
        match http.POST.get("action"):
            case "wallet":
                self_service.give_wallet(opened.member.pk, wallet, opened.shown_to)
            case "note":
                self_service.write_note(opened.member.pk, note, opened.shown_to)
    except Refusal as refusal:
        opened.member.refresh_from_db()
        return _show(opened, refusal=str(refusal), wallet=wallet, note=note, status=REFUSED)
    return HttpResponseRedirect(opened.page)


def _show(
    opened: OpenedMemberLink, *, refusal: str = "", wallet: str = "", note: str = "", status: int = 200
) -> HttpResponse:
    member, found = opened.member, earnings.of(opened.member)
    context: dict[str, Any] = {
        "opened": opened,
        "member": member,
        "groups": [
            _group(_("Owed to you"), found.owed, _("Nothing is owed to you at the moment.")),
            *([_group(_("Agreed"), found.agreed)] if found.agreed else []),
            _group(_("On its way"), found.on_its_way, _("Nothing is on its way at the moment.")),
            _group(_("Arrived"), found.arrived, _("Nothing has arrived yet.")),
        ],
        "is_cut": found.is_cut,
        "refusal": refusal,
        "may_give": self_service.may_give_wallet(member),
        "waiting": wallet_changes.waiting_change(member),
        "wallet_problem": _wallet_problem(member),
        "wallet_typed": wallet,
        "note_typed": note,
        "notes": list(member.notes.filter(handled_at=None)[: self_service.MOST_NOTES]),
    }
    return page(render_to_string("public/worker.html", context), status)


def _group(title: str, found: list[Earning], empty: str = "") -> dict[str, Any]:
    sums = earnings.totals(earning.amount for earning in found if not earning.buys)
    totals = [{"label": _("Together"), "value": format_amount(total), "total": True} for total in sums]
    return {
        "title": title,
        "empty": empty,
        "rows": [_row(earning) for earning in found] + (totals if len(found) > 1 else []),
    }


def _row(earning: Earning) -> dict[str, str]:
    """As `public/_amounts.html` takes it."""
    told = (str(earning.status), earning.note, day(earning.at), earning.reference)
    return {
        "label": earning.title,
        "value": bought_by(earning.amount) if earning.buys else format_amount(earning.amount),
        "note": " · ".join(filter(None, told)),
    }


def _wallet_problem(member: Member) -> str:
    wallet = member.wallet
    return sentence(wallet.problem, wallet.problem_params) if wallet and wallet.problem else ""
