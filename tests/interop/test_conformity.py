"""The check against the documents can fail: each of these exchanges differs in one thing from one that is right."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.interop.conformity import answer_errors, operation_in, request_errors
from tests.interop.recording import Exchange, Message

SIGNED = {
    "accept": "application/json",
    "authorization": "GNAP t",
    "signature": "sig1=:AA==:",
    "signature-input": 'sig1=("@method");keyid="k";created=1',
}
JSON = {"content-type": "application/json", "content-digest": "sha-512=:AA==:"}
WALLET = "https://wallet.example/maria"
AMOUNT = {"value": "100", "assetCode": "USD", "assetScale": 2}
INCOMING = {
    "id": "https://wallet.example/op/incoming-payments/1",
    "walletAddress": WALLET,
    "incomingAmount": AMOUNT,
    "receivedAmount": {**AMOUNT, "value": "0"},
    "completed": False,
    "createdAt": "2026-01-01T00:00:00.000Z",
}
QUOTE = {
    "id": "https://wallet.example/op/quotes/1",
    "walletAddress": WALLET,
    "receiver": INCOMING["id"],
    "debitAmount": AMOUNT,
    "receiveAmount": AMOUNT,
    "method": "ilp",
    "createdAt": "2026-01-01T00:00:00.000Z",
}
GRANT = {"client": WALLET, "access_token": {"access": [{"type": "quote", "actions": ["create"]}]}}
TOKEN = {"value": "t", "manage": "https://wallet.example/auth/token/1", "access": [{"type": "quote", "actions": []}]}
CONTINUE = {"access_token": {"value": "c"}, "uri": "https://wallet.example/auth/continue/1"}
PAGE = {"pagination": {"hasNextPage": False, "hasPreviousPage": False}, "result": [INCOMING]}


def exchange(method: str, target: str, body: Any, status: int, answer: Any) -> Exchange:
    headers = SIGNED if body is None else SIGNED | JSON
    return Exchange(method, target, Message(headers, written(body)), status, Message(JSON, written(answer)))


def written(value: Any) -> bytes:
    return b"" if value is None else json.dumps(value).encode()


LIST = "/op/incoming-payments?wallet-address=https%3A%2F%2Fwallet.example%2Fmaria&first=2"
RIGHT = {
    "grant": exchange("POST", "/auth", GRANT, 200, {"access_token": TOKEN, "continue": CONTINUE}),
    "poll": exchange("POST", "/auth/continue/1", None, 200, {"continue": CONTINUE}),
    "too fast": exchange("POST", "/auth/continue/1", None, 400, {"error": {"code": "too_fast"}}),
    "quote": exchange(
        "POST", "/op/quotes", {"walletAddress": WALLET, "receiver": INCOMING["id"], "method": "ilp"}, 201, QUOTE
    ),
    "list": exchange("GET", LIST, None, 200, PAGE),
    "reading": exchange("GET", "/op/incoming-payments/1", None, 200, {**INCOMING, "methods": []}),
    "cancellation": exchange("DELETE", "/auth/continue/1", None, 204, None),
    "twice": exchange(
        "POST", "/op/incoming-payments/1/complete", None, 409, {"error": {"code": "409", "description": "wrong state"}}
    ),
}


def asked(name: str, **changes: Any) -> Exchange:
    right = RIGHT[name]
    body = {**json.loads(right.request.body or b"{}"), **changes}
    return replace(right, request=replace(right.request, body=written(body)))


def answered(name: str, **changes: Any) -> Exchange:
    right = RIGHT[name]
    return replace(right, answer=replace(right.answer, body=written({**json.loads(right.answer.body), **changes})))


def without(name: str, field: str) -> Exchange:
    right = RIGHT[name]
    headers = {given: value for given, value in right.request.headers.items() if given != field}
    return replace(right, request=replace(right.request, headers=headers))


WRONG_REQUESTS = {
    "a property too much": asked("quote", debit=1),
    "a property of another type": asked("quote", receiver=7),
    "not a receiver": asked("quote", receiver=WALLET),
    "both amounts": asked("quote", debitAmount=AMOUNT, receiveAmount=AMOUNT),
    "a negative amount": asked("quote", debitAmount={**AMOUNT, "value": "-1"}),
    "an amount above uint64": asked("quote", debitAmount={**AMOUNT, "value": str(2**64)}),
    "an amount as a number": asked("quote", debitAmount={**AMOUNT, "value": 100}),
    "an unknown kind of access": asked("grant", access_token={"access": [{"type": "gift", "actions": ["create"]}]}),
    "an action of another kind": asked("grant", access_token={"access": [{"type": "quote", "actions": ["list"]}]}),
    "an access with more": asked(
        "grant", access_token={"access": [{"type": "quote", "actions": ["create"], "limits": {}}]}
    ),
    "four kinds of access": asked(
        "grant", access_token={"access": [{"type": "quote", "actions": ["create"] * n} for n in range(4)]}
    ),
    "no body": replace(RIGHT["quote"], request=Message(SIGNED, b"")),
    "a body too much": replace(RIGHT["reading"], request=Message(SIGNED | JSON, b"{}")),
    "a body without its type": without("quote", "content-type"),
    "a body without its digest": without("quote", "content-digest"),
    "no signature": without("list", "signature"),
    "an unsigned grant request": without("grant", "signature-input"),
    "no token": without("list", "authorization"),
    "no accept": without("list", "accept"),
    "an unknown parameter": replace(RIGHT["list"], target=LIST + "&after=2"),
    "a parameter twice": replace(RIGHT["list"], target=LIST + "&first=2"),
    "a page too large": replace(RIGHT["list"], target=LIST.replace("first=2", "first=101")),
    "a page that is no number": replace(RIGHT["list"], target=LIST.replace("first=2", "first=two")),
    "no wallet address": replace(RIGHT["list"], target="/op/incoming-payments"),
}
WRONG_ANSWERS = {
    "a property too much": answered("quote", fee=AMOUNT),
    "a time of no form": answered("quote", createdAt="yesterday"),
    "an address of no form": answered("quote", id="not an address"),
    "methods in a list": answered("list", result=[{**INCOMING, "methods": []}]),
    "an empty cursor": answered("list", pagination={"hasNextPage": False, "hasPreviousPage": False, "endCursor": ""}),
    "a page without its flags": answered("list", pagination={}),
    "no methods when read": replace(RIGHT["reading"], answer=RIGHT["list"].answer),
    "a token with more": answered("grant", access_token={**TOKEN, "expires_at": 7}),
    "no continuation": replace(RIGHT["grant"], answer=Message(JSON, written({"access_token": TOKEN}))),
    "an error of another kind": answered("too fast", error={"code": "slow_down"}),
    "a status that is not documented": replace(RIGHT["quote"], status=202),
    "another success": replace(RIGHT["quote"], status=200),
    "a crash": replace(RIGHT["quote"], status=500),
    "a body of a deletion": replace(RIGHT["cancellation"], answer=RIGHT["list"].answer),
    "plain text": replace(RIGHT["quote"], answer=Message({"content-type": "text/plain"}, b"fine")),
    "not JSON": replace(RIGHT["quote"], answer=Message(JSON, b"{")),
    "a refusal beyond the documents without words": answered("twice", error={"code": "409"}),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_found_right(name: str) -> None:
    assert errors(RIGHT[name], request_errors) == errors(RIGHT[name], answer_errors) == []


@pytest.mark.parametrize("name", WRONG_REQUESTS)
def test_a_wrong_request_is_found(name: str) -> None:
    assert errors(WRONG_REQUESTS[name], request_errors)


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_a_wrong_answer_is_found(name: str) -> None:
    assert errors(WRONG_ANSWERS[name], answer_errors)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/op/quotes/1"), ("GET", "/"), ("POST", "/op/quotes/1/accept")])
def test_what_is_in_no_document_is_found(method: str, path: str) -> None:
    with pytest.raises(AssertionError):
        operation_in(exchange(method, path, None, 200, {}))


def errors(wrong: Exchange, check: Callable[..., list[str]]) -> list[str]:
    operation = operation_in(wrong)
    assert operation is not None
    return check(wrong, operation)
