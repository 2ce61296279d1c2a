"""A payment from the first request to the money in the receiver's account."""

from pathlib import Path

import httpx

from payments.openpayments.interaction import hash_matches
from tests.sandbox.client import FINISH_URI, NONCE, WalletClient, amount, eventually
from tests.sandbox.process import SandboxProcess


def test_a_payer_approves_and_the_worker_has_the_money(
    sandbox: SandboxProcess, shop: WalletClient, payer: str, worker: str
) -> None:
    incoming = shop.incoming(sandbox, worker, amount(185_000, "MXN"), metadata={"job": "translation"}).json()
    quote = shop.quote(sandbox, payer, incoming["id"]).json()
    assert quote["receiveAmount"] == amount(185_000, "MXN")
    assert quote["debitAmount"] == amount(9_990)  # 1 MXN is 0.054 USD

    sandbox.settings(waitSeconds=0)
    asked = shop.ask_to_pay(sandbox, payer, {"debitAmount": quote["debitAmount"]}).json()
    finish = httpx.URL(sandbox.approve(asked["interact"]["redirect"]))
    assert str(finish).startswith(FINISH_URI + "&")
    assert hash_matches(
        finish.params["hash"],
        nonce=NONCE,
        finish=asked["interact"]["finish"],
        interact_ref=finish.params["interact_ref"],
        auth_server=f"{sandbox.url}/auth",
    )
    granted = shop.continue_(asked["continue"], finish.params["interact_ref"]).json()
    paid = shop.pay(sandbox, payer, quote["id"], granted["access_token"]["value"], metadata={"job": "translation"})
    assert paid.status_code == 201
    assert paid.json()["sentAmount"] == amount(0)

    eventually(lambda: sandbox.balance("worker") == 185_000)
    assert sandbox.balance("payer") == 1_000_000 - 9_990


def test_two_providers_pay_each_other(sandbox: SandboxProcess, shop: WalletClient, payer: str) -> None:
    with SandboxProcess(name="Copal Wallet") as other:
        other.settings(settleDelayMs=0)
        worker = other.create_wallet("worker", asset="EUR", balance=0)
        incoming = shop.incoming(other, worker, amount(5_000, "EUR")).json()
        quote = shop.quote(sandbox, payer, incoming["id"]).json()
        token = shop.allowed_to_pay(sandbox, payer, {"debitAmount": quote["debitAmount"]})
        assert shop.pay(sandbox, payer, quote["id"], token).status_code == 201
        eventually(lambda: other.balance("worker") == 5_000)


def test_a_provider_with_a_file_knows_everything_after_a_restart(http: httpx.Client, tmp_path: Path) -> None:
    with SandboxProcess(data=tmp_path / "wallets.sqlite3") as provider:
        shop = WalletClient.at(provider, http)
        payer, worker = provider.create_wallet("payer"), provider.create_wallet("worker", balance=0)
        provider.settings(settleDelayMs=60_000)
        incoming = shop.incoming(provider, worker, amount(500)).json()
        quote = shop.quote(provider, payer, incoming["id"]).json()
        token = shop.allowed_to_pay(provider, payer)
        assert shop.pay(provider, payer, quote["id"], token).status_code == 201

        provider.stop()
        provider.start()

        provider.clock(61)
        eventually(lambda: provider.balance("worker") == 500)


def test_the_clock_may_be_shared_in_a_file(http: httpx.Client, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    with SandboxProcess(clock_file=clock) as provider:
        shop = WalletClient.at(provider, http)
        token = shop.token(provider, "incoming-payment", "list")
        url = f"{provider.url}/op/incoming-payments?wallet-address={shop.signer.wallet_address}"
        assert shop.send("GET", url, token=token).status_code == 200
        clock.write_text("601")
        assert shop.send("GET", url, token=token).status_code == 403
