"""The way back from the wallet. Everything is checked and committed here; the wallet is asked later, by the engine.

Anybody can call this address with anything. Only a hash that fits counts (Open Payments, interaction hash); `result`
comes without one, so it is a hint to show and never changes a state.
"""

import logging
import re
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from payments import links
from payments.actions import approvals
from payments.api.problems import problem_response
from payments.models import Grant, PaymentRequest
from payments.pages.approval_link import chosen_language, page
from payments.pages.headers import private_page
from payments.pages.prove import finish_proof

log = logging.getLogger(__name__)

REQUEST_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
LONGEST: Final = 1000  # characters of a parameter; wallets' references have about 40
KNOWN: Final = {"accepted", "repeated"}


@private_page
@require_GET
def finish(http: HttpRequest) -> HttpResponse:
    if _parameter(http, "proof"):
        return finish_proof(http, _parameter(http, "proof"), _parameter(http, "interact_ref"), _parameter(http, "hash"))
    request = _named_request(http)
    if request is None:
        return _answer_stranger(http, "unknown_payment", 404)
    grant_id = _returning_grant(http, request)
    interact_ref, given_hash = _parameter(http, "interact_ref"), _parameter(http, "hash")
    if not interact_ref or not given_hash:
        hint = "rejected" if _parameter(http, "result") == "grant_rejected" else "invalid"
        code = "not_approved" if _parameter(http, "result") else "missing_parameters"
        return _answer(http, request, code, hint, trusted=grant_id is not None)
    outcome = approvals.came_back(request.id, grant_id, interact_ref=interact_ref, hash=given_hash)
    log.info("the payer of request %s came back: %s", request.pk, outcome)
    if outcome in KNOWN:
        request.refresh_from_db()
        accepted = outcome == "accepted"
        return _answer(http, request, "", "", trusted=accepted or grant_id is not None, proven=accepted)
    return _answer(http, request, outcome, "invalid", trusted=grant_id is not None)


def _parameter(http: HttpRequest, name: str) -> str:
    """The parameter, or nothing when it is there twice, too long, or not text that a database takes."""
    values = http.GET.getlist(name)
    usable = len(values) == 1 and len(values[0]) <= LONGEST and values[0].isprintable()
    return values[0] if usable else ""


def _named_request(http: HttpRequest) -> PaymentRequest | None:
    request_id = _parameter(http, "pendingId")
    if not REQUEST_ID.fullmatch(request_id):
        return None
    return PaymentRequest.objects.filter(pk=request_id).first()


def _returning_grant(http: HttpRequest, request: PaymentRequest) -> str | None:
    """The grant that our finish address was made for; None when that part was forged or lost."""
    grant_id = links.read_return(_parameter(http, "return"))
    if grant_id is None or not Grant.objects.filter(pk=grant_id, request=request).exists():
        return None
    return grant_id


def _answer(  # noqa: PLR0913 - who is back, and how
    http: HttpRequest, request: PaymentRequest, problem: str, hint: str, *, trusted: bool, proven: bool = False
) -> HttpResponse:
    """To the approval page; but a request's id alone, which many people know, opens nothing.

    Who is not `proven` to come from the payer's wallet may be the member of staff whose copy of the link was used.
    """
    if not trusted:
        return _answer_stranger(http, problem or "unknown_payment", 400)
    if _wants_json(http):
        return _json_problem(http, problem, 400) if problem else JsonResponse(_summary(request))
    language = chosen_language(http)
    query = "&".join(
        f"{name}={value}" for name, value in (("hint", hint if problem else ""), ("lang", language)) if value
    )
    url = links.approval_url(request, None if proven else request.link_shown_to_id)
    return HttpResponseRedirect(f"{url}?{query}" if query else url)


def _answer_stranger(http: HttpRequest, problem: str, status: int) -> HttpResponse:
    if _wants_json(http):
        return _json_problem(http, problem, status)
    with translation.override(chosen_language(http) or translation.get_language()):
        return page(render_to_string("public/finish.html"), status)


def _wants_json(http: HttpRequest) -> bool:
    return http.accepts("application/json") and not http.accepts("text/html")


def _summary(request: PaymentRequest) -> dict[str, object]:
    """The answer of the API document; `outgoingPayment` is there once the payer's wallet has made one."""
    summary: dict[str, object] = {"ok": True, "pendingId": request.id, "status": request.state}
    for payment in request.payments.all():
        outgoing = payment.outgoing_payments.exclude(remote_id="").last()
        if outgoing:
            summary["outgoingPayment"] = {
                "id": outgoing.remote_id,
                "walletAddress": request.payer_wallet.canonical_id,
                "receiveAmount": payment.amount.to_wire(),
            }
            break
    return summary


def _json_problem(http: HttpRequest, problem: str, status: int) -> HttpResponse:
    """As everywhere that programs ask."""
    words = {
        "unknown_payment": _("There is no such payment, or this address was changed on its way."),
        "missing_parameters": _("The wallet's answer needs hash and interact_ref."),
        "not_approved": _("The wallet says that the approval was not given. Nothing was charged through it."),
        "wrong_hash": _("The hash does not fit. Nothing was charged by it."),
        "unknown": _("This answer belongs to no approval that is waiting. Nothing was charged by it."),
    }
    return problem_response(http, status, problem, words[problem])
