"""Another marketplace's endpoint hears of what its keys asked for, and of nothing else."""

import pytest

from payments.actions import api_keys, refunds
from payments.actions.webhook_endpoints import EndpointTerms, add_endpoint
from payments.engine.transitions import move
from payments.models import ApiAsk, Marketplace, WebhookDelivery, WebhookEndpoint
from payments.models.webhooks import WebhookEvent
from payments.states import RequestState
from payments.webhooks.events import tell_endpoints
from payments.webhooks.sending import send_next
from tests import cast
from tests.jobs.test_api import Program
from tests.openpayments.wallet_server import WalletServer
from tests.payments.test_refunds import pay
from tests.payments.webhooks import PATH, endpoint, receiver, secret_of, verified
from tests.progress import ACTOR, settle

__all__ = ["receiver"]

pytestmark = pytest.mark.django_db


def of(market: Marketplace, url: str = "https://voces.example/hooks") -> WebhookEndpoint:
    """One of theirs that wants to hear of everything."""
    terms = EndpointTerms(market.name, url, WebhookEvent.values, cast.staff("ana"))
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


def test_money_of_it_that_goes_back_reaches_it_signed_and_reaches_no_other(receiver: WalletServer) -> None:
    rosa = cast.staff()
    paid = pay(rosa)
    voces, luz = (api_keys.add_marketplace(name, paid.request.seller, by=rosa) for name in ("Voces", "Luz"))
    of_voces, of_luz = of(voces, receiver.origin + PATH), of(luz)
    ApiAsk.objects.create(request=paid.request, key=Program(marketplace=voces).key)
    back = refunds.refund(paid.pk, paid.amount, by=rosa, form_id="back")
    settle(back)
    while send_next(of_voces):
        pass
    told_of = [verified(one, secret_of(of_voces)) for one in receiver.received]
    told_back = [(one["type"], one["data"]["refundOf"]) for one in told_of if "refundOf" in one["data"]]
    assert told_back == [("refund.settled", paid.pk)]
    assert told(of_luz) == set()
