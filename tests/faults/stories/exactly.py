"""The funder pays exactly so much, fee included; the worker gets what that buys in their own currency."""

from dataclasses import replace
from typing import Final

from jobs.models import AmountSide
from payments.openpayments.amounts import Asset
from tests.faults.stories.base import AMOUNT, MARIA, PLATFORM, SOL, told
from tests.faults.stories.jobs import JobStory

MARIA_IN_PESOS: Final = replace(MARIA, asset=Asset("MXN", 2))
#: 99.00 USD, for one is the fee, at 0.054 USD each, rounded down.
BOUGHT: Final = 1_833_33


class Exactly(JobStory):
    name = "exactly"
    says = "the funder pays exactly so much, and the worker gets what that buys in another currency"
    people = (SOL, MARIA_IN_PESOS, PLATFORM)
    workers = (MARIA_IN_PESOS,)
    terms = {"amount_side": AmountSide.DEBIT}
    received = {MARIA_IN_PESOS: BOUGHT}
    paid = {SOL: AMOUNT}
    mails = told(SOL, MARIA_IN_PESOS)
