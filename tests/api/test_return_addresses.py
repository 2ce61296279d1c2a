"""A payer is led back to the marketplace that asked, by an address of its list, and to nothing else."""

from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from ledger.api import timeline, verify_rows
from ledger.models import Entry
from payments.actions import api_keys, return_addresses
from payments.actions.return_addresses import is_allowed
from payments.links import approval_url
from payments.models import ApiAsk, Marketplace, PaymentRequest
from payments.presentation.reasons import Refusal
from payments.states import RequestState
from tests import cast
from tests.cast import person, signed_in
from tests.dialogs import confirm
from tests.driver import Stage
from tests.fixtures import sandbox, sandbox_process, short_waits, stage
from tests.jobs.test_api import Program, code
from tests.progress import bring

__all__ = ["sandbox", "sandbox_process", "short_waits", "stage"]
pytestmark = pytest.mark.django_db
BACK = "https://voces.example/orders"


def market(*addresses: str) -> Marketplace:
    made = api_keys.add_marketplace("Voces", cast.seller(), by=cast.staff())
    return return_addresses.set_addresses(made.pk, addresses, by=cast.staff())


@pytest.mark.parametrize(
    "address",
    [
        *(BACK, f"{BACK}/7", f"{BACK}?order=7", f"{BACK}/7?a=1&b=2", "https://VOCES.example/orders"),
        *("https://voces.example:443/orders", "https://voces.example:8443/x/y"),
    ],
)
def test_what_begins_like_one_of_the_list_is_allowed(address: str) -> None:
    assert is_allowed(address, market(BACK, "https://voces.example:8443/"))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:alert(1)",
            "data:text/html,x",
            "//voces.example/orders",
            "/orders",
            "http://voces.example/orders",
        ),
        *("https://voces.example@evil.example/orders", "https://user:word@voces.example/orders"),
        *(
            "https://voces.example:8443/orders",
            "https://evil.example/orders",
            "https://voces.example.evil.example/orders",
        ),
        *("https://v\u043eces.example/orders", "https://xn--vces-55d.example/orders", "https://voces.example./orders"),
        *(f"{BACK}#x", f"{BACK}/../admin", f"{BACK}/%2e%2e/admin", f"{BACK}x", "https://voces.example/Orders"),
        *(f"{BACK}\\@evil.example", f"{BACK}/\n", f" {BACK}", f"{BACK}/<script>", "https://voces.example", ""),
        *(f"{BACK}?status=paid", f"{BACK}?pendingId=", f"{BACK}?p%65ndingId=1", f"{BACK}/{'x' * 2000}"),
    ],
)
def test_a_hostile_address_is_none_of_the_list(address: str) -> None:
    assert not is_allowed(address, market(BACK))
    assert not is_allowed(address, None)


def test_administrators_set_the_list_and_each_change_is_an_entry() -> None:
    row = market()
    ana = signed_in(person("ana", "payments.view_marketplace", "payments.add_marketplace"))
    page = f"/admin/payments/marketplace/{row.pk}"
    confirm(ana, f"{page}/set_return_addresses/", addresses=f"{BACK}\nHTTPS://Voces.Example:443\n{BACK}")
    row.refresh_from_db()
    assert row.return_addresses == [BACK, "https://voces.example/"]
    assert BACK in ana.get(f"{page}/change/").content.decode()
    wrong_line = "http://voces.example/a-slip"
    again = confirm(ana, f"{page}/set_return_addresses/", addresses=f"{BACK}\n{wrong_line}").content.decode()
    assert f"“{wrong_line}” can" in again, "said where it was written"
    assert f"{BACK}\n{wrong_line}</textarea>" in again, "and nothing has to be written again"
    told = [line.kind for line in timeline([("marketplace", row.pk)])]
    assert told.count("marketplace.return_addresses_set") == 2
    for wrong in ("http://voces.example", "https://voces.example/?x", "javascript:alert(1)", "https://a@voces.example"):
        with pytest.raises(Refusal):
            return_addresses.set_addresses(row.pk, [BACK, wrong], by=cast.staff())
    with pytest.raises(Refusal):
        return_addresses.set_addresses(row.pk, [f"{BACK}/{n}" for n in range(21)], by=cast.staff())
    row.refresh_from_db()
    assert len(row.return_addresses) == 2
    reader = signed_in(person("eva", "payments.view_marketplace"))
    assert reader.get(f"{page}/set_return_addresses/").status_code == 403
    assert not [fault for fault in verify_rows() if "payments_marketplace" in dict(fault.parameters).values()]
    Marketplace.objects.update(return_addresses=["https://evil.example/"])
    assert [fault for fault in verify_rows() if "payments_marketplace" in dict(fault.parameters).values()]


def test_the_payer_is_offered_the_way_back_once_they_have_answered() -> None:
    row = market(BACK)
    request = cast.asked()
    key = Program(marketplace=row).key
    ApiAsk.objects.create(request=request, key=key, return_url=f"{BACK}?order=7")
    assert "voces.example" not in page_of(request), "first they answer"
    bring(request, RequestState.DECLINED)
    shown = unescape(page_of(request))
    assert "Back to Voces" in shown
    told = parse_qs(urlsplit(shown.partition('class="button" href="')[2].partition('"')[0]).query)
    assert told == {"order": ["7"], "pendingId": [request.pk], "status": ["failed"]}
    return_addresses.set_addresses(row.pk, [], by=cast.staff())
    assert "voces.example" not in page_of(request), "what the list has no longer is offered no longer"


def page_of(request: PaymentRequest) -> str:
    return Client().get(approval_url(request)).content.decode()


def test_a_program_names_it_with_what_it_asks_for(stage: Stage) -> None:
    row = api_keys.add_marketplace("Voces", stage.seller, by=stage.staff)
    return_addresses.set_addresses(row.pk, [BACK], by=stage.staff)
    maria = {"name": "María", "email": "maria@example.org", "walletAddressUrl": stage.worker_url}
    maria |= {"amount": "12.50", "assetCode": "USD"}
    payer = {"name": "Sol", "email": "sol@example.org", "walletAddressUrl": stage.payer_url}
    body = {"title": "Cuentos", "payer": payer, "receivers": [maria], "returnUrl": f"{BACK}/7"}
    other, ours, where = Program(marketplace=row), Program(), "/api/payments/requests"
    for program, url in ((other, "https://evil.example/"), (other, "javascript:alert(1)"), (ours, f"{BACK}/7")):
        assert code(program.post(where, {**body, "returnUrl": url}), 422) == "return_address_not_allowed"
    assert not PaymentRequest.objects.exists()
    assert Entry.objects.filter(kind="api_key.refused").count() == 3
    told = other.post(where, body, once="7").json()
    assert other.post(where, body, once="7").json() == told
    assert ApiAsk.objects.get().return_url == f"{BACK}/7"
