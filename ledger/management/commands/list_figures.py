"""`manage.py list_figures`: writes what each figure means into docs/figures.md."""

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from ledger.books.page import page

PAGE: Final = settings.BASE_DIR / "docs" / "figures.md"


class Command(BaseCommand):
    help = "Writes into docs/figures.md what each figure means, and what adds up to what."

    def handle(self, *_args: Any, **_options: Any) -> None:
        PAGE.write_text(page(), encoding="utf-8")
        self.stdout.write(f"Written: {PAGE}")
