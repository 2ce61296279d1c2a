"""The queue of notes by colleagues that name this person, until they have read them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.page_actions import PageAction
from backoffice.queue_counts import Viewer
from backoffice.to_do.shapes import Todo, TodoGroup, one_group
from jobs.models import Job, Member
from payments.admin.staff_notes import PLACE
from payments.mail.colleagues import name_of
from payments.models import NoteMention, Payment, PaymentRequest


@dataclass(frozen=True)
class NotedKind:
    """One kind of row that notes are about: what it is called by, and which permission its page needs."""

    model: type[Model]
    title: Callable[[Any], str]
    page: str
    pointed_to: tuple[str, ...] = ()  # which rows the title is read from, besides its own

    @property
    def permission(self) -> str:
        return f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"  # noqa: SLF001 - Django's public name


#: By what a note calls them.
KINDS: Final = {
    "job": NotedKind(Job, lambda row: row.title, "admin:jobs_job_change"),
    "member": NotedKind(Member, lambda row: row.name, "admin:jobs_member_change"),
    "request": NotedKind(PaymentRequest, lambda row: row.shown_title, "admin:payments_paymentrequest_change"),
    "payment": NotedKind(Payment, lambda row: row.request.shown_title, "admin:payments_payment_change", ("request",)),
}


def unseen(viewer: Viewer) -> QuerySet[NoteMention]:
    """Notes that name them, about what they may see."""
    kinds = [kind for kind, noted in KINDS.items() if viewer.has_perm(noted.permission)]
    found = NoteMention.objects.filter(colleague=viewer.pk, seen_at=None, note__about_kind__in=kinds)
    return found.select_related("note__written_by").order_by("note__written_at", "pk")


def mentions(_request: HttpRequest, found: list[NoteMention]) -> list[TodoGroup]:
    titles = _titles(found)

    def row(mention: NoteMention) -> Todo:
        note = mention.note
        link = f"{reverse(KINDS[note.about_kind].page, args=[note.about_id])}{PLACE}"
        return Todo(
            title=titles.get((note.about_kind, note.about_id), ""),
            who=name_of(note.written_by),
            amount="",
            about=note.text,
            since=note.written_at,
            link=link,
            action=PageAction(_("Read it there"), "alternate_email", link),
        )

    return one_group([row(mention) for mention in found])


def _titles(found: list[NoteMention]) -> dict[tuple[str, str], str]:
    """What each thing that is noted about is called; one query for each kind."""
    told: dict[tuple[str, str], str] = {}
    for kind, noted in KINDS.items():
        keys = [each.note.about_id for each in found if each.note.about_kind == kind]
        rows = noted.model._default_manager.filter(pk__in=keys)  # noqa: SLF001 - Django's public name
        told |= {(kind, str(row.pk)): noted.title(row) for row in rows.select_related(*noted.pointed_to)}
    return told
