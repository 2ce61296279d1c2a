"""Time that stands still and money that moves only on command: what a run that can be repeated exactly needs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.sandbox.client import WalletClient, amount
from tests.sandbox.process import SandboxProcess

NOON = 1_790_000_000


def accepted(sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str) -> str:
    """An outgoing payment of 5.00 that was accepted: its address."""
    incoming = shop.incoming(sandbox, worker, amount(500)).json()
    quote = shop.quote(sandbox, payer, incoming["id"]).json()
    paid = shop.pay(sandbox, payer, quote["id"], shop.allowed_to_pay(sandbox, payer))
    assert paid.status_code == 201
    return str(paid.json()["id"])


def test_time_stands_still_at_the_moment_in_the_file(http: httpx.Client, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text(f"={NOON}")
    with SandboxProcess(clock_file=clock) as provider:
        assert provider.control("GET", "")["now"] == "2026-09-21T14:13:20+00:00"
        shop = WalletClient.at(provider, http)
        token = shop.token(provider, "incoming-payment", "list")
        url = f"{provider.url}/op/incoming-payments?wallet-address={shop.signer.wallet_address}"
        clock.write_text(f"={NOON + 599}")
        assert shop.send("GET", url, token=token).status_code == 200
        clock.write_text(f"={NOON + 601}")
        assert shop.send("GET", url, token=token).status_code == 403


def test_a_wallet_whose_clock_is_wrong_is_wrong_by_its_own_offset(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text(f"={NOON}")
    with SandboxProcess(clock_file=clock) as provider:
        provider.clock(-20)
        assert provider.control("GET", "")["now"] == "2026-09-21T14:13:00+00:00"


def test_money_moves_only_when_told(sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
    sandbox.settings(settleOnCommand=True)
    worker = sandbox.create_wallet("ana", balance=0)
    first, second = accepted(sandbox, shop, payer, worker), accepted(sandbox, shop, payer, worker)
    assert sandbox.balance("ana") == 0
    assert sandbox.settle(second) == {"ended": 1, "open": 1}
    assert sandbox.balance("ana") == 500
    assert sandbox.settle() == {"ended": 1, "open": 0}
    assert sandbox.balance("ana") == 1000
    assert sandbox.settle(first) == {"ended": 0, "open": 0}


def test_on_command_only_what_is_due_and_paid_for_moves(
    sandbox: SandboxProcess, shop: WalletClient, payer: str
) -> None:
    sandbox.settings(settleOnCommand=True, settleDelayMs=60_000)
    worker = sandbox.create_wallet("ana", balance=0)
    accepted(sandbox, shop, payer, worker)
    assert sandbox.settle() == {"ended": 0, "open": 1}
    sandbox.clock(61)
    assert sandbox.settle() == {"ended": 1, "open": 0}


def test_a_wallet_that_rotates_its_key_pays_with_the_new_one(
    sandbox: SandboxProcess, shop: WalletClient, payer: str
) -> None:
    sandbox.settings(settleOnCommand=True)
    worker = sandbox.create_wallet("ana", balance=0)
    accepted(sandbox, shop, payer, worker)
    before = sandbox.wallet("payer")["keyId"]
    sandbox.rotate_key("payer")
    after = sandbox.wallet("payer")
    assert after["keyId"] != before
    assert after["keyIds"] == [after["keyId"]]
    assert sandbox.settle() == {"ended": 1, "open": 0}
    assert sandbox.balance("ana") == 500


def test_money_that_is_told_to_move_while_it_moves_by_itself_moves_once(
    sandbox: SandboxProcess, shop: WalletClient, payer: str
) -> None:
    """Whoever tells it, and the provider's own turn, find the same payment on its way."""
    sandbox.settings(settleOnCommand=True)
    worker = sandbox.create_wallet("ana", balance=0)
    before = sandbox.balance("payer")
    accepted(sandbox, shop, payer, worker)
    asked = "get-incoming-payment"
    sandbox.faults({"match": {"operation": asked, "from": "wallet"}, "do": "delay", "seconds": 0.5, "times": 1})
    with ThreadPoolExecutor() as people:
        told = people.submit(sandbox.settle)
        while not [one for one in sandbox.requests(asked, from_wallets=True) if one["fromWallet"]]:
            assert not told.done(), "it is on its way for a while"
        sandbox.settings(settleOnCommand=False)
        assert told.result()["open"] == 0
    assert sandbox.settle()["open"] == 0
    assert (before - sandbox.balance("payer"), sandbox.balance("ana")) == (500, 500)
