"""Who and what lines are about: their names and pages, all of one kind in one query."""

from collections.abc import Iterable, Mapping

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.finance.reports.filters import NOBODY
from backoffice.finance.reports.tables import LineName
from jobs.models import Job, Member
from ledger.books.sums import Key
from payments.models import Seller
from payments.models.payments import Purpose

STRANGER = _("Not a member")


def of_people(column: str, keys: Iterable[Key]) -> Mapping[Key, LineName]:
    """By the keys of movements; `column` is the one of `Movement` that they are from."""
    wanted = {str(key[0]) for key in keys}
    members = {key.removeprefix("member:") for key in wanted if key.startswith("member:")}
    sellers = {key.removeprefix("seller:") for key in wanted if key.startswith("seller:")}
    found = {
        **{member.key: _member(member) for member in Member.objects.filter(pk__in=members).only("pk", "name")},
        **{f"seller:{key}": name for key, name in _sellers(sellers).items()},
    }
    # Whoever was paid by the API, or paid, is known by their wallet only.
    return {(key,): _own(found.get(key, LineName(key or STRANGER)), {column: key or NOBODY}) for key in wanted}


def of_sellers(keys: Iterable[Key]) -> Mapping[Key, LineName]:
    wanted = {str(key[0]) for key in keys}
    found = _sellers(wanted)
    return {(key,): _own(found.get(key, LineName(key)), {"seller": key}) for key in wanted}


def of_jobs(keys: Iterable[Key]) -> Mapping[Key, LineName]:
    wanted = {key[0] for key in keys}
    jobs = Job.objects.filter(pk__in=wanted - {None}).only("pk", "title")
    found = {
        job.pk: LineName(
            _("%(title)s, job %(number)s") % {"title": job.title, "number": job.pk},
            reverse("admin:jobs_job_change", args=[job.pk]),
        )
        for job in jobs
    }
    of_none = LineName(_("Of no one job"))
    return {(key,): _own(found.get(key, of_none), {"job": str(key or NOBODY)}) for key in wanted}


def of_purposes(keys: Iterable[Key]) -> Mapping[Key, LineName]:
    return {key: LineName(Purpose(key[0]).label, rows={"purpose": str(key[0])}) for key in keys}


def _member(member: Member) -> LineName:
    return LineName(member.name, reverse("admin:jobs_member_change", args=[member.pk]))


def _sellers(ids: Iterable[str]) -> dict[str, LineName]:
    found = Seller.objects.filter(pk__in=set(ids)).only("pk", "name")
    return {row.pk: LineName(row.name, reverse("admin:payments_seller_change", args=[row.pk])) for row in found}


def _own(name: LineName, rows: Mapping[str, str]) -> LineName:
    return LineName(name.title, name.link, rows)
