"""One of several members of staff at work, each in a process of their own, on one database."""

import os
import sys

import django

from tests import environment  # noqa: F401 - must run before the settings are read


def ask(job_ids: str, application_ids: str, user_id: str, form_id: str) -> str:
    """Ask for these workers' money (numbers with commas); the request's id, or the code of the refusal."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - models can only be imported after the setup

    from jobs.funding import fund, seller_of  # noqa: PLC0415
    from jobs.models import Application, Job  # noqa: PLC0415
    from payments.telling.reasons import Refusal  # noqa: PLC0415

    jobs = [Job.objects.get(pk=key) for key in job_ids.split(",")]
    receivers = [Application.objects.get(pk=key) for key in application_ids.split(",")]
    try:
        return fund(jobs, receivers, seller_of(*jobs), by=User.objects.get(pk=user_id), form_id=form_id).pk
    except Refusal as refusal:
        return refusal.code


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
    django.setup()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()  # so that all of them begin together
    sys.stdout.write(ask(*sys.argv[1:]))
