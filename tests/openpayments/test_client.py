"""Each call against a server that answers as the specification says: what we send, what we understand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.openpayments.access import InteractRequest, Limits, incoming_access, outgoing_access, quote_access
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer, Refused
from payments.openpayments.interaction import new_nonce
from payments.openpayments.keys import generate_key, public_jwk
from payments.openpayments.signing import ReceivedRequest, Signer, verify
from payments.openpayments.transport import Deadline, utc_now
from payments.openpayments.types import AccessToken, Continuation
from tests.openpayments.answers import (
    grant_with_interaction,
    grant_with_token,
    incoming,
    outgoing,
    page,
    quote,
    usd,
    wallet_address,
)
from tests.openpayments.wallet_server import Received, Reply, WalletServer

USD = Asset("USD", 2)


def assert_signed(wallet: WalletServer, request: Received, signer: Signer) -> None:
    received = ReceivedRequest(request.method, f"{wallet.origin}{request.path}", request.headers, request.body)
    verify(received, lambda _: signer.private_key.public_key(), now=utc_now())


# Wallet addresses


def test_a_wallet_address_is_read(wallet: WalletServer, client: Client, deadline: Deadline) -> None:
    wallet.on("GET", "/alice", Reply(wallet_address(wallet)))
    found = client.get_wallet_address(wallet.alice, deadline=deadline)
    assert (found.id, found.public_name, found.asset) == (wallet.alice, "Alice", USD)
    assert found.auth_server == f"{wallet.origin}/auth"
    assert found.resource_server == f"{wallet.origin}/op"
    assert wallet.received[0].header("signature") is None


def test_a_wallet_address_by_another_name_is_confirmed_at_its_own(
    wallet: WalletServer, client: Client, deadline: Deadline
) -> None:
    wallet.on("GET", "/pointer", Reply(wallet_address(wallet)))
    wallet.on("GET", "/alice", Reply(wallet_address(wallet)))
    assert client.get_wallet_address(f"{wallet.origin}/pointer", deadline=deadline).id == wallet.alice
    assert [request.path for request in wallet.received] == ["/pointer", "/alice"]


@pytest.mark.parametrize("lie", ["authServer", "resourceServer", "assetCode", "assetScale", "id"])
def test_a_host_cannot_claim_another_wallet(wallet: WalletServer, client: Client, deadline: Deadline, lie: str) -> None:
    truth = wallet_address(wallet)
    lies: dict[str, Any] = {"assetCode": "EUR", "assetScale": 9}
    wallet.on("GET", "/mallory", Reply({**truth, lie: lies.get(lie, f"{wallet.origin}/evil")}))
    wallet.on("GET", "/alice", Reply(truth))
    wallet.on("GET", "/evil", Reply(truth))
    with pytest.raises(BadAnswer) as caught:
        client.get_wallet_address(f"{wallet.origin}/mallory", deadline=deadline)
    assert caught.value.why == "other_id"


def test_keys_of_a_wallet_address_are_read_and_other_kinds_left_out(
    wallet: WalletServer, client: Client, deadline: Deadline
) -> None:
    jwk = public_jwk(generate_key(), "key-1")
    wallet.on("GET", "/alice/jwks.json", Reply({"keys": [jwk.to_wire(), {"kty": "RSA"}, None]}))
    assert client.get_keys(wallet.alice, deadline=deadline) == [jwk]
    assert client.get_keys(wallet.alice + "/", deadline=deadline) == [jwk]


# Grants


def test_a_grant_that_needs_nobody(wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_token(wallet)))
    answer = client.request_grant(
        f"{wallet.origin}/auth",
        signer=signer,
        access=[incoming_access(["create", "read"]), quote_access(["create"])],
        deadline=deadline,
    )
    assert answer.token == AccessToken("ACCESS-CANARY", f"{wallet.origin}/auth/token/1", 600)
    assert not answer.is_pending
    assert "CANARY" not in repr(answer)
    assert wallet.received[0].json == {
        "access_token": {
            "access": [
                {"type": "incoming-payment", "actions": ["create", "read"]},
                {"type": "quote", "actions": ["create"]},
            ]
        },
        "client": "https://seller.example/shop",
    }
    assert_signed(wallet, wallet.received[0], signer)


def test_a_grant_that_the_payer_has_to_approve(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline
) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_interaction(wallet)))
    nonce = new_nonce()
    limits = Limits(debit_amount=Amount(10_300, USD), interval="R3/2026-01-01T00:00:00Z/P1M")
    answer = client.request_grant(
        f"{wallet.origin}/auth",
        signer=signer,
        access=[outgoing_access(["create", "read", "list"], wallet.alice, limits)],
        interact=InteractRequest("https://pay.example/finish?id=1", nonce),
        deadline=deadline,
    )
    assert answer.is_pending
    assert answer.interact is not None
    assert answer.interact.redirect == f"{wallet.origin}/auth/interact/1?nonce=x"
    assert answer.continue_ == Continuation(f"{wallet.origin}/auth/continue/1", "CONTINUE-CANARY", 5)
    assert "CANARY" not in repr(answer)
    body = wallet.received[0].json
    assert body["interact"] == {
        "start": ["redirect"],
        "finish": {"method": "redirect", "uri": "https://pay.example/finish?id=1", "nonce": nonce},
    }
    assert body["access_token"]["access"] == [
        {
            "type": "outgoing-payment",
            "actions": ["create", "read", "list"],
            "identifier": wallet.alice,
            "limits": {
                "debitAmount": {"value": "10300", "assetCode": "USD", "assetScale": 2},
                "interval": "R3/2026-01-01T00:00:00Z/P1M",
            },
        }
    ]


def test_continuing_waiting_and_cancelling(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline
) -> None:
    continuation = Continuation(f"{wallet.origin}/auth/continue/1", "CONTINUE")
    wallet.on("POST", "/auth/continue/1", Reply(grant_with_token(wallet)))
    wallet.on("DELETE", "/auth/continue/1", Reply(None, 204))
    assert client.continue_grant(continuation, "ref-1", signer=signer, deadline=deadline).token is not None
    pending = {"continue": {"uri": continuation.uri, "access_token": {"value": "NEXT"}, "wait": 5}}
    wallet.on("POST", "/auth/continue/1", Reply(pending))
    waiting = client.continue_grant(continuation, None, signer=signer, deadline=deadline)
    assert waiting.is_pending
    assert waiting.continue_ == Continuation(continuation.uri, "NEXT", 5)
    client.cancel_grant(continuation, signer=signer, deadline=deadline)
    first, second, third = wallet.received
    assert first.json == {"interact_ref": "ref-1"}
    assert second.body == b""
    assert second.header("content-type") is None
    assert third.method == "DELETE"
    for request in wallet.received:
        assert request.header("authorization") == "GNAP CONTINUE"
        assert_signed(wallet, request, signer)


def test_whose_wallet_it_is_is_asked_and_read(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline
) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_interaction(wallet)))
    interact = InteractRequest("https://pay.example/finish?id=1", new_nonce())
    asked = client.request_subject(
        f"{wallet.origin}/auth", wallet.alice, signer=signer, interact=interact, deadline=deadline
    )
    assert asked.is_pending
    assert wallet.received[0].json == {
        "client": signer.client,
        "interact": interact.to_wire(),
        "subject": {"sub_ids": [{"id": wallet.alice, "format": "uri"}]},
    }
    assert_signed(wallet, wallet.received[0], signer)
    continuation = Continuation(f"{wallet.origin}/auth/continue/1", "CONTINUE")
    both = [{"id": wallet.alice, "format": "uri"}, {"id": "acct:alice", "format": "account"}]
    more = {"uri": continuation.uri, "access_token": {"value": "NEXT"}}
    wallet.on("POST", "/auth/continue/1", Reply({"subject": {"sub_ids": both}, "continue": more}))
    said = client.continue_grant(continuation, "ref-1", signer=signer, deadline=deadline)
    assert (said.subjects, said.token, said.is_pending) == ((wallet.alice,), None, False)


@pytest.mark.parametrize("answer", ["token", "nothing"])
def test_whose_wallet_it_is_is_never_said_without_a_person(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline, answer: str
) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_token(wallet) if answer == "token" else {}))
    with pytest.raises(BadAnswer, match="no interaction"):
        client.request_subject(
            f"{wallet.origin}/auth",
            wallet.alice,
            signer=signer,
            interact=InteractRequest("https://pay.example/finish", new_nonce()),
            deadline=deadline,
        )


@pytest.mark.parametrize("subject", ["alice", {"sub_ids": "alice"}, {"sub_ids": [{"id": 7, "format": "uri"}]}])
def test_a_subject_in_another_shape_is_not_believed(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline, subject: Any
) -> None:
    continuation = Continuation(f"{wallet.origin}/auth/continue/1", "CONTINUE")
    wallet.on("POST", "/auth/continue/1", Reply({"subject": subject}))
    with pytest.raises(BadAnswer):
        client.continue_grant(continuation, "ref-1", signer=signer, deadline=deadline)


def test_rotating_and_revoking(
    wallet: WalletServer, client: Client, signer: Signer, token: AccessToken, deadline: Deadline
) -> None:
    fresh = {"value": "FRESH", "manage": f"{wallet.origin}/auth/token/2", "access": []}
    wallet.on("POST", "/auth/token/1", Reply({"access_token": fresh}))
    wallet.on("DELETE", "/auth/token/1", Reply(None, 204))
    rotated = client.rotate_token(token, signer=signer, deadline=deadline)
    assert rotated == AccessToken("FRESH", f"{wallet.origin}/auth/token/2", None)
    client.revoke_token(token, signer=signer, deadline=deadline)
    for request in wallet.received:
        assert request.body == b""
        assert request.header("authorization") == "GNAP TOKEN-VALUE"
        assert_signed(wallet, request, signer)


def test_what_no_wallet_could_accept_is_not_asked() -> None:
    with pytest.raises(ValueError, match="either"):
        Limits(debit_amount=Amount(1, USD), receive_amount=Amount(1, USD))
    for interval in (
        "P1M",
        "R3/2026-01-01T00:00:00Z",
        "R3/2026-01-01T00:00:00Z/P",
        "R3/2026-01-01T00:00:00Z/P1MT",
        "R0/2026-01-01T00:00:00Z/P1M",
    ):
        with pytest.raises(ValueError, match="interval"):
            Limits(interval=interval)
    with pytest.raises(ValueError, match="128 random bits"):
        InteractRequest("https://pay.example/finish", "short")


# Payments


def test_an_incoming_payment_is_made_read_completed_and_listed(
    wallet: WalletServer, client: Client, signer: Signer, credentials: dict[str, Any]
) -> None:
    expires_at = datetime.now(UTC) + timedelta(days=30)
    wallet.on("POST", "/op/incoming-payments", Reply(incoming(wallet), 201))
    wallet.on("GET", "/op/incoming-payments/1", Reply(incoming(wallet, receivedAmount=usd(2_500), completed=True)))
    wallet.on("POST", "/op/incoming-payments/1/complete", Reply(incoming(wallet, completed=True)))
    wallet.on("GET", "/op/incoming-payments", Reply(page(incoming(wallet), endCursor="c", hasNextPage=True)))
    made = client.create_incoming_payment(
        wallet.op,
        wallet_address=wallet.alice,
        amount=Amount(2_500, USD),
        expires_at=expires_at,
        metadata={"externalRef": "01J"},
        **credentials,
    )
    assert not made.has_received_all
    read = client.get_incoming_payment(made.id, **credentials)
    assert read.has_received_all
    assert read.received_amount == Amount(2_500, USD)
    assert client.complete_incoming_payment(made.id, **credentials).completed
    listed = client.list_incoming_payments(
        wallet.op, wallet_address=wallet.alice, first=10, cursor="b c", **credentials
    )
    assert (listed.items, listed.has_next, listed.end_cursor) == ((made,), True, "c")
    written = expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert wallet.received[0].json == {
        "walletAddress": wallet.alice,
        "incomingAmount": usd(2_500),
        "expiresAt": written,
        "metadata": {"externalRef": "01J"},
    }
    assert "first=10&cursor=b+c" in wallet.received[3].path
    for request in wallet.received:
        assert request.header("authorization") == "GNAP TOKEN-VALUE"
        assert_signed(wallet, request, signer)


def test_an_open_incoming_payment_has_no_amount(
    wallet: WalletServer, client: Client, signer: Signer, credentials: dict[str, Any]
) -> None:
    answer = incoming(wallet)
    del answer["incomingAmount"], answer["expiresAt"], answer["metadata"]
    wallet.on("POST", "/op/incoming-payments", Reply(answer, 201))
    made = client.create_incoming_payment(
        wallet.op, **credentials, wallet_address=wallet.alice, amount=None, expires_at=None, metadata=None
    )
    assert (made.incoming_amount, made.expires_at, made.metadata) == (None, None, {})
    assert not made.has_received_all
    assert wallet.received[0].json == {"walletAddress": wallet.alice}


def test_anybody_may_look_at_an_incoming_payment(wallet: WalletServer, client: Client, deadline: Deadline) -> None:
    wallet.on(
        "GET", "/op/incoming-payments/1", Reply({"authServer": f"{wallet.origin}/auth", "receivedAmount": usd(5)})
    )
    seen = client.get_public_incoming_payment(f"{wallet.origin}/op/incoming-payments/1", deadline=deadline)
    assert (seen.auth_server, seen.received_amount) == (f"{wallet.origin}/auth", Amount(5, USD))
    assert wallet.received[0].header("signature") is None
    assert wallet.received[0].header("authorization") is None


def test_a_quote_is_made_and_read(
    wallet: WalletServer, client: Client, signer: Signer, credentials: dict[str, Any]
) -> None:
    wallet.on("POST", "/op/quotes", Reply(quote(wallet), 201))
    wallet.on("GET", "/op/quotes/1", Reply(quote(wallet)))
    receiver = f"{wallet.origin}/op/incoming-payments/1"
    made = client.create_quote(
        wallet.op, **credentials, wallet_address=wallet.alice, receiver=receiver, receive_amount=Amount(2_500, USD)
    )
    assert (made.debit_amount, made.receive_amount) == (Amount(2_600, USD), Amount(2_500, USD))
    assert client.get_quote(made.id, **credentials) == made
    assert wallet.received[0].json == {
        "walletAddress": wallet.alice,
        "receiver": receiver,
        "method": "ilp",
        "receiveAmount": usd(2_500),
    }


def test_an_outgoing_payment_is_made_read_and_listed_with_what_was_spent(
    wallet: WalletServer, client: Client, signer: Signer, credentials: dict[str, Any]
) -> None:
    wallet.on("POST", "/op/outgoing-payments", Reply(outgoing(wallet, grantSpentDebitAmount=usd(0)), 201))
    wallet.on("GET", "/op/outgoing-payments/1", Reply(outgoing(wallet, sentAmount=usd(2_500))))
    wallet.on("GET", "/op/outgoing-payments", Reply(page(outgoing(wallet))))
    wallet.on("GET", "/op/outgoing-payment-grant", Reply({"spentDebitAmount": usd(9), "spentReceiveAmount": None}))
    quote_id = f"{wallet.origin}/op/quotes/1"
    made = client.create_outgoing_payment(
        wallet.op, wallet_address=wallet.alice, quote_id=quote_id, metadata={"description": "José"}, **credentials
    )
    assert (made.quote_id, made.failed, made.sent_amount.value) == (quote_id, False, 0)
    assert client.get_outgoing_payment(made.id, **credentials).sent_amount == Amount(2_500, USD)
    listed = client.list_outgoing_payments(wallet.op, wallet_address=wallet.alice, **credentials)
    assert (listed.items, listed.has_next, listed.end_cursor) == ((made,), False, None)
    spent = client.get_spent_amounts(wallet.op, **credentials)
    assert (spent.debit_amount, spent.receive_amount) == (Amount(9, USD), None)
    assert wallet.received[0].json["metadata"] == {"description": "José"}
    for request in wallet.received:
        assert_signed(wallet, request, signer)


def test_a_refusal_reaches_the_caller_as_it_is(
    wallet: WalletServer, client: Client, signer: Signer, token: AccessToken, deadline: Deadline
) -> None:
    wallet.on("GET", "/op/quotes/1", Reply({"error": {"code": "403", "description": "Inactive Token"}}, 403))
    with pytest.raises(Refused) as caught:
        client.get_quote(f"{wallet.origin}/op/quotes/1", signer=signer, token=token, deadline=deadline)
    assert caught.value.token_is_dead
