"""The approval page. Reading it (GET) calls nobody and changes nothing: mail scanners open links. Only POST acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ledger.api import proves
from payments.actions import approvals, standing_budgets
from payments.actions.return_addresses import way_back
from payments.actions.shown_links import tell_use_of_approval
from payments.api.shapes import status_of
from payments.links import LinkUse
from payments.models.standing_budgets import budget_of
from payments.pages import budget_page
from payments.pages.approval_link import OpenedApprovalLink, nothing_here, open_approval_link, page
from payments.pages.headers import private_page
from payments.pages.phase_text import WORDS, filled, what_was_charged
from payments.pages.phases import ACTING, ENDED_UNPAID, Phase, Progress, progress_of
from payments.pages.progress_steps import steps_of
from payments.pages.proof import RECEIPTS
from payments.presentation import amount_rows
from payments.presentation.amount_rows import AmountRow
from payments.presentation.cost_summary import CostSummary, cost_summary_of
from payments.presentation.dates import moment
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal, sentence
from payments.presentation.status import request_status
from payments.states import PAID, RequestState
from payments.worker.advance_now import advance_now

#: Seconds that a payer waits for their wallet before the page takes over and follows.
INLINE_SECONDS: Final = 8.0
LONGEST_REASON: Final = 500  # characters
LONGEST_AMOUNT: Final = 19  # digits, as in 2**63
NO_AMOUNT: Final = -1

Notice = dict[str, str]


# The link is what authorises, not a cookie: there is no signed-in session that another site could misuse, and the page
# works where cookies don't.
@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def approve(http: HttpRequest, token: str) -> HttpResponse:
    opened = open_approval_link(http, token)
    if opened is None:
        return nothing_here(http)
    with translation.override(opened.language):
        if http.method == "POST" and not opened.is_superseded:
            return _act(http, opened)
        return _show(opened, hint=http.GET.get("hint", ""))


def _act(http: HttpRequest, opened: OpenedApprovalLink) -> HttpResponse:
    """Do what the button says if it can still be done; else show how things stand."""
    request = opened.request
    if http.POST.get("action") == "stop":
        return _stop(opened)
    if not progress_of(request).acts:
        return HttpResponseRedirect(opened.page)
    try:
        if http.POST.get("action") == "decline":
            reason = " ".join(http.POST.get("reason", "").replace("\0", "").split())
            with _told(opened, LinkUse.DECLINE):
                approvals.decline(request.id, reason[:LONGEST_REASON])
            return HttpResponseRedirect(opened.page)
        with _told(opened, LinkUse.APPROVE):
            approvals.approve(request.id, _accepted(http), opened.chosen)
    except Refusal as refusal:
        request.refresh_from_db()
        return _show(opened, refusal=str(refusal), status=409)
    wallet_page = approvals.wallet_page(advance_now(request.id, INLINE_SECONDS))
    return HttpResponseRedirect(wallet_page or opened.page)


def _stop(opened: OpenedApprovalLink) -> HttpResponse:
    """The funder ends their standing budget. Once is enough: later, the page just shows that it is over."""
    if (budget := budget_of(opened.request)) and progress_of(opened.request).phase == Phase.STANDING:
        try:
            with _told(opened, LinkUse.STOP):
                standing_budgets.stop_by_payer(budget.pk)
        except Refusal as refusal:
            opened.request.refresh_from_db()
            return _show(opened, refusal=str(refusal), status=409)
        advance_now(opened.request.pk, INLINE_SECONDS)
    return HttpResponseRedirect(opened.page)


@contextmanager
def _told(opened: OpenedApprovalLink, did: LinkUse) -> Iterator[None]:
    """One transaction of what is done, and of the entry that says so when it is done through a copy shown to staff."""
    with transaction.atomic():
        yield
        if opened.shown_to:
            tell_use_of_approval(opened.request.pk, opened.shown_to, did)


def _accepted(http: HttpRequest) -> int:
    """The debit in minor units that the page showed beside the button; `NO_AMOUNT`, which fits none, for garbage."""
    written = http.POST.get("accepted", "")
    is_amount = written.isascii() and written.isdigit() and len(written) <= LONGEST_AMOUNT
    return int(written) if is_amount else NO_AMOUNT


def _show(opened: OpenedApprovalLink, *, hint: str = "", refusal: str = "", status: int = 200) -> HttpResponse:
    request = opened.request
    progress = progress_of(request)
    bill = cost_summary_of(request, proposed=progress.phase == Phase.GREW)
    if budget := budget_of(request):
        acting = progress.acts or progress.phase == Phase.RETURNED
        told = _notices(opened, progress, bill, hint, refusal) if acting or refusal else []
        return page(budget_page.render(opened, budget, progress, told, _button(progress.phase, bill)), status)
    words = WORDS.get(progress.phase)
    acts = progress.acts and not opened.is_superseded
    context: dict[str, Any] = {
        "opened": opened,
        "status_url": opened.url("approve-status"),
        "ask": request,
        "seller": request.seller.name or request.seller_id,
        "progress": progress,
        "heading": str(words.title) if words else _("Please approve"),
        "notices": _notices(opened, progress, bill, hint, refusal),
        "acts": acts,
        "bill": bill,
        "hero_label": _hero_label(progress.phase, bill),
        "hero": bill.at_most_now if progress.acts else bill.charged or bill.at_most,
        "rows": amount_rows.parts(_rows(progress.phase, bill)),
        "steps": steps_of(request, progress.phase),
        "status": request_status(request, request.payments.all()),
        "accepted": request.shown,
        "before": request.ceiling if progress.phase == Phase.GREW and not bill.committed else None,
        "button": _button(progress.phase, bill),
        "settled_word": _("Settled in part") if progress.phase == Phase.PARTLY else _("Settled"),
        "way_back": None if acts else way_back(request.pk, status_of(RequestState(request.state))),
        "receipt": progress.phase in RECEIPTS,
        "proofs": _proofs(opened) if progress.phase in RECEIPTS and proves() else [],
    }
    return page(render_to_string("public/approve.html", context), status)


def _proofs(opened: OpenedApprovalLink) -> list[dict[str, str]]:
    """Where the proof of each payment that arrived is, and whose payment it is."""
    paid = opened.request.payments.filter(state__in=PAID)
    return [
        {"name": payment.receiver_name, "url": reverse("approve-proof", args=[opened.token, payment.pk])}
        for payment in paid
    ]


def _hero_label(phase: Phase, bill: CostSummary) -> str:
    if bill.committed and phase in ACTING:
        return _("You approve at most now")
    if phase == Phase.GREW:
        return _("The new amount: you pay at most")
    if not bill.charged:
        was_asked = phase in ENDED_UNPAID or phase == Phase.OUTSIDE
        return _("You were asked to pay at most") if was_asked else _("You pay at most")
    if phase in {Phase.SETTLED, Phase.OUTSIDE, Phase.PARTLY}:
        return _("You paid")
    return _("You pay")


def _rows(phase: Phase, bill: CostSummary) -> list[AmountRow]:
    if phase in ACTING:
        return amount_rows.asked(bill)
    if bill.charged or phase in {Phase.OUTSIDE, Phase.PARTLY}:
        return amount_rows.charged(bill)
    return amount_rows.not_paid(bill) if phase in ENDED_UNPAID else amount_rows.asked(bill)


def _button(phase: Phase, bill: CostSummary) -> str:
    """The label of the button that approves; empty while the wallet's page is being fetched."""
    if phase == Phase.GREW:
        return _("Accept %(amount)s and continue") % {"amount": format_amount(bill.at_most_now)}
    if phase == Phase.PREPARING:
        return ""
    return _("Continue in your wallet") if phase == Phase.READY else _("Approve in my wallet")


def _notices(
    opened: OpenedApprovalLink, progress: Progress, bill: CostSummary, hint: str, refusal: str
) -> list[Notice]:
    """What must be said above everything else, most important first."""
    request, phase = opened.request, progress.phase
    notices: list[Notice] = []
    if bill.committed and progress.acts:
        notices.append(_for_the_remaining(bill))
    if opened.is_superseded:
        notices.append(_superseded())
    if refusal:
        notices.append(_notice("warn", _("That could not be done"), refusal))
    elif phase == Phase.ASKING and request.reason:
        notices.append(_notice("warn", _("It did not work yet"), sentence(request.reason, request.reason_params)))
    elif progress.acts and hint == "rejected":
        text = _("Your wallet says that the approval was not given. %(charged)s Try again, or decline below.")
        text = filled(text, charged=what_was_charged(bill, phase))
        notices.append(_notice("info", _("Not approved"), text))
    elif progress.acts and hint == "invalid":
        text = _("What your wallet sent back could not be confirmed. %(charged)s Please try again.")
        text = filled(text, charged=what_was_charged(bill, phase))
        notices.append(_notice("warn", _("Not approved yet"), text))
    if phase in WORDS and not (notices and phase in {Phase.READY, Phase.PREPARING}):
        notices.append(_phase_notice(opened, phase, bill))
    return notices


def _for_the_remaining(bill: CostSummary) -> Notice:
    text = _("%(ordered)s of at most %(total)s is already paid or on its way. You approve at most %(rest)s now.") % {
        "ordered": format_amount(bill.committed),
        "total": format_amount(bill.at_most),
        "rest": format_amount(bill.at_most_now),
    }
    return _notice("info", _("This is about the rest"), text)


def _superseded() -> Notice:
    text = _("This request was changed and sent again. Please use the newest email: this older link only shows it.")
    return _notice("warn", _("A newer link was sent to you"), text)


def _phase_notice(opened: OpenedApprovalLink, phase: Phase, bill: CostSummary) -> Notice:
    request, words = opened.request, WORDS[phase]
    text = filled(
        words.text,
        seller=request.seller.name or request.seller_id,
        wallet=request.payer_wallet.host,
        until=moment(request.expires_at),
        charged=what_was_charged(bill, phase),
    )
    if phase == Phase.PARTLY:
        text = " ".join((text, sentence(request.reason, request.reason_params)))
    if phase == Phase.FAILED:
        charged = _("You were not charged.") if bill.surely_uncharged else ""
        if not charged and not bill.charged:
            charged = _("If your wallet shows a charge for it, answer the email.")
        text = " ".join(part for part in (_why(opened), charged, text) if part)
    return _notice(words.tone, str(words.title), text)


def _why(opened: OpenedApprovalLink) -> str:
    request = opened.request
    failed = next((payment for payment in request.payments.all() if payment.reason), request)
    return sentence(failed.reason, failed.reason_params)


def _notice(kind: str, title: str, text: str) -> Notice:
    return {"kind": kind, "title": title, "text": text}
