"""Which moves are events that other programs can be told of, and writing each down for every endpoint that wants it.

A delivery is written in the transaction of its event: it is sent if that commits, and only then.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ledger import clock
from ledger.compiled import Compiled
from payments.identifiers import new_ulid
from payments.models import ApiAsk, Payment, PaymentRequest, WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import TEST_EVENT, WebhookEvent
from payments.openpayments.amounts import Amount
from payments.states import DEAD_PAYMENTS, DEAD_REQUESTS, PAID, PAID_REQUESTS, PaymentState, RequestState

E, P, R = WebhookEvent, PaymentState, RequestState

REQUESTS: Final[Mapping[str, WebhookEvent]] = {
    R.APPROVED: E.REQUEST_APPROVED,
    R.DECLINED: E.REQUEST_DECLINED,
    R.EXPIRED: E.REQUEST_EXPIRED,
    R.CANCELLED: E.REQUEST_CANCELLED,
    R.SETTLED: E.REQUEST_SETTLED,
    R.SETTLED_OUTSIDE: E.REQUEST_SETTLED,
    R.SETTLED_IN_PART: E.REQUEST_SETTLED_IN_PART,
    R.FAILED: E.REQUEST_FAILED,
}
PAYMENTS: Final[Mapping[str, WebhookEvent]] = {
    P.SENT: E.PAYMENT_SENT,
    P.SETTLED: E.PAYMENT_COMPLETED,
    P.SETTLED_OUTSIDE: E.PAYMENT_SETTLED_OUTSIDE,
    P.FAILED: E.PAYMENT_FAILED,
    P.CANCELLED: E.PAYMENT_CANCELLED,
    P.NEEDS_ATTENTION: E.PAYMENT_NEEDS_ATTENTION,
}
#: Money that goes back: whoever waits for a payment must not take it for one.
REFUNDS: Final[Mapping[str, WebhookEvent]] = {
    P.SETTLED: E.REFUND_SETTLED,
    P.SETTLED_OUTSIDE: E.REFUND_SETTLED,
    P.FAILED: E.REFUND_FAILED,
}
#: The words of the API for how it stands: paid, failed, or neither yet.
PAID_STATES: Final = frozenset[str]({*PAID, *PAID_REQUESTS})
FAILED_STATES: Final = frozenset[str]({*DEAD_PAYMENTS, *DEAD_REQUESTS})

_LISTENING: Final = Compiled(lambda: WebhookEndpoint.objects.filter(off_at=None))


def event_of(row: PaymentRequest | Payment) -> WebhookEvent | None:
    """What `row`, having come to its state just now, is told as; None where nobody can be told."""
    if isinstance(row, PaymentRequest):
        return REQUESTS.get(row.state)
    return (REFUNDS if row.is_refund else PAYMENTS).get(row.state)


def tell_endpoints(row: PaymentRequest | Payment) -> None:
    """Write down, for each endpoint that wants to hear of it, that `row` has come to its state.

    Must run in the transaction of that move. Without an endpoint it costs one look at a table that is then empty.
    """
    event = event_of(row)
    if event is None:
        return
    listening = [endpoint for endpoint in _LISTENING() if event in endpoint.events]
    if any(endpoint.marketplace_id for endpoint in listening):
        asked_by = _asked_by(row)
        listening = [endpoint for endpoint in listening if endpoint.marketplace_id in {None, asked_by}]
    if listening:
        _write(event, row, listening)


def _asked_by(row: PaymentRequest | Payment) -> str | None:
    """The marketplace whose key asked for it, or for what a refund sends back; None where none of them did."""
    request_id = row.pk if isinstance(row, PaymentRequest) else row.request_id
    if isinstance(row, Payment) and row.is_refund:
        request_id = row.refund.of.request_id
    asked = ApiAsk.objects.filter(request=request_id).values_list("key__marketplace", flat=True)
    return asked.first()


def write_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """A test event for `endpoint`, whatever it wants to hear of."""
    event_id = new_ulid()
    body = _body(TEST_EVENT, {"endpointId": endpoint.pk})
    return WebhookDelivery.objects.create(
        endpoint=endpoint, event_id=event_id, type=TEST_EVENT, about=event_id, body=body
    )


def _write(event: WebhookEvent, row: PaymentRequest | Payment, listening: list[WebhookEndpoint]) -> None:
    event_id, body = new_ulid(), _body(event, _data(row))
    request_id = row.pk if isinstance(row, PaymentRequest) else row.request_id
    told: dict[str, Any] = {"event_id": event_id, "type": event, "about": row.pk, "request_id": request_id}
    WebhookDelivery.objects.bulk_create(WebhookDelivery(endpoint=endpoint, body=body, **told) for endpoint in listening)


def _body(event: str, data: Mapping[str, Any]) -> str:
    at = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": event, "timestamp": at, "data": data}, separators=(",", ":"))


def _data(row: PaymentRequest | Payment) -> dict[str, Any]:
    """Ids, states, amounts. Nothing that names a person: who may know more asks us."""
    if isinstance(row, PaymentRequest):
        return {**_stands(row.pk, row.state), "ceiling": _wire(row.ceiling)}
    return {
        **_stands(row.request_id, row.state),
        "paymentId": row.pk,
        "purpose": row.purpose,
        "amount": _wire(row.amount) if row.value else None,
        "received": _wire(row.received),
        "outgoingPaymentId": _outgoing(row),
        **({"refundOf": row.refund.of_id} if row.is_refund else {}),
    }


def _stands(request_id: str, state: str) -> dict[str, str]:
    status = "paid" if state in PAID_STATES else "failed" if state in FAILED_STATES else "pending"
    return {"pendingId": request_id, "status": status, "state": state}


def _outgoing(payment: Payment) -> str | None:
    """Its latest outgoing payment at the payer's wallet."""
    made = payment.outgoing_payments.exclude(remote_id="").order_by("created_at", "pk")
    return made.values_list("remote_id", flat=True).last()


def _wire(amount: Amount | None) -> dict[str, Any] | None:
    return dict(amount.to_wire()) if amount else None
