"""How those who bring rows call the rows that are there: a member by their email, a job by its reference."""

from django.db.models import QuerySet
from django.db.models.functions import Lower

from jobs.models import Application, Job, Member
from jobs.reasons import JobRefusal


def members_of(email: str) -> QuerySet[Member]:
    """The one of this email, however it is written in capitals; nobody where it is empty.

    By the index of `one_member_of_an_email`, which has no empty ones, so the query must say that it wants none.
    """
    found = Member.objects.exclude(email="").alias(folded=Lower("email"))
    return found.filter(folded=email.lower()).select_related("wallet")


def known_member(email: str) -> Member | None:
    return members_of(email).first()


def member_of(email: str) -> Member:
    """Raises JobRefusal where there is none."""
    if found := known_member(email):
        return found
    raise JobRefusal("no_member_of_email", email=email)


def known_job(reference: str) -> Job | None:
    """Raises JobRefusal where several have it: which one is meant, nobody knows."""
    found = Job.objects.filter(reference=reference) if reference else Job.objects.none()
    match list(found.select_related("funder", "seller").order_by("pk")[:2]):
        case []:
            return None
        case [one]:
            return one
        case _:
            raise JobRefusal("several_jobs_of_reference", reference=reference)


def job_of(reference: str) -> Job:
    """Raises JobRefusal where there is none, or several."""
    if found := known_job(reference):
        return found
    raise JobRefusal("no_job_of_reference", reference=reference)


def known_application(job: Job, worker: Member) -> Application | None:
    return Application.objects.select_related("job", "worker").filter(job=job, worker=worker).first()


def application_of(job: Job, worker: Member) -> Application:
    """Raises JobRefusal where the worker never applied."""
    if found := known_application(job, worker):
        return found
    raise JobRefusal("no_application", name=worker.name, job=job.title)
