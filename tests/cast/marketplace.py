"""A foundation that funds a job, and people who do it."""

from decimal import Decimal
from typing import Any

from jobs.models import Application, ApplicationStatus, Job, JobStatus, Member, Submission, SubmissionStatus
from payments.openpayments.amounts import Amount, Asset
from tests.cast.wallets import wallet

BUDGET = "1250.00"


def member(name: str, **columns: Any) -> Member:
    """Somebody with a wallet in pesos, unless another one, or None, is named."""
    key = name.split(maxsplit=1)[0].lower()
    if "wallet" not in columns:
        columns["wallet"] = wallet(key)
    return Member.objects.create(name=name, **{"email": f"{key}@example.org", "language": "es", **columns})


def job(status: JobStatus = JobStatus.SELECTING, **columns: Any) -> Job:
    budget = columns.pop("budget", Amount.from_major(Decimal(BUDGET), Asset("MXN", 2)))
    funder = columns.pop("funder", None) or member("Sol Foundation")
    return Job.objects.create(
        **{
            "title": "Stories in Nahuatl",
            "reference": "PO-7",
            "funder": funder,
            "status": status,
            "budget_value": budget.value,
            "budget_code": budget.asset.code,
            "budget_scale": budget.asset.scale,
            **columns,
        }
    )


def applied(
    to: Job, worker: Member | None = None, status: ApplicationStatus = ApplicationStatus.SELECTED
) -> Application:
    return Application.objects.create(job=to, worker=worker or member("Maria Lopez"), status=status)


def handed_in(application: Application, status: SubmissionStatus = SubmissionStatus.PENDING) -> Submission:
    return Submission.objects.create(application=application, text="Ce tonalli…", status=status)
