"""The proof of a payment, as staff and whoever paid download it: what the ledger says of it, for anybody to check."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from ledger.api import payment_proof, proves

#: What is said of a payment to strangers: what became of it and of its money's two ends; not who was written to.
PROVEN = ("payment.", "incoming.", "outgoing.")
NOT_YET = 409


def proof_bytes(payment_id: str) -> bytes | None:
    """The file; None while it can't be made yet. Raises UnusableKey."""
    return payment_proof(payment_id, PROVEN)


def proof_answer(payment_id: str) -> HttpResponse:
    """The file as a download; a sentence while it can't be made yet."""
    content = proof_bytes(payment_id) if proves() else None
    if content is None:
        text = _("The proof of this payment is not ready yet: the ledger signs for it soon. Try again in an hour.")
        return HttpResponse(text, status=NOT_YET, content_type="text/plain; charset=utf-8")
    disposition = f'attachment; filename="{proof_name(payment_id)}"'
    return HttpResponse(content, content_type="application/json", headers={"Content-Disposition": disposition})


def proof_name(payment_id: str) -> str:
    return f"proof-{payment_id}.json"
