"""For a person who waits: work on one payment request in their own process, a few seconds at the most."""

from ledger import clock
from payments.engine.advance import advance_within
from payments.engine.leases import wake
from payments.engine.queries import REQUEST
from payments.models import PaymentRequest
from payments.worker import places, startup


def advance_now(request_id: str, seconds: float) -> PaymentRequest:
    """Move the request as far as it gets within `seconds`, once this process may move money; then how it is.

    What does not fit into that time, or finds no place, is left to the workers at once: see `is_under_way`.
    """
    startup.start()
    if places.take():
        return advance_within(request_id, seconds, over=places.give_back)
    wake(request_id)
    return REQUEST.get(request_id)


def is_under_way(request: PaymentRequest) -> bool:
    """Whether wallets are still asked, or about to be, so that more will be known in a moment."""
    due = request.next_attempt_at is not None and request.next_attempt_at <= clock.now()
    return due or (request.lease_until is not None and request.lease_until > clock.now())
