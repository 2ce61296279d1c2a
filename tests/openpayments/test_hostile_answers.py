"""A wallet that says yes and does not mean it: each lie is found, named, and leaves a POST's outcome unknown."""

from typing import Any

import pytest

from payments.openpayments.access import InteractRequest, incoming_access
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer
from payments.openpayments.interaction import new_nonce
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline
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
from tests.openpayments.wallet_server import Reply, WalletServer

USD = Asset("USD", 2)
PAST = "2020-01-01T00:00:00Z"
EUR_AMOUNT = {"value": "2500", "assetCode": "EUR", "assetScale": 2}
Change = dict[str, Any]


def bad_answer(call: Any, *arguments: Any, **options: Any) -> BadAnswer:
    with pytest.raises(BadAnswer) as caught:
        call(*arguments, **options)
    assert "CANARY" not in f"{caught.value} {caught.value!r}"
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>hello</html>",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"id":"a\\u0000"}',
        b'{"id":"\\ud800"}',
        b"\xff",
        b'{"id":1,"id":2}',
        b"[" * 50_000,
    ],
)
def test_what_is_not_a_json_object_is_no_answer(
    wallet: WalletServer, client: Client, deadline: Deadline, body: bytes
) -> None:
    wallet.on("GET", "/alice", Reply(body))
    error = bad_answer(client.get_wallet_address, wallet.alice, deadline=deadline)
    assert error.why in {"not_json", "wrong_shape"}
    assert not error.outcome_unknown


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": None}, "wrong_shape"),
        ({"id": 7}, "wrong_shape"),
        ({"id": ["x"]}, "wrong_shape"),
        ({"publicName": 7}, "wrong_shape"),
        ({"publicName": "x" * 5_000}, "wrong_shape"),
        ({"assetCode": ""}, "wrong_shape"),
        ({"assetCode": 1}, "wrong_shape"),
        ({"assetCode": "U\u202eD"}, "wrong_shape"),
        ({"assetScale": "2"}, "wrong_shape"),
        ({"assetScale": 2.0}, "wrong_shape"),
        ({"assetScale": True}, "wrong_shape"),
        ({"assetScale": 256}, "wrong_shape"),
        ({"authServer": "http://auth.example"}, "unsafe_url"),
        ({"authServer": "https://169.254.169.254/auth"}, "unsafe_url"),
        ({"authServer": "https://a:b@auth.example/"}, "unsafe_url"),
        ({"authServer": "https://auth.example/#x"}, "unsafe_url"),
        ({"authServer": "javascript:alert(1)"}, "unsafe_url"),
        ({"authServer": "https://xn--a/"}, "unsafe_url"),
        ({"resourceServer": "https://[::1]/op"}, "unsafe_url"),
        ({"resourceServer": "https://op.example/?a=b"}, "unsafe_url"),
        ({"id": "https://0x7f000001/alice"}, "unsafe_url"),
        ({"id": "file:///etc/passwd"}, "unsafe_url"),
    ],
)
def test_a_wallet_address_of_another_form_is_refused(
    wallet: WalletServer, client: Client, deadline: Deadline, change: Change, why: str
) -> None:
    wallet.on("GET", "/alice", Reply(wallet_address(wallet, **change)))
    assert bad_answer(client.get_wallet_address, wallet.alice, deadline=deadline).why == why


def test_a_public_name_is_made_fit_to_show(wallet: WalletServer, client: Client, deadline: Deadline) -> None:
    wallet.on("GET", "/alice", Reply(wallet_address(wallet, publicName="Ali\u202ece\n" + "x" * 300)))
    name = client.get_wallet_address(wallet.alice, deadline=deadline).public_name
    assert name is not None
    assert name.startswith("Ali ce x")
    assert len(name) == 200


@pytest.mark.parametrize(
    ("part", "change", "why"),
    [
        ("access_token", {"value": ""}, "wrong_shape"),
        ("access_token", {"value": "CANARY\r\nX: y"}, "wrong_shape"),
        ("access_token", {"value": "C" * 5_000}, "wrong_shape"),
        ("access_token", {"manage": "http://evil.example/token"}, "unsafe_url"),
        ("access_token", {"manage": None}, "wrong_shape"),
        ("access_token", {"expires_in": "600"}, "wrong_shape"),
        ("access_token", {"expires_in": -1}, "wrong_shape"),
        ("access_token", {"expires_in": 10**30}, "wrong_shape"),
        ("continue", {"uri": "https://10.0.0.1/continue"}, "unsafe_url"),
        ("continue", {"access_token": {}}, "wrong_shape"),
        ("continue", {"access_token": "CANARY"}, "wrong_shape"),
        ("continue", {"wait": 1.5}, "wrong_shape"),
    ],
)
def test_a_grant_answer_of_another_form_is_refused(
    wallet: WalletServer, client: Client, signer: Signer, *, part: str, change: Change, why: str
) -> None:
    answer = grant_with_token(wallet)
    answer[part] |= change
    wallet.on("POST", "/auth", Reply(answer))
    error = bad_answer(
        client.request_grant,
        f"{wallet.origin}/auth",
        signer=signer,
        access=[incoming_access(["create"])],
        deadline=Deadline.after(5),
    )
    assert error.why == why
    assert error.outcome_unknown


def test_a_token_that_needs_an_interaction_nobody_asked_for_is_refused(
    wallet: WalletServer, client: Client, signer: Signer, deadline: Deadline
) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_interaction(wallet)))
    access = [incoming_access(["create"])]
    auth_server = f"{wallet.origin}/auth"
    error = bad_answer(client.request_grant, auth_server, signer=signer, access=access, deadline=deadline)
    assert error.why == "interaction_required"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"interact": {"redirect": "javascript:alert(1)", "finish": "f"}}, "unsafe_url"),
        ({"interact": {"redirect": "http://phish.example/", "finish": "f"}}, "unsafe_url"),
        ({"interact": {"redirect": "https://ok.example/"}}, "wrong_shape"),
        ({"interact": None}, "wrong_shape"),
        ({"continue": None}, "wrong_shape"),
    ],
)
def test_nobody_is_sent_to_an_unsafe_place(
    wallet: WalletServer, client: Client, signer: Signer, change: Change, why: str
) -> None:
    wallet.on("POST", "/auth", Reply(grant_with_interaction(wallet) | change))
    error = bad_answer(
        client.request_grant,
        f"{wallet.origin}/auth",
        signer=signer,
        access=[incoming_access(["create"])],
        interact=InteractRequest("https://pay.example/finish", new_nonce()),
        deadline=Deadline.after(5),
    )
    assert error.why == why


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"walletAddress": "https://mallory.example"}, "other_wallet_address"),
        ({"incomingAmount": usd(2_499)}, "other_amount"),
        ({"incomingAmount": None}, "other_amount"),
        ({"incomingAmount": EUR_AMOUNT, "receivedAmount": EUR_AMOUNT | {"value": "0"}}, "other_amount"),
        ({"receivedAmount": EUR_AMOUNT}, "amounts_disagree"),
        ({"receivedAmount": usd(1)}, "already_received"),
        ({"receivedAmount": {"value": "-1", "assetCode": "USD", "assetScale": 2}}, "wrong_shape"),
        ({"receivedAmount": {"value": str(2**63), "assetCode": "USD", "assetScale": 2}}, "wrong_shape"),
        ({"completed": True}, "already_completed"),
        ({"completed": "false"}, "wrong_shape"),
        ({"expiresAt": PAST}, "expired"),
        ({"expiresAt": "tomorrow"}, "wrong_shape"),
        ({"expiresAt": "2026-02-30T00:00:00Z"}, "wrong_shape"),
        ({"expiresAt": "0001-01-01T00:00:00+23:59"}, "wrong_shape"),
        ({"createdAt": "2026-03-01"}, "wrong_shape"),
        ({"createdAt": "2026-03-01T12:00:00"}, "wrong_shape"),
        ({"metadata": "x"}, "wrong_shape"),
        ({"id": "http://evil.example/1"}, "unsafe_url"),
    ],
)
def test_an_incoming_payment_that_was_not_asked_for_is_refused(
    wallet: WalletServer, client: Client, credentials: Change, change: Change, why: str
) -> None:
    wallet.on("POST", "/op/incoming-payments", Reply(incoming(wallet, **change), 201))
    error = bad_answer(
        client.create_incoming_payment,
        wallet.op,
        wallet_address=wallet.alice,
        amount=Amount(2_500, USD),
        expires_at=None,
        metadata=None,
        **credentials,
    )
    assert error.why == why
    assert error.outcome_unknown


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"walletAddress": "https://mallory.example"}, "other_wallet_address"),
        ({"receiver": "https://mallory.example/incoming-payments/1"}, "other_receiver"),
        ({"receiveAmount": usd(2_499)}, "other_amount"),
        ({"receiveAmount": EUR_AMOUNT}, "other_amount"),
        ({"debitAmount": usd(0)}, "other_amount"),
        ({"debitAmount": 2600}, "wrong_shape"),
        ({"expiresAt": PAST}, "expired"),
        ({"method": "card"}, "wrong_shape"),
    ],
)
def test_a_quote_that_answers_something_else_is_refused(
    wallet: WalletServer, client: Client, credentials: Change, change: Change, why: str
) -> None:
    wallet.on("POST", "/op/quotes", Reply(quote(wallet, **change), 201))
    for asked in ({"receive_amount": Amount(2_500, USD)}, {"incoming_amount": Amount(2_500, USD)}):
        error = bad_answer(
            client.create_quote,
            wallet.op,
            wallet_address=wallet.alice,
            receiver=f"{wallet.op}/incoming-payments/1",
            **asked,
            **credentials,
        )
        assert error.why == why


def test_a_quote_never_debits_more_than_offered(wallet: WalletServer, client: Client, credentials: Change) -> None:
    ask = {"wallet_address": wallet.alice, "receiver": f"{wallet.op}/incoming-payments/1", **credentials}
    wallet.on("POST", "/op/quotes", Reply(quote(wallet), 201))
    for offered in (Amount(2_599, USD), Amount(2_600, Asset("USD", 3)), Amount(2_600, Asset("EUR", 2))):
        assert bad_answer(client.create_quote, wallet.op, debit_amount=offered, **ask).why == "other_amount"
    assert client.create_quote(wallet.op, debit_amount=Amount(2_600, USD), **ask).debit_amount.value == 2_600
    with pytest.raises(ValueError, match="either"):
        client.create_quote(wallet.op, debit_amount=Amount(1, USD), receive_amount=Amount(1, USD), **ask)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"walletAddress": "https://mallory.example"}, "other_wallet_address"),
        ({"quoteId": "https://mallory.example/quotes/1"}, "other_quote"),
        ({"sentAmount": EUR_AMOUNT}, "amounts_disagree"),
        ({"sentAmount": usd(2_601)}, "amounts_disagree"),
        ({"failed": 0}, "wrong_shape"),
        ({"id": "https://127.0.0.1/x"}, "unsafe_url"),
    ],
)
def test_an_outgoing_payment_that_was_not_asked_for_is_refused(
    wallet: WalletServer, client: Client, credentials: Change, change: Change, why: str
) -> None:
    wallet.on("POST", "/op/outgoing-payments", Reply(outgoing(wallet, **change), 201))
    error = bad_answer(
        client.create_outgoing_payment,
        wallet.op,
        wallet_address=wallet.alice,
        quote_id=f"{wallet.op}/quotes/1",
        metadata=None,
        **credentials,
    )
    assert error.why == why
    assert error.outcome_unknown


def test_another_thing_than_the_one_asked_for_is_refused(
    wallet: WalletServer, client: Client, credentials: Change
) -> None:
    for kind, make, get in (
        ("incoming-payments", incoming, client.get_incoming_payment),
        ("quotes", quote, client.get_quote),
        ("outgoing-payments", outgoing, client.get_outgoing_payment),
    ):
        wallet.on("GET", f"/op/{kind}/2", Reply(make(wallet)))
        assert bad_answer(get, f"{wallet.op}/{kind}/2", **credentials).why == "other_id"


def test_completing_means_completed(wallet: WalletServer, client: Client, credentials: Change) -> None:
    wallet.on("POST", "/op/incoming-payments/1/complete", Reply(incoming(wallet)))
    url = f"{wallet.op}/incoming-payments/1"
    assert bad_answer(client.complete_incoming_payment, url, **credentials).why == "not_completed"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({}, "wrong_shape"),
        ({"pagination": {"hasNextPage": False}, "result": []}, "wrong_shape"),
        ({"pagination": {"hasNextPage": True, "hasPreviousPage": False}, "result": []}, "wrong_shape"),
        ({"pagination": {"hasNextPage": False, "hasPreviousPage": False}, "result": {}}, "wrong_shape"),
        ({"pagination": {"hasNextPage": False, "hasPreviousPage": False}, "result": [7]}, "wrong_shape"),
    ],
)
def test_a_list_of_another_form_is_refused(
    wallet: WalletServer, client: Client, credentials: Change, answer: Change, why: str
) -> None:
    wallet.on("GET", "/op/outgoing-payments", Reply(answer))
    error = bad_answer(client.list_outgoing_payments, wallet.op, wallet_address=wallet.alice, **credentials)
    assert error.why == why


def test_a_list_holds_only_what_belongs_to_the_wallet(
    wallet: WalletServer, client: Client, credentials: Change
) -> None:
    stranger = outgoing(wallet, walletAddress="https://mallory.example")
    wallet.on("GET", "/op/outgoing-payments", Reply(page(outgoing(wallet), stranger)))
    error = bad_answer(client.list_outgoing_payments, wallet.op, wallet_address=wallet.alice, **credentials)
    assert error.why == "other_wallet_address"


def test_shared_secrets_and_tokens_are_never_printed(wallet: WalletServer, client: Client, credentials: Change) -> None:
    wallet.on("GET", "/op/incoming-payments/1", Reply(incoming(wallet)))
    payment = client.get_incoming_payment(f"{wallet.op}/incoming-payments/1", **credentials)
    printed = f"{payment!r} {credentials['token']!r} {credentials['signer']!r}"
    assert "CANARY" not in printed
    assert "TOKEN-VALUE" not in printed
