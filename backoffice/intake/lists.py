"""What a file of each list has in its columns, by which it knows the rows that are there, and what it says of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from jobs import deadlines, parse_amounts
from jobs.intake import keys
from jobs.intake.applications import ApplicationIntake
from jobs.intake.jobs import JobIntake
from jobs.intake.members import MemberIntake
from jobs.intake.rows import IntakeForm
from jobs.intake.submissions import SubmissionIntake
from jobs.models import Application, Job, Member, Submission
from jobs.reasons import JobRefusal

Cells = Mapping[str, str]
#: The row that is there already, if any, and what the form is told of the rows that the file names.
Found = tuple[Any, dict[str, Any]]
#: A day and an hour that mean one moment to everybody; `02/03` is two.
MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?")


@dataclass(frozen=True)
class FileColumn:
    """`field` is what the form calls it. `now` is what an existing row has there, as the file would write it."""

    field: str
    example: str
    now: Callable[[Any], str]
    about: Promise | str = ""
    needed: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Intake:
    """One list. `find` raises JobRefusal for what a row names, but is not there."""

    model: type[Model]
    form: type[IntakeForm[Any]]
    columns: Mapping[str, FileColumn]
    find: Callable[[Cells], Found]
    #: By these a file knows a row; no two rows of one file have the same.
    key: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.model._meta.label_lower  # noqa: SLF001 - Django's public name

    @property
    def known(self) -> dict[str, bool]:
        return {name: column.needed for name, column in self.columns.items()}


def _own(name: str) -> Callable[[Any], str]:
    return lambda row: str(getattr(row, name) or "")


def _moment(text: str) -> str:
    if not MOMENT.fullmatch(text):
        raise JobRefusal("moment_unclear", text=text)
    return text


def _when(name: str) -> Callable[[Any], str]:
    def now(row: Any) -> str:
        moment: datetime | None = getattr(row, name)
        return localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""

    return now


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,;|]+", text.lower()) if word]


def _wallet(member: Member) -> str:
    return member.wallet.url if member.wallet else ""


def _member(cells: Cells) -> Found:
    """Written in other capitals it is the same email, and stays as it is."""
    known = keys.known_member(cells["email"])
    return known, {"email": known.email} if known else {}


def _job(cells: Cells) -> Found:
    return keys.known_job(cells["reference"]), {"funder": keys.member_of(cells["funder_email"]).pk}


def _application(cells: Cells) -> Found:
    job, worker = keys.job_of(cells["job_reference"]), keys.member_of(cells["worker_email"])
    return keys.known_application(job, worker), {"job": job.pk, "worker": worker.pk}


def _submission(cells: Cells) -> Found:
    """What differs in one letter was handed in anew."""
    job, worker = keys.job_of(cells["job_reference"]), keys.member_of(cells["worker_email"])
    application = keys.application_of(job, worker)
    same = Submission.objects.filter(text=cells.get("text", ""), link=cells.get("link", ""), application=application)
    return same.order_by("pk").first(), {"application": application.pk}


_KIND: Final = _("person or organisation")
_USUAL: Final = _("Empty: the usual one of the funder.")
_OF_JOB: Final = FileColumn(
    "job", "NAH-001", lambda row: row.job.reference, _("The job's reference, which no other job has."), needed=True
)
_OF_WORKER: Final = FileColumn("worker", "maria@example.org", lambda row: row.worker.email, needed=True)
_WHEN: Final = _("As 2027-01-31 18:00, in the time zone of this site.")

MEMBERS: Final = Intake(
    Member,
    MemberIntake,
    {
        "email": FileColumn("email", "maria@example.org", _own("email"), _("By it a member is known."), needed=True),
        "name": FileColumn("name", "María Hernández", _own("name"), needed=True),
        "kind": FileColumn("kind", "person", _own("kind"), _KIND, read=str.lower),
        "language": FileColumn("language", "es", _own("language"), _("Of their emails: en or es."), read=str.lower),
        "wallet_address": FileColumn(
            "wallet_text", "https://wallet.example/maria", _wallet, _("Another one waits for a second person.")
        ),
    },
    find=_member,
    key=("email",),
)
JOBS: Final = Intake(
    Job,
    JobIntake,
    {
        "reference": FileColumn("reference", "NAH-001", _own("reference"), _("By it a job is known."), needed=True),
        "title": FileColumn("title", "Cuentos en náhuatl", _own("title"), needed=True),
        "funder_email": FileColumn("funder", "sol@example.org", lambda row: row.funder.email, needed=True),
        "budget": FileColumn(
            "budget_text",
            "1250.00",
            lambda row: parse_amounts.write(row.budget),
            _("For each worker, for example 1250.00."),
            needed=True,
        ),
        "currency": FileColumn("currency", "MXN", _own("budget_code"), _USUAL, read=str.upper),
        "amount_side": FileColumn(
            "amount_side",
            "receive",
            _own("amount_side"),
            _("What is exact: receive (what each worker gets) or debit (what the funder pays)."),
            read=str.lower,
        ),
        "workers_wanted": FileColumn("workers_wanted", "2", _own("workers_wanted")),
        "description": FileColumn("description", "Ce tonalli…", _own("description")),
        "target_language": FileColumn("target_language", "Náhuatl de la Huasteca", _own("target_language")),
        "deliverables": FileColumn(
            "deliverable_types",
            "text audio",
            lambda row: " ".join(row.deliverable_types),
            _("text, audio, video, image, other"),
            read=_words,
        ),
        "seller": FileColumn("seller", "", _own("seller_id"), _USUAL),
        **{
            name: FileColumn(name, "", _when(name), _WHEN, read=_moment)  # such days would soon be over
            for name in deadlines.DEADLINES
        },
    },
    find=_job,
    key=("reference",),
)
APPLICATIONS: Final = Intake(
    Application,
    ApplicationIntake,
    {"job_reference": _OF_JOB, "worker_email": _OF_WORKER},
    find=_application,
    key=("job_reference", "worker_email"),
)
SUBMISSIONS: Final = Intake(
    Submission,
    SubmissionIntake,
    {
        "job_reference": replace(_OF_JOB, now=lambda row: row.application.job.reference),
        "worker_email": replace(_OF_WORKER, now=lambda row: row.application.worker.email),
        "text": FileColumn("text", "Ce tonalli…", _own("text")),
        "link": FileColumn(
            "link", "https://example.org/cuento.mp3", _own("link"), _("A text or a link must be there.")
        ),
    },
    find=_submission,
    key=("job_reference", "worker_email", "text", "link"),
)
INTAKES: Final = {each.label: each for each in (MEMBERS, JOBS, APPLICATIONS, SUBMISSIONS)}
