"""`manage.py draw_states`: write docs/states.md from the transition tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation

from payments.state_diagram import page

PAGE = settings.BASE_DIR / "docs" / "states.md"


class Command(BaseCommand):
    help = "Write docs/states.md from the transition tables in payments/states.py."

    def handle(self, *_args: Any, **_options: Any) -> None:
        with translation.override("en"):
            PAGE.write_text(page(), encoding="utf-8")
        self.stdout.write(str(PAGE))
