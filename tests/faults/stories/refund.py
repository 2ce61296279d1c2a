"""A part of what was paid is sent back by who received it, from their own link."""

from typing import Final

from payments.actions import refunds
from payments.openpayments.amounts import Amount
from payments.states import RequestState
from tests.faults.stories.alone import Alone
from tests.faults.stories.base import AMOUNT, FORM, MARIA, SOL, USD, request_of, rosa, told
from tests.faults.world import World

BACK: Final = 40_00
REFUND: Final = "the-refund"


class Refund(Alone):
    name = "refund"
    says = "a part of a settled payment is sent back by who received it"
    payers = (SOL, MARIA)
    approvals = 2
    received = {MARIA: AMOUNT, SOL: BACK}
    paid = {SOL: AMOUNT + SOL.fee, MARIA: BACK}
    forms = (FORM, REFUND)
    mails = told(SOL, MARIA) + told(MARIA, SOL)

    def go_on(self, world: World) -> bool:
        if super().go_on(world):
            return True
        paid = request_of(FORM)
        if paid is None or paid.state != RequestState.SETTLED or request_of(REFUND):
            return False
        refunds.refund(paid.payments.get().pk, Amount(BACK, USD), by=rosa(), form_id=REFUND)
        return True
