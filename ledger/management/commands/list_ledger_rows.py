"""`manage.py list_ledger_rows`: writes what the ledger vouches for into docs/ledger-rows.md."""

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from ledger.rows.page import page

PAGE: Final = settings.BASE_DIR / "docs" / "ledger-rows.md"


class Command(BaseCommand):
    help = "Writes into docs/ledger-rows.md which columns of which tables the ledger vouches for."

    def handle(self, *_args: Any, **_options: Any) -> None:
        PAGE.write_text(page(), encoding="utf-8")
        self.stdout.write(f"Written: {PAGE}")
