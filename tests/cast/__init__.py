"""The people of all tests, their wallets and their work, and payments between them in every state.

Rows of payments are made by the engine's own moves: what a test finds here is what the product may have written.
"""

from tests.cast.marketplace import BUDGET, applied, handed_in, job, member
from tests.cast.payments import (
    PAYER_WALLET,
    RECEIVER_WALLET,
    TITLE,
    asked,
    asked_proof,
    interaction,
    paid_to_maria,
    settled,
    standing_budget,
)
from tests.cast.people import person, signed_in, staff
from tests.cast.progress import ACTOR, approve, bring, end, grant_of, granted, settle, settle_but
from tests.cast.sellers import give_key, holder, radio, seller, seller_with_key
from tests.cast.wallets import unchecked_wallet, wallet

__all__ = [
    "ACTOR",
    "BUDGET",
    "PAYER_WALLET",
    "RECEIVER_WALLET",
    "TITLE",
    "applied",
    "approve",
    "asked",
    "asked_proof",
    "bring",
    "end",
    "give_key",
    "grant_of",
    "granted",
    "handed_in",
    "holder",
    "interaction",
    "job",
    "member",
    "paid_to_maria",
    "person",
    "radio",
    "seller",
    "seller_with_key",
    "settle",
    "settle_but",
    "settled",
    "signed_in",
    "staff",
    "standing_budget",
    "unchecked_wallet",
    "wallet",
]
