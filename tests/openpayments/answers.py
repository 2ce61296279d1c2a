"""Answers of a well-behaved wallet, as the examples of the specification have them."""

from typing import Any

from tests.openpayments.wallet_server import WalletServer

Json = dict[str, Any]
CREATED = "2026-03-01T12:00:00.123Z"
NEVER = "2999-01-01T00:00:00Z"


def usd(value: int) -> Json:
    return {"value": str(value), "assetCode": "USD", "assetScale": 2}


def wallet_address(wallet: WalletServer, **changes: object) -> Json:
    return {
        "id": f"{wallet.origin}/alice",
        "publicName": "Alice",
        "assetCode": "USD",
        "assetScale": 2,
        "authServer": f"{wallet.origin}/auth",
        "resourceServer": f"{wallet.origin}/op",
        "someday": {"more": True},
    } | changes


def grant_with_token(wallet: WalletServer) -> Json:
    return {
        "access_token": {
            "value": "ACCESS-CANARY",
            "manage": f"{wallet.origin}/auth/token/1",
            "expires_in": 600,
            "access": [{"type": "incoming-payment", "actions": ["create", "read"]}],
        },
        "continue": {"uri": f"{wallet.origin}/auth/continue/1", "access_token": {"value": "CONTINUE-CANARY"}},
    }


def grant_with_interaction(wallet: WalletServer) -> Json:
    return {
        "interact": {"redirect": f"{wallet.origin}/auth/interact/1?nonce=x", "finish": "FINISH-CANARY"},
        "continue": {
            "uri": f"{wallet.origin}/auth/continue/1",
            "access_token": {"value": "CONTINUE-CANARY"},
            "wait": 5,
        },
    }


def incoming(wallet: WalletServer, **changes: object) -> Json:
    return {
        "id": f"{wallet.origin}/op/incoming-payments/1",
        "walletAddress": f"{wallet.origin}/alice",
        "incomingAmount": usd(2_500),
        "receivedAmount": usd(0),
        "completed": False,
        "expiresAt": NEVER,
        "createdAt": CREATED,
        "metadata": {"externalRef": "01J"},
        "methods": [{"type": "ilp", "ilpAddress": "test.alice", "sharedSecret": "SHARED-CANARY"}],
    } | changes


def quote(wallet: WalletServer, **changes: object) -> Json:
    return {
        "id": f"{wallet.origin}/op/quotes/1",
        "walletAddress": f"{wallet.origin}/alice",
        "receiver": f"{wallet.origin}/op/incoming-payments/1",
        "debitAmount": usd(2_600),
        "receiveAmount": usd(2_500),
        "method": "ilp",
        "expiresAt": NEVER,
        "createdAt": CREATED,
    } | changes


def outgoing(wallet: WalletServer, **changes: object) -> Json:
    return {
        "id": f"{wallet.origin}/op/outgoing-payments/1",
        "walletAddress": f"{wallet.origin}/alice",
        "quoteId": f"{wallet.origin}/op/quotes/1",
        "failed": False,
        "receiver": f"{wallet.origin}/op/incoming-payments/1",
        "debitAmount": usd(2_600),
        "receiveAmount": usd(2_500),
        "sentAmount": usd(0),
        "createdAt": CREATED,
        "metadata": {},
    } | changes


def page(*items: Json, **info: object) -> Json:
    return {"pagination": {"hasNextPage": False, "hasPreviousPage": False} | info, "result": list(items)}
