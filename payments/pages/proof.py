"""The proof of a payment, for whoever paid it: by the link that they approved with, and only of its own payments."""

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_safe

from payments.pages.approval_link import nothing_here, open_approval_link
from payments.pages.headers import private_page
from payments.pages.phases import Phase, progress_of
from payments.presentation.payment_proof import proof_answer

#: The page is a receipt then.
RECEIPTS = frozenset({Phase.SETTLED, Phase.PARTLY})


@private_page
@require_safe
def proof(http: HttpRequest, token: str, payment_id: str) -> HttpResponse:
    opened = open_approval_link(http, token)
    if opened is None or progress_of(opened.request).phase not in RECEIPTS:
        return nothing_here(http)
    if not opened.request.payments.filter(pk=payment_id.replace("\0", "")).exists():
        return nothing_here(http)
    with translation.override(opened.language):
        return proof_answer(payment_id)
