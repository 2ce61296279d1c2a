"""How well the machinery served: webhooks that were taken and how soon, payers who came back from their wallet."""

from dataclasses import dataclass
from datetime import UTC, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.dashboard.figures.shapes import share
from backoffice.dashboard.figures.spread import Spread, spread
from backoffice.dashboard.links import rows
from backoffice.dashboard.period import Period
from ledger import days
from ledger.models import Entry
from payments.models import WebhookDelivery
from payments.models.webhooks import DeliveryState

#: Kinds of entries: a payer pressed “approve” and was led to their wallet; one came back from it.
PRESSED, CAME_BACK = "request.approve_pressed", "grant.returned"
#: The engine writes the second, too, when a wallet wants it to collect an approval later.
BY_PAYERS = "payer"


@dataclass(frozen=True)
class CountedRows:
    """`count` rows behind `link`."""

    title: str | Promise
    count: int
    link: str


@dataclass(frozen=True)
class SuccessRate:
    """`parts` of something that was tried; `share` is how much of it ended well, in percent: None of nothing."""

    parts: list[CountedRows]
    share: int | None


def webhooks(period: Period) -> tuple[SuccessRate, Spread]:
    """Of those made in these days: how many are over and were taken, and how long that took. Four queries."""
    made, query = WebhookDelivery.objects.filter(period.on("created_at")), period.days("created_at")
    counts = dict(made.order_by().values_list("state").annotate(count=Count("pk")))
    parts = [
        CountedRows(state.label, counts.get(state, 0), rows(WebhookDelivery, state__exact=state.value, **query))
        for state in DeliveryState
    ]
    taken, over = counts.get(DeliveryState.DELIVERED, 0), sum(counts.values()) - counts.get(DeliveryState.WAITING, 0)
    took = ExpressionWrapper(F("tried_at") - F("created_at"), output_field=DurationField())
    delivered = made.filter(state=DeliveryState.DELIVERED, tried_at__isnull=False).annotate(took=took)
    link = rows(WebhookDelivery, state__exact=DeliveryState.DELIVERED.value, **query)
    return SuccessRate(parts, share(taken, over) if over else None), spread(_("Until it was taken"), delivered, link)


def redirects(period: Period) -> SuccessRate:
    """How often a payer pressed “approve”, and came back from their wallet with its proof. One query."""
    kinds = {PRESSED: _("Approve was pressed"), CAME_BACK: _("Came back from the wallet")}
    found = Entry.objects.filter(period.on("recorded_at"), kind__in=sorted(kinds), actor_kind=BY_PAYERS).order_by()
    counts = dict(found.values_list("kind").annotate(count=Count("pk")))
    parts = [CountedRows(title, counts.get(kind, 0), _entries(kind, period)) for kind, title in kinds.items()]
    pressed = counts.get(PRESSED, 0)
    # Whoever pressed on the evening before may come back after midnight.
    return SuccessRate(parts, min(100, share(counts.get(CAME_BACK, 0), pressed)) if pressed else None)


def _entries(kind: str, period: Period) -> str:
    """The ledger's list is in UTC, to the microsecond."""
    first = days.begins(period.span.first).astimezone(UTC)
    last = days.begins(period.span.last + timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
    moments = {
        "recorded_at_from_0": f"{first:%Y-%m-%d}",
        "recorded_at_from_1": f"{first:%H:%M:%S}",
        "recorded_at_to_0": f"{last:%Y-%m-%d}",
        "recorded_at_to_1": f"{last:%H:%M:%S.%f}",
    }
    return rows(Entry, kind=kind, by=BY_PAYERS, **moments)
