"""The calls that prove whose a wallet address is: planned, made, and their answers committed, like all others.

The state is the lease: only who moved the row to *preparing* or *collecting* makes that call. A lost answer is found
out by the person, who presses again; no money hangs on it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from ledger import clock
from ledger.api import record
from payments import links
from payments.client import client
from payments.engine.steps.approving import INTERACTION_LIFETIME, UNSAID_WAIT_SECONDS
from payments.engine.steps.base import ENGINE, SignedStep
from payments.engine.transitions import move
from payments.locking import lock
from payments.models import WalletAddress, WalletProof
from payments.moving import Moved, NoSuchMove
from payments.openpayments.client import Client, InteractRequest
from payments.openpayments.errors import BadAnswer, Meaning, OpenPaymentsError, Refused
from payments.openpayments.interaction import new_nonce
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import Continuation, GrantAnswer
from payments.openpayments.types import RemoteWalletAddress as Found
from payments.presentation.reasons import why
from payments.states import ProofState

log = logging.getLogger(__name__)
#: A wallet that is still busy is asked again so often before the person is.
TRIES = 3


@dataclass(frozen=True)
class AskOwner(SignedStep):
    """A `subject` grant for the wallet address (`post-request` with `subject`), at the server that it names now."""

    operation = Operation.REQUEST_GRANT

    proof_id: str
    subject: str
    finish_uri: str
    nonce: str

    @classmethod
    def plan(cls, proof: WalletProof) -> AskOwner:
        nonce, key = new_nonce(), proof.seller.active_key
        subject = proof.wallet.canonical_id or proof.wallet.url
        sealed = proof.sealed_with(nonce=nonce)
        move(proof, ProofState.PREPARING, actor=ENGINE, key=key, subject=subject, sealed=sealed)
        return cls("", proof.seller.signer(key.pk), proof.pk, subject, links.proof_finish_url(proof.pk), nonce)

    @property
    def address(self) -> str:
        return self.subject

    def call(self, client: Client, deadline: Deadline) -> tuple[Found, GrantAnswer]:
        found = client.get_wallet_address(self.subject, deadline=deadline)
        if found.id != self.subject:
            # Only the server that is named at the id itself may speak for it.
            raise BadAnswer(Operation.GET_WALLET_ADDRESS, self.subject, "answers as another wallet", "other_id")
        interact = InteractRequest(finish_uri=self.finish_uri, nonce=self.nonce)
        answer = client.request_subject(
            found.auth_server, self.subject, signer=self.signer, interact=interact, deadline=deadline
        )
        return found, answer

    def apply(self, answer: tuple[Found, GrantAnswer]) -> None:
        found, granted = answer
        assert granted.interact, "the client insists on an interaction"
        assert granted.continue_, "… and on its continuation"
        proof, now = lock_proof(self.proof_id), clock.now()
        move(
            proof,
            ProofState.PENDING,
            actor=ENGINE,
            auth_server=found.auth_server,
            interaction_expires_at=now + INTERACTION_LIFETIME,
            wait_until=now + timedelta(seconds=granted.continue_.wait_seconds or 0),
            sealed=proof.sealed_with(
                finish=granted.interact.finish,
                redirect=granted.interact.redirect,
                continue_uri=granted.continue_.uri,
                continue_token=granted.continue_.token,
            ),
        )

    def failed(self, error: OpenPaymentsError) -> None:
        code, params = why(error)
        move(lock_proof(self.proof_id), ProofState.ASKED, actor=ENGINE, reason=code, reason_params=params, sealed="")


@dataclass(frozen=True)
class CollectProof(SignedStep):
    """What the wallet says of its owner (`post-continue`). It brings a subject and no token, and says it once."""

    operation = Operation.CONTINUE_GRANT

    proof_id: str
    continuation: Continuation
    interact_ref: str

    @classmethod
    def plan(cls, proof: WalletProof) -> CollectProof:
        move(proof, ProofState.COLLECTING, actor=ENGINE)
        secrets = proof.secrets
        continuation = Continuation(secrets["continue_uri"], secrets["continue_token"])
        signer = proof.seller.signer(proof.key_id)
        return cls("", signer, proof.pk, continuation, secrets["interact_ref"])

    @property
    def address(self) -> str:
        return self.continuation.uri

    def call(self, client: Client, deadline: Deadline) -> GrantAnswer:
        return client.continue_grant(self.continuation, self.interact_ref, signer=self.signer, deadline=deadline)

    def apply(self, answer: GrantAnswer) -> None:
        proof = lock_proof(self.proof_id)
        if not answer.subjects and answer.continue_:
            self._back(proof, answer.continue_.wait_seconds or UNSAID_WAIT_SECONDS, answer.continue_)
            return
        same_wallet = proof.subject == (proof.wallet.canonical_id or proof.wallet.url)
        if answer.subjects != (proof.subject,) or not same_wallet:
            self._anew(proof, "proof_other", {"host": self.host})
            return
        now = clock.now()
        move(proof, ProofState.PROVEN, actor=ENGINE, sealed="")
        WalletAddress.objects.filter(pk=proof.wallet_id).update(proven_at=now)
        subjects = {"wallet": str(proof.wallet_id), "proof": proof.pk}
        record("wallet.proven", actor=ENGINE, subjects=subjects, data={"wallet": proof.wallet.url})

    def failed(self, error: OpenPaymentsError) -> None:
        proof = lock_proof(self.proof_id)
        if isinstance(error, Refused) and error.signature_refused:
            self._anew(proof, *why(error))
        elif error.meaning is Meaning.LATER:
            self._back(proof, max(int(error.retry_after.total_seconds()), UNSAID_WAIT_SECONDS), None)
        elif isinstance(error, Refused):
            self._anew(proof, "proof_refused", {})
        else:
            self._anew(proof, "proof_lost", {})

    def _back(self, proof: WalletProof, seconds: int, continuation: Continuation | None) -> None:
        newer = {"continue_uri": continuation.uri, "continue_token": continuation.token} if continuation else {}
        sealed, wait = proof.sealed_with(**newer), clock.now() + timedelta(seconds=seconds)
        move(proof, ProofState.RETURNED, actor=ENGINE, wait_until=wait, sealed=sealed)

    def _anew(self, proof: WalletProof, code: str, params: dict[str, str]) -> None:
        move(proof, ProofState.ASKED, actor=ENGINE, reason=code, reason_params=params, sealed="")


def prepare(proof_id: str, seconds: float) -> str:
    """The page of their wallet for the owner who pressed; empty when it can't be had now (the row says why)."""
    with transaction.atomic():
        proof = lock_proof(proof_id)
        step = AskOwner.plan(proof) if proof.state == ProofState.ASKED and proof.is_open else None
    if step:
        _do(step, seconds)
    return page_of(WalletProof.objects.get(pk=proof_id))


def collect(proof_id: str, seconds: float) -> WalletProof:
    """Collect the wallet's word for an owner who came back; waits as long as the wallet wants, within `seconds`."""
    end = clock.monotonic() + seconds
    for _try in range(TRIES):
        with transaction.atomic():
            proof = lock_proof(proof_id)
            wait = (proof.wait_until - clock.now()).total_seconds() if proof.wait_until else 0.0
            left = end - clock.monotonic()
            ready = proof.state == ProofState.RETURNED and wait <= left
            step = CollectProof.plan(proof) if ready and wait <= 0 else None
        if not ready:
            break
        if step:
            _do(step, max(left, 1.0))
        else:
            clock.sleep(wait)
    return WalletProof.objects.get(pk=proof_id)


def _do(step: AskOwner | CollectProof, seconds: float) -> None:
    answer: Any
    try:
        answer = step.call(client(), Deadline.after(seconds))
    except OpenPaymentsError as error:
        log.info("%s: %s", type(step).__name__, error)
        answer = error
    try:
        with transaction.atomic():
            if isinstance(answer, OpenPaymentsError):
                step.failed(answer)
            else:
                step.apply(answer)
    except (Moved, NoSuchMove) as late:
        # The person pressed again meanwhile, or it ended: what counts is asked anew.
        log.warning("late answer to %s: %s", type(step).__name__, late)


def page_of(proof: WalletProof) -> str:
    """The page of their wallet, while it lives."""
    alive = proof.interaction_expires_at and proof.interaction_expires_at > clock.now()
    return proof.secrets.get("redirect", "") if proof.state == ProofState.PENDING and alive else ""


def lock_proof(proof_id: str) -> WalletProof:
    """The proof as it is now, its wallet locked until the transaction ends."""
    lock(WalletAddress.objects.all(), WalletProof.objects.values_list("wallet_id", flat=True).get(pk=proof_id))
    return WalletProof.objects.select_related("wallet", "seller__wallet").get(pk=proof_id)
