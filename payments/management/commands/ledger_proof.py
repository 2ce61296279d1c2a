"""`manage.py ledger_proof PAYMENT`: writes what the ledger says of a payment, for anybody to check offline."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from ledger.api import UnusableKey
from payments.models import Payment
from payments.presentation.payment_proof import proof_bytes, proof_name


class Command(BaseCommand):
    help = "Writes the proof of a payment into a file; ledger/verify_proof.py checks it, without this program."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("payment", help="the payment's id")
        parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where (default: here)")

    def handle(self, *_args: Any, payment: str, into: Path, **_options: Any) -> None:
        if not Payment.objects.filter(pk=payment).exists():
            raise CommandError(_("There is no payment %(id)s.") % {"id": payment})
        try:
            content = proof_bytes(payment)
        except UnusableKey as unusable:
            raise CommandError(str(unusable)) from unusable
        if content is None:
            raise CommandError(
                _("No signed checkpoint covers this payment yet. Is a key set, and is a worker running?")
            )
        file = into / proof_name(payment)
        file.write_bytes(content)
        self.stdout.write(_("Written: %(file)s") % {"file": file})
        self.stdout.write(f"python ledger/verify_proof.py {file} '…'")
