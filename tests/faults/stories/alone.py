"""One payment to one worker, asked for by its amount: what every other way is made of."""

from payments.actions import requests, wallets
from payments.actions.requests import Contact, RequestLine
from payments.openpayments.amounts import Amount
from tests.faults.stories.base import AMOUNT, FORM, MARIA, SOL, USD, Story, request_of, rosa, seller, told
from tests.faults.world import World


class Alone(Story):
    name = "alone"
    says = "one payment to one worker"
    received = {MARIA: AMOUNT}
    paid = {SOL: AMOUNT + SOL.fee}
    mails = told(SOL, MARIA)

    def go_on(self, world: World) -> bool:
        if request_of(FORM):
            return False
        requests.ask(
            payer_wallet=wallets.find_or_add(world.address(SOL)),
            payer=Contact("Fundación Sol", SOL.email, "es"),
            seller=seller(),
            lines=[
                RequestLine(wallets.find_or_add(world.address(MARIA)), Contact("María", MARIA.email, "es"), _AMOUNT)
            ],
            title="Translation into Nahuatl",
            reference="PO-7",
            requested_by=rosa(),
            form_id=FORM,
        )
        return True


_AMOUNT = Amount(AMOUNT, USD)
