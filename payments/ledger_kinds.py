"""Every kind of ledger entry that this room records: each state that a row can be in, and what else happens to rows."""

from typing import Final

from payments import states
from payments.models.outside_payments import OUTSIDE_PAYMENT_MOVES
from payments.models.proposals import PROPOSAL_MOVES

#: What the ledger calls the rows that move, with the moves they can make.
MOVES: Final[dict[str, dict[str, set[str]]]] = {
    "request": states.REQUEST_MOVES,
    "payment": states.PAYMENT_MOVES,
    "grant": states.GRANT_MOVES,
    "incoming": states.ATTEMPT_MOVES,
    "quote": states.ATTEMPT_MOVES,
    "outgoing": states.OUTGOING_MOVES,
    "key": states.KEY_MOVES,
    "proof": states.PROOF_MOVES,
    "proposal": PROPOSAL_MOVES,
    "paid_outside": OUTSIDE_PAYMENT_MOVES,
}
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "request": (
        "amount_accepted",
        "amount_grew",
        "approve_pressed",
        "authorised",
        "ending",
        "late_answer",
        "nudged",
        "reckoned",
        "rejected",
        "reminded",
        "resent",
        "shown_link_used",
        "warnings_answered",
    ),
    "payment": (
        "approval_changed",
        "buys",
        "decided",
        "looked_again",
        "lowered",
        "noted",
        "outside_reported",
        "outside_withdrawn",
        "refund_asked",
        "released",
        "taken_over",
        "undecided",
        "warning_lifted",
        "warning_overridden",
        "warning_stopped",
    ),
    "incoming": ("read", "reopened"),
    "budget": ("set_up", "approved", "drawn", "reserved", "given_back", "paused", "resumed"),
    "key": ("missing",),
    "chart": ("set", "removed"),
    "journal": ("downloaded",),
    "limit": ("set", "removed"),
    "glass": ("broken", "seen"),
    "proof_limit": ("set", "removed"),
    "risk_level": ("set", "removed"),
    "proof": ("shown_link_used",),
    "pause": ("started", "ended"),
    "mail_stop": ("set", "lifted"),
    "message": ("queued", "sent", "failed"),
    "seller": ("registered", "changed", "retired", "resumed"),
    "wallet": ("added", "checked", "proven", "changed", "change_accepted", "change_refused"),
    "installation": ("moved", "resealed"),
    "staff_note": ("written",),
    "exception": ("assigned", "noted", "resolved"),
    "source": ("set_up", "changed"),
    "statement": ("imported", "discarded"),
    "queue": ("refused",),
    "webhook": ("added", "changed", "secret_changed", "switched_off", "switched_on"),
    "webhook_delivery": ("delivered", "failed", "test_asked", "asked_again"),
    "webhook_sender": ("added", "secret_changed", "switched_off", "switched_on"),
    "api_key": ("made", "replaced", "revoked", "used", "refused"),
    "api_ask": ("made",),
    "incoming_ask": ("made",),
    "marketplace": ("added", "return_addresses_set"),
}
KINDS: Final = frozenset(
    f"{name}.{what}" for table in (MOVES, EVENTS) for name, happens in table.items() for what in happens
)
