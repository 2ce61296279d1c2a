"""Wallets that are not as kind as one would like: far away, short of breath, late with what they tell, or gone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from payments.openpayments.transport import Transport
from payments.sandbox.clock import parse_time
from payments.sandbox.faults.mutated_answers import MUTATIONS
from tests.chaos.clock import VirtualClock
from tests.sandbox.client import WalletClient, amount, error
from tests.sandbox.process import SandboxProcess
from tests.sandbox.test_our_client import ClientFlow

pytestmark = pytest.mark.prove

HOUR = 3600


def incoming_of(shop: WalletClient, sandbox: SandboxProcess, url: str) -> dict[str, object]:
    token = shop.token(sandbox, "incoming-payment", "read")
    answer: dict[str, object] = shop.send("GET", url, token=token).json()
    return answer


def ordered(sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> tuple[str, str, str]:
    """An incoming payment of 10.00 MXN, the outgoing payment that was ordered to it, and a token that may read that."""
    sandbox.settings(settleOnCommand=True)
    incoming = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]
    token = shop.allowed_to_pay(sandbox, payer)
    paid = shop.pay(sandbox, payer, shop.quote(sandbox, payer, incoming).json()["id"], token)
    assert paid.status_code == 201
    return incoming, paid.json()["id"], token


# -- one provider, three hosts


@pytest.fixture
def three_hosts(http: httpx.Client) -> Iterator[ClientFlow]:
    with SandboxProcess(split=True) as provider:
        provider.settings(settleDelayMs=0, waitSeconds=0)
        shop = WalletClient.at(provider, http)
        with Transport(frozenset(provider.trusted_hosts)) as transport:
            yield ClientFlow.between(
                provider,
                transport,
                shop.signer,
                provider.create_wallet("payer"),
                provider.create_wallet("w", asset="MXN"),
            )


def test_a_wallet_and_its_two_servers_may_have_three_hosts(three_hosts: ClientFlow) -> None:
    wallet = three_hosts.client.get_wallet_address(three_hosts.payer, deadline=three_hosts.soon())
    hosts = [urlsplit(url).netloc for url in (wallet.id, wallet.auth_server, wallet.resource_server)]
    assert hosts == three_hosts.sandbox.trusted_hosts
    assert len(set(hosts)) == 3
    incoming, outgoing = three_hosts.pay()
    assert {urlsplit(each.id).netloc for each in (incoming, outgoing)} == {hosts[2]}


def test_a_request_is_signed_for_the_host_that_serves_it(three_hosts: ClientFlow) -> None:
    elsewhere = replace(three_hosts, resource_server=f"{three_hosts.sandbox.url}/op")
    with pytest.raises(Exception, match="401"):
        elsewhere.incoming()


# -- what lives shorter than it was asked to


def test_an_incoming_payment_may_live_shorter_than_asked(
    sandbox: SandboxProcess, shop: WalletClient, worker: str
) -> None:
    asked = "2999-01-01T00:00:00Z"
    sandbox.settings(incomingPaymentSeconds=1200)
    assert error(shop.incoming(sandbox, worker, amount(100, "MXN"), expiresAt=asked))[2] == "invalid expiresAt"
    sandbox.settings(shortensIncomingPayments=True)
    made = shop.incoming(sandbox, worker, amount(100, "MXN"), expiresAt=asked).json()
    assert parse_time(made["expiresAt"]) - parse_time(made["createdAt"]) == pytest.approx(1200, abs=0.01)


def test_a_quote_may_live_for_seconds(sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> None:
    sandbox.settings(quoteSeconds=5)
    incoming = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]
    quote, token = shop.quote(sandbox, payer, incoming).json(), shop.allowed_to_pay(sandbox, payer)
    assert parse_time(quote["expiresAt"]) - parse_time(quote["createdAt"]) == pytest.approx(5, abs=0.01)
    sandbox.clock(6)
    assert error(shop.pay(sandbox, payer, quote["id"], token))[2] == "invalid quote"


# -- refusals that are none


def test_too_many_requests_with_and_without_the_time_to_come_back(
    sandbox: SandboxProcess, shop: WalletClient, worker: str
) -> None:
    matched = {"match": {"operation": "create-incoming-payment"}}
    sandbox.faults({**matched, "do": "too-many", "seconds": 90}, {**matched, "do": "status:429"})
    first, second, third = (shop.incoming(sandbox, worker, amount(100, "MXN")) for _ in range(3))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "90")
    assert second.status_code == 429
    assert "Retry-After" not in second.headers
    assert third.status_code == 201


def test_for_a_while_no_server_finds_the_clients_key(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    token = shop.token(sandbox, "incoming-payment", "create")
    sandbox.faults({"match": {"operation": "*"}, "do": "invalid-client", "lastsSeconds": 60})
    body = {"walletAddress": worker}
    assert error(shop.ask(sandbox, [])) == (400, "invalid_client", "could not determine client")
    refused = error(shop.send("POST", f"{sandbox.url}/op/incoming-payments", body, token=token))
    assert refused == (401, "401", "Signature validation error: could not find the key of the client")
    sandbox.clock(61)
    assert shop.send("POST", f"{sandbox.url}/op/incoming-payments", body, token=token).status_code == 201


# -- what arrived, and what is told of it


def test_what_completed_an_incoming_payment_is_told_later(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    incoming, outgoing, _ = ordered(sandbox, shop, payer, worker)
    sandbox.settings(postingSeconds=30)
    sandbox.settle(outgoing)
    told = incoming_of(shop, sandbox, incoming)
    assert (told["completed"], told["receivedAmount"]) == (True, amount(0, "MXN"))
    assert httpx.get(incoming, trust_env=False).json()["receivedAmount"] == amount(0, "MXN")
    assert sandbox.balance("worker") == 1000
    sandbox.clock(31)
    told = incoming_of(shop, sandbox, incoming)
    assert (told["completed"], told["receivedAmount"]) == (True, amount(1000, "MXN"))


def test_a_receiver_may_complete_and_take_nothing_while_the_payer_says_nothing_failed(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    incoming, outgoing, token = ordered(sandbox, shop, payer, worker)
    sandbox.settings(completesUnpaid=True)
    assert sandbox.settle(outgoing) == {"ended": 1, "open": 0}
    told = incoming_of(shop, sandbox, incoming)
    assert (told["completed"], told["receivedAmount"]) == (True, amount(0, "MXN"))
    sent = shop.send("GET", outgoing, token=token).json()
    assert (sent["failed"], sent["sentAmount"]) == (False, amount(0))
    assert (sandbox.balance("payer"), sandbox.balance("worker")) == (1_000_000, 0)


@pytest.mark.parametrize(
    ("do", "name", "told"),
    [
        ("wrong-asset:receivedAmount", "receivedAmount", amount(0, "XTS")),
        ("wrong-scale:receivedAmount", "receivedAmount", amount(0, "MXN", 3)),
        ("wrong-asset:incomingAmount", "incomingAmount", amount(1000, "XTS")),
        ("wrong-asset:debitAmount", "debitAmount", amount(54, "XTS")),
        ("wrong-scale:sentAmount", "sentAmount", amount(0, "USD", 3)),
    ],
)
def test_a_single_amount_may_be_in_another_asset_or_scale(  # noqa: PLR0917 - the cast, and what is told
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str, do: str, name: str, told: dict[str, object]
) -> None:
    incoming, outgoing, token = ordered(sandbox, shop, payer, worker)
    true = {**shop.send("GET", outgoing, token=token).json(), **incoming_of(shop, sandbox, incoming)}
    sandbox.faults(*({"match": {"operation": f"get-{kind}-payment"}, "do": do} for kind in ("incoming", "outgoing")))
    lied = {**shop.send("GET", outgoing, token=token).json(), **incoming_of(shop, sandbox, incoming)}
    assert {each for each in true if true[each] != lied[each]} == {name}
    assert lied[name] == told


def test_all_amounts_may_have_another_scale(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    incoming = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]
    sandbox.faults({"match": {"operation": "get-incoming-payment"}, "do": "wrong-scale"})
    told = incoming_of(shop, sandbox, incoming)
    assert [told["incomingAmount"], told["receivedAmount"]] == [amount(1000, "MXN", 3), amount(0, "MXN", 3)]


# -- away


@pytest.mark.parametrize("do", ["down", "status:503"])
def test_a_provider_is_away_until_its_clock_says_so(sandbox: SandboxProcess, payer: str, do: str) -> None:
    def is_there() -> bool:
        try:
            return httpx.get(payer, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    assert is_there()
    sandbox.away(3 * HOUR, do)
    assert not is_there()
    sandbox.clock(3 * HOUR - 60)
    assert not is_there()
    sandbox.clock(3 * HOUR + 60)
    assert is_there()
    sandbox.away(3 * HOUR, do)
    assert not is_there()
    sandbox.clear_faults()
    assert is_there()


def test_a_provider_that_refused_connections_for_hours_knows_all_and_its_clock_went_on(
    http: httpx.Client, tmp_path: Path
) -> None:
    clock = VirtualClock(tmp_path / "clock")
    with SandboxProcess(data=tmp_path / "books", clock_file=tmp_path / "clock") as provider:
        shop = WalletClient.at(provider, http)
        worker = provider.create_wallet("worker", asset="MXN")
        provider.settings(incomingPaymentSeconds=HOUR)
        kept = shop.incoming(provider, worker, amount(100, "MXN"), expiresAt="2027-01-04T15:59:00Z").json()["id"]
        provider.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(worker, trust_env=False)
        clock.forward(HOUR - 120)
        provider.start()
        assert incoming_of(shop, provider, kept)["completed"] is False
        provider.stop()
        clock.forward(120)
        provider.start()
        assert httpx.get(kept, trust_env=False).status_code == 404


# -- one thing about an answer is what no wallet should send


@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_kind_of_mutation_changes_an_answer_and_the_same_seed_changes_it_alike(
    sandbox: SandboxProcess, payer: str, kind: str
) -> None:
    def mutated(seed: int) -> tuple[int, bytes, str | None, str | None]:
        sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": f"mutate:{kind}", "seed": seed})
        with httpx.stream("GET", payer, trust_env=False) as answer:
            told = [answer.headers.get(name) for name in ("content-type", "content-encoding")]
            return answer.status_code, b"".join(answer.iter_raw()), told[0], told[1]

    first = [mutated(seed) for seed in range(8)]
    assert first == [mutated(seed) for seed in range(8)]
    assert len(set(first)) > 1
