"""One of several members of staff at work, each in a process of their own, on one database."""

import os
import sys
from collections.abc import Callable

import django

from tests import environment  # noqa: F401 - must run before the settings are read


def ask(by: str, job_ids: str, application_ids: str, form_id: str) -> str:
    """Ask for these workers' money (numbers with commas); the request's id."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - models can only be imported after the setup

    from jobs.funding import fund, seller_of  # noqa: PLC0415
    from jobs.models import Application, Job  # noqa: PLC0415

    jobs = [Job.objects.get(pk=key) for key in job_ids.split(",")]
    receivers = [Application.objects.get(pk=key) for key in application_ids.split(",")]
    return fund(jobs, receivers, seller_of(*jobs), by=User.objects.get(pk=by), form_id=form_id).pk


def accept(by: str, submission_id: str) -> str:
    """Accept a worker's work."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from jobs.decisions import accept_submission  # noqa: PLC0415

    return accept_submission(int(submission_id), by=User.objects.get(pk=by)).status


def report(by: str, application_id: str, form_id: str) -> str:
    """Report that ten pesos were paid to a worker in cash; the report's id."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from jobs.models import Application  # noqa: PLC0415
    from jobs.paid_outside import report  # noqa: PLC0415
    from ledger import days  # noqa: PLC0415
    from payments.actions.outside_payments import Paid  # noqa: PLC0415
    from payments.openpayments.amounts import Amount, Asset  # noqa: PLC0415

    paid = Paid(Amount(1000, Asset("MXN", 2)), days.today(), "cash", "Receipt 7")
    application = Application.objects.get(pk=application_id)
    return report(application, paid, by=User.objects.get(pk=by), form_id=form_id).pk


def draw(by: str, request_id: str, budget_id: str) -> str:
    """Pay a quoted request from a standing budget."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from payments.actions.standing_budgets import draw  # noqa: PLC0415

    return draw(request_id, budget_id, by=User.objects.get(pk=by)).state


ACTS: dict[str, Callable[..., str]] = {"ask": ask, "accept": accept, "draw": draw, "report": report}


def answer(act: str, *arguments: str) -> str:
    """What it gives; or how it was refused: the code, and the sentence."""
    from payments.presentation.reasons import Refusal  # noqa: PLC0415

    try:
        return ACTS[act](*arguments)
    except Refusal as refusal:
        return f"{refusal.code}: {refusal}"


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
    django.setup()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()  # so that all of them begin together
    sys.stdout.write(answer(*sys.argv[1:]))
