"""A secret of a webhook is shown once, on the first page that whoever made it comes to. Then it is only used."""

from typing import Final

from django.http import HttpRequest

from ledger import clock
from ledger.stamps import stamp
from payments.models import WebhookEndpoint, WebhookSender

#: In the session: whose secret the next page shows. The secret itself stays encrypted in its row.
SHOW_ONCE: Final = "webhook_secret_of"


def show_secret_once(request: HttpRequest, row: WebhookEndpoint | WebhookSender) -> None:
    """Let this person's next look at the page of `row` show its secret."""
    request.session[SHOW_ONCE] = row.pk


def secret_to_show(request: HttpRequest, row: WebhookEndpoint | WebhookSender) -> str:
    """The secret of `row`, if it was made just now by whoever looks; from then on, empty."""
    if request.session.get(SHOW_ONCE) != row.pk:
        return ""
    del request.session[SHOW_ONCE]
    return row.secrets(clock.now())[0]


def earlier_secret(row: WebhookEndpoint | WebhookSender) -> str:
    """Until when the secret before the present one counts, as a person reads it."""
    counts = row.overlap_until and row.overlap_until > clock.now()
    return stamp(row.overlap_until) if counts else "-"
