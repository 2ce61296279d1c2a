"""Another marketplace's endpoint hears of what its keys asked for, and of nothing else."""

import pytest

from payments.actions import api_keys
from payments.actions.webhook_endpoints import EndpointTerms, add_endpoint
from payments.engine.transitions import move
from payments.models import ApiAsk, Marketplace, WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import WebhookEvent
from payments.states import RequestState
from payments.webhooks.events import tell_endpoints
from tests import cast
from tests.jobs.test_api import Program
from tests.payments.webhooks import endpoint
from tests.progress import ACTOR

pytestmark = pytest.mark.django_db


def of(market: Marketplace) -> WebhookEndpoint:
    """One of theirs that wants to hear of everything."""
    terms = EndpointTerms(market.name, "https://voces.example/hooks", WebhookEvent.values, cast.staff("ana"))
    return add_endpoint(terms, by=cast.staff("ana"), marketplace=market)


def told(row: WebhookEndpoint) -> set[str | None]:
    return set(WebhookDelivery.objects.filter(endpoint=row).values_list("request", flat=True))


def test_each_marketplace_hears_of_its_own() -> None:
    ours, theirs, others = cast.asked(), cast.asked(), cast.asked()
    voces, luz = (api_keys.add_marketplace(name, ours.seller, by=cast.staff()) for name in ("Voces", "Luz"))
    for row, market in ((theirs, voces), (others, luz)):
        ApiAsk.objects.create(request=row, key=Program(marketplace=market).key)
    shop, of_voces, of_luz = endpoint("https://shop.example/hooks"), of(voces), of(luz)
    for row in (ours, theirs, others):
        move(row, RequestState.CANCELLED, actor=ACTOR)
    assert told(shop) == {ours.pk, theirs.pk, others.pk}
    assert told(of_voces) == {theirs.pk}
    assert told(of_luz) == {others.pk}
    assert of_voces.sealed != of_luz.sealed


def test_of_a_payment_it_hears_too() -> None:
    paid = cast.settled()
    voces = api_keys.add_marketplace("Voces", paid.request.seller, by=cast.staff())
    hears = of(voces)
    ApiAsk.objects.create(request=paid.request, key=Program(marketplace=voces).key)
    tell_endpoints(paid)
    assert told(hears) == {paid.request_id}
