"""Every move of every row, as the ledger tells it, against the tables of `payments.states`."""

from ledger.api import timeline
from payments import states
from payments.models import PaymentRequest

TABLES = {
    "request": states.REQUEST_MOVES,
    "payment": states.PAYMENT_MOVES,
    "grant": states.GRANT_MOVES,
    "incoming": states.ATTEMPT_MOVES,
    "quote": states.ATTEMPT_MOVES,
    "outgoing": states.OUTGOING_MOVES,
}
FIRST = {
    "request": PaymentRequest._meta.get_field("state").get_default(),
    "payment": states.PaymentState.NEW,
    "grant": states.GrantState.INTENDED,
    "incoming": states.AttemptState.INTENDED,
    "quote": states.AttemptState.INTENDED,
    "outgoing": states.AttemptState.INTENDED,
}
MOST_ENTRIES = 5000


def illegal_moves(request_id: str) -> list[str]:
    """Those of one request and all that belongs to it."""
    now: dict[tuple[str, str], str] = {}
    wrong = []
    for row in timeline([("request", request_id)], limit=MOST_ENTRIES):
        kind, _, state = row.kind.partition(".")
        if state not in TABLES.get(kind, {}):
            continue
        name = (kind, row.subjects[kind][0])
        allowed = TABLES[kind][now[name]] if name in now else {FIRST[kind]}
        if state not in allowed:
            wrong.append(f"{kind} {now.get(name, 'nothing')} → {state}")
        now[name] = state
    return wrong
