"""For a person who waits: work on one payment request in their own process, a few seconds at the most."""

from payments.engine.advance import advance
from payments.models import PaymentRequest
from payments.worker import startup


def advance_now(request_id: str, seconds: float) -> PaymentRequest:
    """Move the request as far as it gets within about `seconds`, once this process may move money; then how it is."""
    startup.start()
    return advance(request_id, seconds)
