"""The owner of a wallet proves that it is theirs, in their own wallet, from a link in their mail."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_q.models import OrmQ

from ledger.api import timeline
from payments import limits
from payments.actions import requests, seller_keys, set_limits, set_rules, wallet_proofs
from payments.engine.prove_wallet import collect
from payments.mail.rendering import render
from payments.models import Message, PaymentRequest, WalletAddress, WalletProof
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe
from payments.states import ProofState, RequestState
from tests.driver import SECONDS, Stage

pytestmark = pytest.mark.django_db(transaction=True)
USD = Asset("USD", 2)


@pytest.fixture
def limit(stage: Stage) -> None:
    set_limits.set_proof_limit(Amount(50_00, USD), by=stage.staff)


@pytest.fixture
def proof(stage: Stage) -> WalletProof:
    """The link is in María's mail."""
    wallet = stage.worker
    return wallet_proofs.ask(
        wallet, stage.seller, name="María", email="maria@example.org", language="es", by=stage.staff
    )


def link(proof: WalletProof) -> str:
    """The path that the mail leads to."""
    found = re.search(r"https?://[^\s]+/prove/[^\s]+", render(Message.objects.filter(proof=proof)[0]).text)
    assert found
    return urlsplit(found[0]).path


def press(proof: WalletProof) -> str:
    """Where the button leads."""
    answer = Client().post(link(proof))
    assert answer.status_code == 302
    return str(answer["Location"])


def back(finish_url: str) -> str:
    """What the finish page leads to."""
    parts = urlsplit(finish_url)
    answer = Client().get(f"{parts.path}?{parts.query}")
    assert answer.status_code == 302
    return str(answer["Location"])


def confirmed(stage: Stage, proof: WalletProof) -> WalletProof:
    back(stage.sandbox.approve(press(proof)))
    return collect(proof.pk, SECONDS)


def is_proven(proof: WalletProof) -> bool:
    return WalletAddress.objects.get(pk=proof.wallet_id).proven_at is not None


def test_from_the_mail_to_proven(stage: Stage, proof: WalletProof) -> None:
    assert "¿Es suya esta billetera?" in Client().get(link(proof)).content.decode()
    page = press(proof)
    assert "/auth/interact/" in page
    landed = back(stage.sandbox.approve(page))
    assert urlsplit(landed).path == link(proof)
    waiting = Client().get(link(proof))
    assert waiting["Refresh"] == "2"
    assert "payments.tasks.collect_proof" in [task.func() for task in OrmQ.objects.all()]
    done = collect(proof.pk, SECONDS)
    assert (done.state, done.sealed) == (ProofState.PROVEN, "")
    assert is_proven(proof)
    shown = Client().get(link(proof))
    assert "Comprobado" in shown.content.decode()
    assert "Refresh" not in shown
    kinds = [row.kind for row in timeline([("proof", proof.pk)])]
    states = ["asked", "preparing", "pending", "returned", "collecting", "proven"]
    assert [kind for kind in kinds if kind.startswith("proof")] == [f"proof.{state}" for state in states]
    for row in timeline([("proof", proof.pk)]):
        assert "%(" not in describe(row).text
        assert "Recorded:" not in describe(row).text


def test_looking_at_the_page_asks_nobody(stage: Stage, proof: WalletProof) -> None:
    stage.sandbox.clear_requests()
    Client().get(link(proof))
    Client().head(link(proof))
    assert stage.sandbox.requests() == []
    assert WalletProof.objects.get().state == ProofState.ASKED


@pytest.mark.usefixtures("no_place")
def test_a_press_while_too_many_wait_for_wallets_says_to_try_again(stage: Stage, proof: WalletProof) -> None:
    stage.sandbox.clear_requests()
    answer = Client().post(link(proof), headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert "Demasiadas personas esperan" in answer.content.decode()
    assert stage.sandbox.requests() == []
    assert WalletProof.objects.get().state == ProofState.ASKED


def test_the_wallets_page_can_be_opened_twice_and_asked_for_again_when_it_ran_out(
    stage: Stage, proof: WalletProof
) -> None:
    first = press(proof)
    assert press(proof) == first
    stage.later(700)
    second = press(proof)
    assert second != first
    assert back(stage.sandbox.approve(second))
    assert collect(proof.pk, SECONDS).state == ProofState.PROVEN


def test_the_owner_says_no_and_then_yes(stage: Stage, proof: WalletProof) -> None:
    landed = back(stage.sandbox.reject(press(proof)))
    assert landed.endswith("?hint=rejected")
    assert "no lo confirmó" in Client().get(urlsplit(landed).path + "?hint=rejected").content.decode()
    assert not is_proven(proof)
    stage.later(700)
    assert confirmed(stage, proof).state == ProofState.PROVEN


def test_a_forged_return_changes_nothing(stage: Stage, proof: WalletProof) -> None:
    finish = stage.sandbox.approve(press(proof))
    query = {name: values[0] for name, values in parse_qs(urlsplit(finish).query).items()}
    forged = Client().get("/payments/finish", {**query, "hash": "A" * 43 + "="})
    assert forged["Location"].endswith("hint=invalid")
    assert WalletProof.objects.get().state == ProofState.PENDING
    stranger = Client().get("/payments/finish", {**query, "proof": "somebody:else"})
    assert stranger.status_code == 404
    again = [back(finish), back(finish)]
    assert again[0] == again[1]
    assert collect(proof.pk, SECONDS).state == ProofState.PROVEN


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ("wrong-wallet", "proof_other", "confirmó otra dirección"),
        ("not-json", "proof_lost", "se perdió"),
        ("500-after", "proof_lost", "se perdió"),
    ],
)
def test_an_answer_about_something_else_proves_nothing(
    stage: Stage, proof: WalletProof, fault: str, reason: str, words: str
) -> None:
    finish = stage.sandbox.approve(press(proof))
    back(finish)
    stage.sandbox.faults({"match": {"operation": "post-continue"}, "do": fault, "times": 1})
    done = collect(proof.pk, SECONDS)
    assert (done.state, done.reason) == (ProofState.ASKED, reason)
    assert not is_proven(proof)
    assert words in Client().get(link(proof)).content.decode()
    assert confirmed(stage, proof).state == ProofState.PROVEN


@pytest.mark.edits_rows("the wallet is another one at once")
def test_only_the_same_id_in_the_answer_counts(stage: Stage, proof: WalletProof) -> None:
    """The wallet became another one while its owner was away."""
    back(stage.sandbox.approve(press(proof)))
    WalletAddress.objects.filter(pk=proof.wallet_id).update(canonical_id=stage.payer_url)
    done = collect(proof.pk, SECONDS)
    assert (done.state, done.reason) == (ProofState.ASKED, "proof_other")
    assert not is_proven(proof)


@pytest.mark.edits_rows("the wallet names another server at once")
def test_only_the_server_that_is_named_at_the_id_is_asked(stage: Stage, proof: WalletProof) -> None:
    """What was kept of the wallet is not believed: it is looked up anew."""
    WalletAddress.objects.filter(pk=proof.wallet_id).update(auth_server="https://evil.example/auth")
    assert press(proof).startswith(stage.sandbox.url)
    assert WalletProof.objects.get().auth_server.startswith(stage.sandbox.url)


def test_an_id_that_answers_as_another_wallet_is_not_asked(stage: Stage, proof: WalletProof) -> None:
    stage.sandbox.change_wallet("maria", name="mariana", keepOld=True)
    assert urlsplit(press(proof)).path == link(proof)
    assert WalletProof.objects.get().reason == "wallet_garbage"
    assert stage.sandbox.requests("post-request") == []


def test_a_wallet_that_is_down_is_told_and_the_link_works_again(stage: Stage, proof: WalletProof) -> None:
    stage.sandbox.faults({"match": {"operation": "post-request"}, "do": "500-before", "times": 1})
    assert urlsplit(press(proof)).path == link(proof)
    assert "respondió con un error" in Client().get(link(proof)).content.decode()
    assert confirmed(stage, proof).state == ProofState.PROVEN


def test_a_worker_that_died_is_found_out_by_the_next_press(stage: Stage, proof: WalletProof) -> None:
    press(proof)
    WalletProof.objects.update(state=ProofState.COLLECTING)
    assert urlsplit(press(proof)).path == link(proof), "somebody is at it"
    stage.later(60)
    assert "/auth/interact/" in press(proof)


def test_the_link_ends_and_then_only_shows(stage: Stage, proof: WalletProof) -> None:
    stage.later(int(wallet_proofs.PROOF_LIFETIME.total_seconds()) + 60)
    assert urlsplit(press(proof)).path == link(proof)
    assert "<form" not in Client().get(link(proof)).content.decode()
    assert stage.sandbox.requests("post-request") == []
    anew = wallet_proofs.ask(
        proof.wallet, stage.seller, name="María", email="maria@example.org", language="es", by=stage.staff
    )
    assert anew != proof
    assert confirmed(stage, anew).state == ProofState.PROVEN


def test_a_link_that_is_not_ours_shows_nothing(db: None) -> None:
    assert Client().get("/prove/somebody:else").status_code == 404


def test_asked_again_the_same_link_is_mailed_again_and_to_another_address_a_new_one(
    stage: Stage, proof: WalletProof
) -> None:
    told = {"name": "María", "email": "maria@example.org", "language": "es"}
    assert wallet_proofs.ask(proof.wallet, stage.seller, by=stage.staff, **told) == proof
    assert Message.objects.filter(proof=proof).count() == 2
    other = wallet_proofs.ask(proof.wallet, stage.seller, by=stage.staff, **{**told, "email": "m@example.org"})
    proof.refresh_from_db()
    assert (proof.state, other.state) == (ProofState.ENDED, ProofState.ASKED)


def test_the_key_may_change_while_the_owner_is_in_their_wallet(stage: Stage, proof: WalletProof) -> None:
    stage.sandbox.settings(bindsKeys=True)
    page = press(proof)
    new = seller_keys.make("platform", "k2", by=stage.staff)
    stage.sandbox.change_keys("platform", add=[dict(new.jwk.to_wire())])
    seller_keys.check("platform", SECONDS)
    seller_keys.use("platform", by=stage.staff)
    stage.later(int(seller_keys.REST.total_seconds()) - 60)
    back(stage.sandbox.approve(page))
    stage.later(int(seller_keys.REST.total_seconds()) + 60)
    with pytest.raises(Refusal, match="still ends what was begun"):
        seller_keys.retire("platform", by=stage.staff)
    assert collect(proof.pk, SECONDS).state == ProofState.PROVEN
    seller_keys.retire("platform", by=stage.staff)


# Before a larger payment


def blocked(stage: Stage) -> PaymentRequest:
    request = stage.quoted()
    with pytest.raises(Refusal, match="María must first prove that the wallet"):
        requests.send(request.pk, by=stage.staff)
    request.refresh_from_db()
    assert request.state == RequestState.QUOTED
    return request


def test_a_payment_above_the_limit_is_not_asked_for_until_the_wallet_is_proven(stage: Stage, limit: None) -> None:
    request = blocked(stage)
    (proof,) = wallet_proofs.ask_receivers(request, by=stage.staff)
    assert (proof.email, proof.language) == ("maria@example.org", "es")
    assert confirmed(stage, proof).state == ProofState.PROVEN
    assert requests.send(request.pk, by=stage.staff).state == RequestState.AWAITING_APPROVAL
    with pytest.raises(Refusal, match="Nobody has to prove"):
        wallet_proofs.ask_receivers(request, by=stage.staff)


def test_up_to_the_limit_and_in_other_currencies_nobody_has_to_prove(stage: Stage, limit: None) -> None:
    request = stage.quoted(amount="50.00")
    assert requests.send(request.pk, by=stage.staff).state == RequestState.AWAITING_APPROVAL
    assert limits.unproven(request) == []


def test_the_second_person_does_not_let_it_through_either(stage: Stage) -> None:
    set_rules.set_rule(Amount(1_00, USD), by=stage.staff)
    request = requests.send(stage.quoted().pk, by=stage.staff)
    assert request.state == RequestState.AWAITING_AUTHORISATION
    set_limits.set_proof_limit(Amount(50_00, USD), by=stage.staff)
    with pytest.raises(Refusal, match="must first prove"):
        requests.authorise(request.pk, by=User.objects.create_user("luis"))


@pytest.mark.edits_rows("all wallets are proven at once")
def test_the_page_of_the_request_says_who_must_prove_and_sends_the_link(stage: Stage, limit: None) -> None:
    from django.urls import reverse  # noqa: PLC0415 - only here

    from tests.dialogs import confirm  # noqa: PLC0415 - only here

    request = blocked(stage)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    url = reverse("admin:payments_paymentrequest_change", args=[request.pk])
    action = reverse("admin:payments_paymentrequest_ask_proof", args=[request.pk])
    text = client.get(url).content.decode()
    assert "María must first prove that the wallet" in text
    assert action in text
    assert (
        "choose “Send the proof link”"
        in client.get(reverse("admin:payments_paymentrequest_send_request", args=[request.pk])).content.decode()
    )
    confirm(client, action)
    assert Message.objects.filter(template="proof").count() == 1
    text = client.get(url).content.decode()
    assert "is on its way to María" in text
    assert "María was asked to prove that the wallet" in text
    assert "Whose turn? Whoever receives it" in text
    assert "is asked to prove that it is theirs." in text, "the timeline"
    assert "Send the proof link again" in text
    assert "must first prove" not in text
    WalletAddress.objects.update(proven_at=request.created_at)
    assert action not in client.get(url).content.decode()
