"""`manage.py doctor`: looks at everything this installation needs, and says what is wrong and what to do.

It changes nothing and sends nothing. It exits with 1 when something is bad.
"""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.doctor.diagnoses import Diagnosis, Verdict
from backoffice.doctor.examination import examine


class Command(BaseCommand):
    help = "Looks at settings, database, clock, mail, the public address, wallets, keys and workers; says what to do."
    # What is wrong with the settings is for us to say, with everything else.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON array instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["json"]:
            found = list(examine())
            self.stdout.write(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=1))
        else:
            found = []
            for finding in examine():
                found.append(finding)
                self._print(finding)
            self._sum_up(found)
        if _count(found, Verdict.BAD):
            sys.exit(1)

    def _print(self, finding: Diagnosis) -> None:
        style = {Verdict.OK: self.style.SUCCESS, Verdict.WARN: self.style.WARNING, Verdict.BAD: self.style.ERROR}
        self.stdout.write(f"{style[finding.verdict](f'{finding.verdict:<4}')}  {finding.part}: {finding.sentence}")
        if finding.advice:
            self.stdout.write(f"      → {finding.advice}")

    def _sum_up(self, found: list[Diagnosis]) -> None:
        wrong, doubtful = _count(found, Verdict.BAD), _count(found, Verdict.WARN)
        if not wrong and not doubtful:
            self.stdout.write(self.style.SUCCESS(_("All is well.")))
            return
        text = ngettext(
            "%(bad)d thing is bad, warnings: %(warn)d.", "%(bad)d things are bad, warnings: %(warn)d.", wrong
        )
        self.stdout.write(text % {"bad": wrong, "warn": doubtful})


def _count(found: list[Diagnosis], verdict: Verdict) -> int:
    return sum(finding.verdict == verdict for finding in found)
