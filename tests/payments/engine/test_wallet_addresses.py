"""What is typed as a wallet address, and what the wallet says when it is looked up."""

import pytest
from django.contrib.auth.models import User

from ledger import clock
from ledger.api import timeline
from payments.actions import wallets
from payments.models import WalletAddress
from payments.presentation.reasons import Refusal, sentence
from tests.driver import Stage, usable
from tests.sandbox.process import free_port

SECONDS = 3.0


def look(text: str) -> WalletAddress:
    return usable(text, SECONDS)


def words(wallet: WalletAddress) -> str:
    return sentence(wallet.problem, wallet.problem_params)


def test_a_wallet_that_answers_is_known_by_its_currency_and_name(stage: Stage) -> None:
    wallet = look(stage.worker_url)
    assert (wallet.asset_code, wallet.asset_scale, wallet.public_name, wallet.problem) == ("USD", 2, "Maria", "")
    assert wallet.is_usable
    assert wallet.checked_at


@pytest.mark.parametrize(
    "text", ["", "maria", "ftp://wallet.example/a", "https://", "$", "https://a b/c", "javascript:1"]
)
def test_what_is_no_address_is_refused_with_an_example(stage: Stage, text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        wallets.find_or_add(text)
    assert "wallet" in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "http://wallet.example/maria",
        "https://127.0.0.1/maria",
        "https://10.1.2.3/maria",
        "https://[::1]/maria",
        "https://[::ffff:10.0.0.1]/maria",
        "https://user:word@wallet.example/maria",
    ],
)
def test_an_address_that_is_not_public_is_refused_before_anything_is_called(stage: Stage, text: str) -> None:
    with pytest.raises(Refusal):
        wallets.find_or_add(text)


def test_a_wallet_that_nobody_runs_is_unreachable(stage: Stage, settings: object) -> None:
    from payments.client import client  # noqa: PLC0415 - the client reads the setting that this test changes

    host = f"127.0.0.1:{free_port()}"
    settings.OPEN_PAYMENTS_TRUSTED_HOSTS = [stage.sandbox.trusted_host, host]  # type: ignore[attr-defined] # pytest-django's
    client.cache_clear()
    wallet = look(f"http://{host}/maria")
    assert wallet.problem == "wallet_unreachable"
    assert host in words(wallet)
    client.cache_clear()


def test_a_wallet_that_does_not_exist_is_told_apart_from_one_that_is_down(stage: Stage) -> None:
    assert look(f"{stage.sandbox.url}/nobody").problem == "wallet_not_found"


@pytest.mark.parametrize("fault", ["not-json", "wrong-types", "truncate", "huge"])
def test_what_is_no_wallet_is_told(stage: Stage, fault: str) -> None:
    stage.sandbox.faults({"match": {"operation": "get-wallet-address"}, "do": fault, "times": None})
    wallet = look(stage.worker_url)
    assert wallet.problem in {"wallet_garbage", "wallet_unreachable"}
    assert not wallet.is_usable
    stage.sandbox.clear_faults()
    assert look(stage.worker_url).is_usable


def test_a_wallet_that_answers_as_another_is_not_trusted_until_a_person_looks(stage: Stage) -> None:
    wallet = renamed(stage)
    assert wallet.problem == "wallet_renamed"
    assert wallet.canonical_id == stage.worker_url
    assert not wallet.is_usable


def renamed(stage: Stage) -> WalletAddress:
    look(stage.worker_url)
    stage.sandbox.change_wallet("maria", name="mariana", keepOld=True)
    return look(stage.worker_url)


@pytest.mark.edits_rows("the wallet is proven at once")
def test_a_renamed_wallet_is_accepted_by_two_people(stage: Stage) -> None:
    wallet = renamed(stage)
    type(wallet).objects.update(proven_at=clock.now())
    luis = User.objects.create_user("luis", is_staff=True)
    assert not wallets.accept_change(wallet.pk, by=stage.staff)
    with pytest.raises(Refusal, match="accepted this yourself"):
        wallets.accept_change(wallet.pk, by=stage.staff)
    assert look(stage.worker_url).problem == "wallet_renamed"
    assert wallets.accept_change(wallet.pk, by=luis)
    wallet.refresh_from_db()
    assert wallet.problem == ""
    assert wallet.canonical_id != stage.worker_url
    assert wallet.proven_at is None, "it is another wallet, whose owner has proven nothing"
    assert look(stage.worker_url).is_usable
    with pytest.raises(Refusal, match="Nothing about this wallet address waits"):
        wallets.accept_change(wallet.pk, by=luis)
    kinds = [row.kind for row in timeline([("wallet", str(wallet.pk))])]
    assert kinds == ["wallet.added", "wallet.checked", "wallet.checked", "wallet.change_accepted", "wallet.changed"]


def test_what_was_accepted_is_what_was_shown(stage: Stage) -> None:
    """The wallet became yet another one before the second person came: both begin anew."""
    wallet = renamed(stage)
    luis = User.objects.create_user("luis", is_staff=True)
    wallets.accept_change(wallet.pk, by=stage.staff)
    wallet.refresh_from_db()
    wallet.found_instead = {**wallet.found_instead, "canonical_id": "https://wallet.example/mallory"}
    wallet.save()
    assert not wallets.accept_change(wallet.pk, by=luis)
    wallet.refresh_from_db()
    assert (wallet.problem, wallet.accepted_by) == ("wallet_renamed", luis)


def test_what_is_wrong_with_a_wallet_is_in_the_ledger(stage: Stage) -> None:
    look(stage.worker_url)
    stage.sandbox.change_wallet("maria", disabled=True)
    wallet = look(stage.worker_url)
    told = timeline([("wallet", str(wallet.pk))])
    reasons = [row.data["reason"] for row in told if row.kind == "wallet.checked"]
    assert reasons == ["", "wallet_not_found"]
