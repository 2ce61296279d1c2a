"""Telling an endpoint nothing any more, or again: by a person, or by the program, which then writes to who keeps it."""

from typing import Any

from django.urls import reverse

from ledger import clock
from ledger.api import Actor, record
from payments.mail.colleagues import Told, write_to
from payments.models import WebhookEndpoint
from payments.models.messages import Template
from payments.models.webhooks import OffBecause


def switch_off(endpoint: WebhookEndpoint, because: OffBecause, *, actor: Actor) -> bool:
    """Tell it nothing from now on; what waits for it waits. Must run in a transaction. Whether it was on."""
    now = clock.now()
    told: dict[str, Any] = {"off_at": now, "off_because": because, "changed_at": now}
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, off_at=None).update(**told):
        return False
    tell(endpoint, "switched_off", actor, because=because)
    if because != OffBecause.PERSON:
        _write_to_keeper(endpoint, because)
    return True


def switch_on(endpoint: WebhookEndpoint, *, actor: Actor) -> bool:
    """Tell it everything again, what waits first. Must run in a transaction. Whether it was off."""
    told: dict[str, Any] = {"off_at": None, "off_because": "", "changed_at": clock.now()}
    well: dict[str, Any] = {"failures": 0, "failing_since": None, "retry_at": None}
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, off_at__isnull=False).update(**told, **well):
        return False
    tell(endpoint, "switched_on", actor)
    return True


def tell(endpoint: WebhookEndpoint, what: str, actor: Actor, **data: str) -> None:
    """The ledger entry of what happened to `endpoint`."""
    record(f"webhook.{what}", actor=actor, subjects={"webhook": endpoint.pk}, data={**data})


def _write_to_keeper(endpoint: WebhookEndpoint, because: OffBecause) -> None:
    path = reverse("admin:payments_webhookendpoint_change", args=[endpoint.pk])
    write_to(
        [endpoint.kept_by],
        Template.WEBHOOK_OFF,
        lambda: Told(title=endpoint.name, who="", path=path),
        occasion=f"webhook_off:{endpoint.pk}:{clock.now().isoformat()}",
        subjects={"webhook": endpoint.pk},
        because=because.value,
    )
