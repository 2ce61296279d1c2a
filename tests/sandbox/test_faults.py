"""What goes wrong on command, as the client of a wallet sees it."""

import contextlib
import time

import httpx
import pytest

from payments.sandbox.faults.catalogue import FAULTS, RequestFault
from payments.sandbox.settings import Settings
from tests.sandbox.client import WalletClient, amount, error
from tests.sandbox.process import PROJECT, SandboxProcess, SandboxRefusedError


def made(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> int:
    """How many incoming payments there are."""
    token = shop.token(sandbox, "incoming-payment", "list")
    url = f"{sandbox.url}/op/incoming-payments?wallet-address={worker}"
    return len(shop.send("GET", url, token=token).json()["result"])


def try_to_make(sandbox: SandboxProcess, shop: WalletClient, worker: str, do: str, **rule: object) -> httpx.Response:
    sandbox.faults({"match": {"operation": "create-incoming-payment"}, "do": do, **rule})
    return shop.incoming(sandbox, worker, amount(100, "MXN"))


@pytest.mark.parametrize(("do", "count"), [("down", 0), ("reset-before", 0), ("reset-after", 1), ("truncate", 1)])
def test_the_connection_is_cut_before_or_after_the_work(
    sandbox: SandboxProcess, shop: WalletClient, worker: str, do: str, count: int
) -> None:
    with pytest.raises(httpx.TransportError):
        try_to_make(sandbox, shop, worker, do)
    assert made(sandbox, shop, worker) == count
    assert sandbox.requests("create-incoming-payment")[0]["fault"] == do


def test_of_an_answer_without_a_body_nothing_comes(sandbox: SandboxProcess, shop: WalletClient) -> None:
    """Half of nothing would be the whole answer, on a connection that is gone when it is used next."""
    issued = shop.ask(sandbox, [{"type": "quote", "actions": ["create"]}]).json()["access_token"]
    sandbox.faults({"match": {"operation": "delete-token"}, "do": "truncate"})
    with pytest.raises(httpx.TransportError):
        shop.send("DELETE", issued["manage"], token=issued["value"])


def test_an_answer_without_a_body_can_be_huge(sandbox: SandboxProcess, shop: WalletClient) -> None:
    issued = shop.ask(sandbox, [{"type": "quote", "actions": ["create"]}]).json()["access_token"]
    sandbox.faults({"match": {"operation": "delete-token"}, "do": "huge"})
    answer = shop.send("DELETE", issued["manage"], token=issued["value"])
    assert (answer.status_code, len(answer.content)) == (200, 16 * 1024 * 1024)


@pytest.mark.parametrize(("do", "count"), [("500-before", 0), ("500-after", 1)])
def test_a_crash_before_or_after_the_work_is_plain_text(
    sandbox: SandboxProcess, shop: WalletClient, worker: str, do: str, count: int
) -> None:
    answer = try_to_make(sandbox, shop, worker, do)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert made(sandbox, shop, worker) == count


@pytest.mark.parametrize("do", ["garbage", "not-json", "garbage-before", "huge"])
def test_answers_that_are_not_json(sandbox: SandboxProcess, shop: WalletClient, worker: str, do: str) -> None:
    answer = try_to_make(sandbox, shop, worker, do)
    assert answer.is_success
    with pytest.raises(ValueError):
        answer.json()


def test_a_huge_answer_is_huge(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    assert len(try_to_make(sandbox, shop, worker, "huge").content) == 16 * 1024 * 1024


@pytest.mark.parametrize("do", ["hang", "hang-after"])
def test_a_hanging_wallet_says_nothing(sandbox: SandboxProcess, shop: WalletClient, worker: str, do: str) -> None:
    shop.http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        try_to_make(sandbox, shop, worker, do)
    shop.http.timeout = httpx.Timeout(10)
    assert made(sandbox, shop, worker) == (do == "hang-after")


def test_a_hang_ends(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    with pytest.raises(httpx.TransportError):
        try_to_make(sandbox, shop, worker, "hang", seconds=0.2)


def test_a_delay_is_a_true_answer_later(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    begin = time.monotonic()
    assert try_to_make(sandbox, shop, worker, "delay", seconds=0.3).status_code == 201
    assert time.monotonic() - begin >= 0.3


def test_a_drip_passes_every_read_time_out(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    shop.http.timeout = httpx.Timeout(0.2)
    assert try_to_make(sandbox, shop, worker, "drip", seconds=0.001).json()["receivedAmount"] == amount(0, "MXN")


def test_altered_answers(sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> None:
    receiver = shop.incoming(sandbox, worker, amount(1000, "MXN")).json()["id"]

    def quoted(do: str) -> dict[str, object]:
        sandbox.faults({"match": {"operation": "create-quote"}, "do": do})
        answer: dict[str, object] = shop.quote(sandbox, payer, receiver).json()
        return answer

    true = shop.quote(sandbox, payer, receiver).json()
    assert quoted("wrong-amount")["receiveAmount"] == amount(2001, "MXN")
    assert quoted("wrong-asset")["debitAmount"] == {**true["debitAmount"], "assetCode": "XTS"}
    assert quoted("wrong-receiver")["receiver"] != receiver
    assert quoted("wrong-wallet")["walletAddress"] != payer
    assert quoted("wrong-types")["method"] == 3
    sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": "private-urls"})
    assert httpx.get(payer, trust_env=False).json()["authServer"].startswith("http://169.254.169.254/")


@pytest.mark.parametrize("do", [name for name, fault in FAULTS.items() if isinstance(fault, RequestFault)])
def test_every_fault_of_requests_in_the_catalogue_can_be_asked_for(
    sandbox: SandboxProcess, payer: str, do: str
) -> None:
    sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": do, "seconds": 0.001})
    with contextlib.suppress(httpx.TransportError):
        httpx.get(payer, trust_env=False)
    assert [each["fault"] for each in sandbox.requests("get-wallet-address")] == [do]


def test_any_status_can_be_asked_for_and_a_redirect(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    assert error(try_to_make(sandbox, shop, worker, "status:401"))[:2] == (401, "401")
    assert try_to_make(sandbox, shop, worker, "redirect").status_code == 302


def test_a_fault_strikes_as_often_as_asked_and_where(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    rule = {"match": {"operation": "create-incoming-payment", "wallet": "worker", "nth": 2}, "do": "500-before"}
    sandbox.faults({**rule, "times": 2})
    statuses = [shop.incoming(sandbox, wallet, None).status_code for wallet in (worker, payer, worker, worker, worker)]
    assert statuses == [201, 201, 500, 500, 201]
    sandbox.faults({"match": {"operation": "*"}, "do": "500-before", "times": None})
    assert {shop.ask(sandbox, []).status_code for _ in range(3)} == {500}
    sandbox.clear_faults()
    assert shop.incoming(sandbox, worker, None).status_code == 201


def test_a_fault_by_chance_is_the_same_for_the_same_seed(sandbox: SandboxProcess, payer: str) -> None:
    def struck() -> list[int]:
        rule = {"match": {"operation": "get-wallet-address"}, "do": "500-before", "times": None}
        sandbox.clear_faults()
        sandbox.faults({**rule, "chancePerMille": 300, "seed": 7})
        return [httpx.get(payer, trust_env=False).status_code for _ in range(20)]

    first = struck()
    assert set(first) == {200, 500}
    assert struck() == first


def test_what_does_not_exist_is_refused_with_a_reason(sandbox: SandboxProcess) -> None:
    for rule in ({"do": "explode"}, {"do": "hang", "match": {"who": "me"}}, {"do": "hang", "match": {"from": "x"}}):
        with pytest.raises(SandboxRefusedError):
            sandbox.faults(rule)
    with pytest.raises(SandboxRefusedError, match="there are forget, complete, pay-in, cancel"):
        sandbox.control("POST", "/faults/down", {"id": "7"})
    for settings in ({"waitSeconds": -1}, {"waitSeconds": "5"}, {"wait": 5}, {"onLowBalance": "wait"}):
        with pytest.raises(SandboxRefusedError):
            sandbox.settings(**settings)


def test_requests_are_counted_and_hold_no_secrets(sandbox: SandboxProcess, shop: WalletClient, worker: str) -> None:
    sandbox.clear_requests()
    token = shop.token(sandbox, "incoming-payment", "create")
    shop.send("POST", f"{sandbox.url}/op/incoming-payments", {"walletAddress": worker}, token=token)
    seen = sandbox.requests()
    assert [(each["operationId"], each["status"]) for each in seen] == [
        ("post-request", 200),
        ("create-incoming-payment", 201),
    ]
    assert token not in str(seen)
    keys_fetched = sandbox.requests("get-wallet-address-keys", from_wallets=True)
    assert len(keys_fetched) == 2  # on every call


def test_a_stopped_provider_refuses_connections(tmp_path: object) -> None:
    with SandboxProcess() as other:
        wallet = other.create_wallet("alice")
        other.stop()
        with pytest.raises(httpx.ConnectError):
            httpx.get(wallet, trust_env=False)


def test_every_fault_and_every_setting_is_described() -> None:
    page = (PROJECT / "docs/sandbox.md").read_text(encoding="utf-8")
    missing = {name for name in (*FAULTS, *Settings().to_wire()) if f"`{name}`" not in page}
    assert not missing
