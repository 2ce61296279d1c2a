"""The form in which a seller is entered, who may fill it in, and what is told of it."""

from ledger.api import timeline

WALLET = "https://wallet.example/radio"
ADD = "admin:payments_seller_add"
ALL = ("payments.view_seller", "payments.add_seller", "payments.change_seller")


def form(**fields: object) -> dict[str, object]:
    return {"id": "radio", "name": "Radio", "wallet_text": "$wallet.example/radio", "key_id": "k1", **fields}


def kinds(seller_id: str) -> list[str]:
    """What happened to the seller itself; its keys have a story of their own."""
    return [row.kind for row in timeline([("seller", seller_id)]) if row.kind.startswith("seller.")]
