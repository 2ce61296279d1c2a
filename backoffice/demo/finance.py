"""What finance of the demo did: a statement imported, cash confirmed by two, months closed, wallets' lists compared."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import Final

from django.contrib.auth.models import User

from backoffice.demo.cast import Cast
from backoffice.demo.story import PaidByHand
from backoffice.finance.closing.close_month import close_month
from jobs import paid_outside
from jobs.models import Application, Job
from ledger import clock, days
from ledger.books.closing import closable_from, next_to_close
from ledger.books.sums import Total
from ledger.models import StatementSource
from ledger.statements import importing, sources
from payments.actions.outside_payments import Paid
from payments.client import client
from payments.models import IncomingPayment, OutsideSettlement, Seller
from payments.openpayments.amounts import Amount
from payments.openpayments.client import incoming_access
from payments.openpayments.transport import Deadline
from payments.reconciliation.files import compare_file
from payments.reconciliation.run import reconcile

CALL_SECONDS: Final = 10.0
RECONCILE_SECONDS: Final = 60.0
#: Whose wallet the imported statement is of.
HOLDS_MONEY: Final = "tequio-radio"
#: What the statement says otherwise: a charge that we know nothing of, a transfer from somebody unknown, and how much
#: more than our row the largest row has. In major units.
CHARGE, TRANSFER, MORE = "-12.50", "480.00", Decimal("5.00")


def cash(job: Job, application: Application, by: User) -> None:
    """The worker got all of it in cash; `by` says so, and finance confirms it."""
    evidence = "Receipt 118, signed by the singer at the office in Oaxaca."
    paid = Paid(job.budget, days.today(), OutsideSettlement.Means.CASH, evidence)
    row = paid_outside.report(application, paid, by=by, form_id=f"demo-cash-{job.pk}")
    paid_outside.confirm(row.pk, by=_finance())


def close_what_is_over() -> None:
    """Every month that can be closed by now, one after the other, once wallets' lists were compared."""
    while (month := next_to_close()) and closable_from(month) <= clock.now():
        compare_with_wallets()
        note = "The nightly check of the ledger did not run on this machine yet. Everything else was looked at."
        close_month(month, by=_finance(), note=note)


def import_statement() -> None:
    """Of the wallet that holds money, as its provider would print it; it says a little more than we know."""
    seller, by = Seller.objects.get(pk=HOLDS_MONEY), _finance()
    wallet = seller.wallet
    source = StatementSource(
        name=f"{seller.name}, Banco Jícara", account=wallet.canonical_id, asset_code=wallet.asset_code
    )
    sources.set_up(source, by=by.pk)
    rows = StringIO()
    csv.writer(rows).writerows(_printed(wallet.pk))
    statement = importing.look(source, "tequio-radio.csv", rows.getvalue().encode(), by=by.pk)
    importing.import_whole(statement.pk, by=by.pk)
    compare_file(source)


def _printed(wallet: int) -> Iterator[tuple[str, ...]]:
    today = days.today().isoformat()
    yield "Date", "Id", "Description", "Amount"
    received = IncomingPayment.objects.filter(wallet=wallet, received_value__gt=0).order_by("-received_value", "id")
    for number, row in enumerate(received):
        amount = Total(row.asset_code, row.asset_scale, row.received_value).major + (0 if number else MORE)
        day = row.created_at.astimezone(days.zone()).date().isoformat()
        yield day, row.remote_id.rpartition("/")[2], "Incoming payment", str(amount)
    yield today, "", "Account charge", CHARGE
    yield today, "", "Transfer from Casa de Cultura", TRANSFER


def paid_by_hand(cast: Cast, told: PaidByHand) -> None:
    """Somebody with our key had a worker's wallet receive money, past this program: only the wallet tells of it."""
    wallet, seller = cast.members[told.key].wallet, Seller.objects.get(is_default=True)
    assert wallet, "who is paid by hand has a wallet"
    hand, until, signer = client(), Deadline.after(CALL_SECONDS), seller.signer()
    given = hand.request_grant(
        wallet.auth_server, signer=signer, access=[incoming_access(["create", "read"])], deadline=until
    ).token
    assert given, "a wallet asks nobody for the right to receive"
    amount = Amount.from_major(told.amount, wallet.asset)
    incoming = hand.create_incoming_payment(
        wallet.resource_server,
        signer=signer,
        token=given,
        wallet_address=wallet.canonical_id,
        amount=amount,
        expires_at=None,
        metadata={"description": "Advance, sent by hand"},
        deadline=until,
    )
    cast.workers.pay_in(incoming.id, amount.value)


def compare_with_wallets() -> None:
    """What the worker of a real installation does every night."""
    reconcile(RECONCILE_SECONDS)


def _finance() -> User:
    return User.objects.get(username="luis")
