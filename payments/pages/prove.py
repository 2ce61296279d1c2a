"""The page on which the owner of a wallet proves that it is theirs. Reading it changes nothing; only POST acts."""

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from payments import links
from payments.actions import wallet_proofs
from payments.actions.shown_links import tell_use
from payments.engine import prove_wallet
from payments.engine.prove_wallet import prepare
from payments.links import LinkUse
from payments.models import WalletProof
from payments.pages.approval_link import chosen_language, nothing_here, page, shown_person
from payments.pages.headers import private_page
from payments.presentation.languages import supported
from payments.presentation.reasons import Refusal, sentence
from payments.states import ProofState
from payments.worker.places import place

#: Seconds that the owner waits for their wallet before the page says that it can't be had now.
INLINE_SECONDS: Final = 8.0
#: How often the page loads itself anew while the wallet's word is collected.
RELOAD_SECONDS: Final = 2
BUSY: Final = {ProofState.PREPARING, ProofState.RETURNED, ProofState.COLLECTING}


# The link is what authorises, not a cookie; see the approval page.
@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def prove(http: HttpRequest, token: str) -> HttpResponse:
    proof, shown_to = _opened(token)
    if proof is None:
        return nothing_here(http)
    with translation.override(chosen_language(http) or supported(proof.language)):
        if http.method == "POST":
            return _act(http, proof, shown_to)
        return _show(proof, shown_to, hint=http.GET.get("hint", ""))


def _opened(token: str) -> tuple[WalletProof | None, User | None]:
    """The proof, and to whom of staff this copy of its link was shown."""
    try:
        proof_id, shown = links.read_proof_token(token)
        shown_to = shown_person(shown)
    except links.BadLink:
        return None, None
    return WalletProof.objects.select_related("wallet", "seller").filter(pk=proof_id).first(), shown_to


def _act(http: HttpRequest, proof: WalletProof, shown_to: User | None) -> HttpResponse:
    try:
        with transaction.atomic():
            pressed = wallet_proofs.press(proof.pk)
            if shown_to:
                tell_use("proof", proof.pk, wallet_proofs.OWNER, shown_to, LinkUse.PROVE)
    except Refusal:
        return HttpResponseRedirect(http.get_full_path())
    wallet_page = prove_wallet.page_of(pressed)
    if not wallet_page:
        try:
            with place():
                wallet_page = prepare(proof.pk, INLINE_SECONDS)
        except Refusal as refusal:
            return _show(proof, shown_to, refusal=str(refusal), status=503)
    return HttpResponseRedirect(wallet_page or http.get_full_path())


def _show(
    proof: WalletProof, shown_to: User | None, *, hint: str = "", refusal: str = "", status: int = 200
) -> HttpResponse:
    busy = proof.state in BUSY and proof.is_open
    context = {
        "proof": proof,
        "shown_to": shown_to,
        "seller": proof.seller.name,
        "proven": proof.state == ProofState.PROVEN,
        "acts": proof.is_open,
        "busy": busy,
        "problem": refusal or (sentence(proof.reason, proof.reason_params) if proof.is_open else ""),
        "hint": hint if proof.state in {ProofState.ASKED, ProofState.PENDING} else "",
        "continues": bool(prove_wallet.page_of(proof)),
    }
    answer = page(render_to_string("public/prove.html", context), status)
    if busy:
        answer["Refresh"] = str(RELOAD_SECONDS)
    return answer


def finish_proof(http: HttpRequest, returned: str, interact_ref: str, given_hash: str) -> HttpResponse:
    """The way back from the wallet: only a hash that fits counts. To the page of the proof, whatever came."""
    proof_id = links.read_proof_return(returned)
    proof = WalletProof.objects.filter(pk=proof_id).first() if proof_id else None
    if proof is None:
        with translation.override(chosen_language(http) or translation.get_language()):
            return page(render_to_string("public/finish.html"), 404)
    hint = ""
    if not interact_ref or not given_hash:
        hint = "rejected" if http.GET.get("result") == "grant_rejected" else "invalid"
    elif wallet_proofs.came_back(proof.pk, interact_ref, given_hash) == "wrong_hash":
        hint = "invalid"
    url = links.proof_url(proof.pk)
    return HttpResponseRedirect(f"{url}?hint={hint}" if hint else url)
