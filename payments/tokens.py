"""Access tokens: how long one is used, when it is renewed, and how a grant's row keeps it.

The renewal itself is `payments.engine.steps.rotate_token`.
"""

from datetime import datetime, timedelta
from typing import Any

from ledger import clock
from payments.models import Grant
from payments.openpayments.types import AccessToken, Continuation

#: A token that lives shorter than this is not used any more …
MARGIN = timedelta(seconds=15)
#: … but one that has only just come is, however short its life: asking for another would bring nothing better.
SHORTEST_LIFETIME = timedelta(seconds=30)
UNSAID_LIFETIME = timedelta(minutes=10)
#: Wallets forget a token that ran out long ago (Rafiki: after 30 days), and with it the approval.
KEEP_ALIVE = timedelta(days=7)


def token_columns(grant: Grant, token: AccessToken) -> dict[str, Any]:
    """The columns of `grant` that keep `token`."""
    lifetime = timedelta(seconds=token.expires_in) if token.expires_in is not None else UNSAID_LIFETIME
    return {
        "sealed": grant.sealed_with(token=token.value, manage=token.manage_url),
        "token_expires_at": clock.now() + max(lifetime, SHORTEST_LIFETIME),
        "failures": 0,
        "retry_at": None,
    }


def continuation_of(grant: Grant) -> Continuation | None:
    secrets = grant.secrets
    if not secrets.get("continue_uri"):
        return None
    return Continuation(uri=secrets["continue_uri"], token=secrets["continue_token"], wait_seconds=None)


def token_of(grant: Grant) -> AccessToken | None:
    secrets = grant.secrets
    if not secrets.get("token"):
        return None
    return AccessToken(value=secrets["token"], manage_url=secrets["manage"], expires_in=None)


def token_is_fresh(grant: Grant, now: datetime) -> bool:
    return grant.token_expires_at is not None and grant.token_expires_at > now + MARGIN
