"""Asking the owner of a wallet to prove that it is theirs, and which payments wait for it. No network here."""

from datetime import timedelta
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor
from payments.engine.prove_wallet import lock_proof, page_of
from payments.engine.transitions import begin, move
from payments.limits import unproven
from payments.locking import lock
from payments.mail.queue import queue_notice
from payments.models import Message, PaymentRequest, Seller, WalletAddress, WalletProof
from payments.models.messages import Template
from payments.models.proofs import OVER
from payments.openpayments.interaction import hash_matches
from payments.presentation.reasons import Refusal
from payments.states import ProofState

Return = Literal["accepted", "repeated", "wrong_hash"]
#: How long the link acts.
PROOF_LIFETIME = timedelta(days=14)
#: Whoever is longer at one call has died.
LOST_AFTER = timedelta(seconds=45)
OWNER = Actor.system("wallet owner")
COLLECT_TASK = "payments.tasks.collect_proof"
MAX_REFERENCE = 2000


def check_proven(request: PaymentRequest) -> None:
    """Raises Refusal while a receiver must first prove that their wallet is theirs."""
    for payment in unproven(request):
        raise Refusal("wallet_unproven", name=payment.receiver_name, wallet=payment.receiver_wallet.url)


@transaction.atomic
def ask_receivers(request: PaymentRequest, *, by: User) -> list[WalletProof]:
    """Send the link to every receiver of `request` who must prove their wallet. Raises Refusal when nobody must."""
    payments = {payment.receiver_wallet_id: payment for payment in unproven(request)}
    if not payments:
        raise Refusal("proof_not_needed")
    proofs = []
    # Their wallets are locked in the order in which the engine locks several.
    for _wallet, payment in sorted(payments.items()):
        if not payment.receiver_email:
            raise Refusal("no_email", name=payment.receiver_name)
        contact = {
            "name": payment.receiver_name,
            "email": payment.receiver_email,
            "language": payment.receiver_language,
        }
        proofs.append(ask(payment.receiver_wallet, request.seller, by=by, **contact))
    return proofs


@transaction.atomic
def ask(  # noqa: PLR0913 - whose wallet, who asks, and where they are reached
    wallet: WalletAddress, seller: Seller, *, name: str, email: str, language: str, by: User
) -> WalletProof:
    """Send the link to `email`. A question that is still open to them is mailed again; any other one ends."""
    lock(WalletAddress.objects.all(), wallet.pk)
    actor = Actor.staff(by.pk)
    proof = WalletProof.objects.filter(wallet=wallet).exclude(state__in=OVER).select_related("wallet").first()
    if proof and not (proof.is_open and proof.email == email and proof.seller_id == seller.pk):
        _end(proof, actor)
        proof = None
    if proof is None:
        told = {"name": name, "email": email, "language": language}
        proof = WalletProof(
            wallet=wallet, seller=seller, requested_by=by, expires_at=clock.now() + PROOF_LIFETIME, **told
        )
        begin(proof, actor=actor)
    mails = Message.objects.filter(proof=proof).count()
    queue_notice(
        Template.PROOF, name=name, email=email, language=language, proof=proof, occasion=f"proof:{proof.pk}:{mails}"
    )
    return proof


def _end(proof: WalletProof, actor: Actor) -> None:
    if proof.state in {ProofState.PREPARING, ProofState.COLLECTING}:
        move(proof, ProofState.ASKED, actor=actor)
    move(proof, ProofState.ENDED, actor=actor, sealed="")


@transaction.atomic
def press(proof_id: str) -> WalletProof:
    """The owner wants their wallet's page; the engine asks for one unless theirs is still open. Raises Refusal."""
    proof = lock_proof(proof_id)
    if not proof.is_open:
        raise Refusal("proof_over")
    lost = proof.changed_at <= clock.now() - LOST_AFTER
    if proof.state in {ProofState.PREPARING, ProofState.COLLECTING} and lost:
        # Whoever asked the wallet died before its answer came.
        move(proof, ProofState.ASKED, actor=OWNER, reason="proof_lost", sealed="")
    if proof.state == ProofState.PENDING and not page_of(proof):
        move(proof, ProofState.ASKED, actor=OWNER, sealed="")
    if proof.state == ProofState.RETURNED:
        async_task(COLLECT_TASK, proof.pk)
    return proof


@transaction.atomic
def came_back(proof_id: str, interact_ref: str, given_hash: str) -> Return:
    """The owner is back from their wallet: keep the reference when its hash is right. Nothing else changes anything."""
    proof = lock_proof(proof_id)
    secrets = proof.secrets
    if not secrets.get("finish"):
        return "repeated"
    right = 0 < len(interact_ref) <= MAX_REFERENCE and hash_matches(
        given_hash,
        nonce=secrets["nonce"],
        finish=secrets["finish"],
        interact_ref=interact_ref,
        auth_server=proof.auth_server,
    )
    if not right:
        return "wrong_hash"
    if proof.state != ProofState.PENDING or not proof.is_open:
        return "repeated"
    move(proof, ProofState.RETURNED, actor=OWNER, sealed=proof.sealed_with(interact_ref=interact_ref))
    async_task(COLLECT_TASK, proof.pk)
    return "accepted"
