"""`/payments/…`: where payments are."""

from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Query, Router

from payments.api import shapes
from payments.api.keys import Bearer, key_of, requests_of
from payments.api.leading_on import leads_to
from payments.api.problems import PROBLEMS, not_found
from payments.api.shapes import MOST, USUAL, ApiStatus, PaymentsPage, RequestedPayment
from payments.models import ApiScope

READS: Final = Bearer(ApiScope.READ_PAYMENTS, "payments.view_paymentrequest", "payments.view_payment")
Limit = Annotated[int, Query(USUAL, ge=1, le=MOST)]
After = Annotated[str | None, Query(None, pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Status = Annotated[ApiStatus | None, Query(None)]
router = Router(tags=["payments"])


@router.get(
    "/payments/pending",
    auth=READS,
    response={200: PaymentsPage, **PROBLEMS},
    openapi_extra=leads_to("pending_id", "payments/0/pendingId", "payments_api_payments_payment_status"),
)
def list_payments(request: HttpRequest, limit: Limit, after: After, status: Status) -> PaymentsPage:
    """All payment requests, newest first."""
    key = key_of(request)
    return shapes.page_of(requests_of(key), key, limit=limit, after=after, status=status)


@router.get("/payments/{pending_id}/status", auth=READS, response={200: RequestedPayment, **PROBLEMS})
def payment_status(request: HttpRequest, pending_id: str) -> RequestedPayment:
    """Where one payment request is."""
    key = key_of(request)
    found = shapes.one(requests_of(key), key, pending_id) if pending_id.isalnum() else None
    if found is None:
        raise not_found()
    return found
