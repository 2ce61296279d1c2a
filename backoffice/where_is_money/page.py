"""“I wasn't paid”: one box, and for each payment that it finds where it stands and whose turn it is. Asks no wallet."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.dashboard.links import may_see
from backoffice.page_actions import PageAction
from backoffice.where_is_money import told
from backoffice.where_is_money.search import Found, of_member, search
from jobs.models import MemberNote
from payments.admin.dialogs import number_of
from payments.find_money import LookedFor

#: Payments that one answer shows; who needs others writes more of what they look for.
MOST: Final = 20
PERMISSION: Final = "payments.view_payment"


@dataclass(frozen=True)
class Other:
    """Something else that was found: a person, a job, a request or a wallet."""

    kind: str | Promise
    title: str
    about: str
    link: str


def where_view(request: HttpRequest) -> HttpResponse:
    """`q` is what is looked for; or `note` names a member's note, whose writer is."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    note = _note(request)
    wanted = LookedFor.read(note.member.email if note else request.GET.get("q", ""))
    found = of_member(request, note.member, MOST) if note else search(request, wanted, MOST)
    context = {
        **admin.site.each_context(request),
        "title": _("Where is the money?"),
        "wanted": wanted.text,
        "note": note,
        "done": _done(request, note),
        "waiting_notes": [] if note or wanted.text else _waiting_notes(request),
        "told": [*told.unasked(found.unasked), *told.payments(request, found.payments.rows)],
        "most": MOST,
        "more": found.payments.more,
        "others": _others(found),
    }
    return TemplateResponse(request, "admin/where_is_money/page.html", context)


def _note(request: HttpRequest) -> MemberNote | None:
    if "note" not in request.GET:
        return None
    if not may_see(request, MemberNote):
        raise PermissionDenied
    notes = MemberNote.objects.select_related("member__wallet", "handled_by")
    return get_object_or_404(notes, pk=number_of(request.GET["note"]))


def _done(request: HttpRequest, note: MemberNote | None) -> PageAction | None:
    """The dialog that says that somebody has seen to the note; None when it was, or this person may not."""
    if note is None or note.handled_at or not request.user.has_perm("jobs.change_membernote"):
        return None
    path = reverse("admin:jobs_membernote_done", args=[note.pk])
    return PageAction(_("Answered: it is done"), "mark_chat_read", path, dialog=True)


def _waiting_notes(request: HttpRequest) -> list[MemberNote]:
    """What to begin with where nothing is looked for: whoever waited longest."""
    if not may_see(request, MemberNote):
        return []
    return list(MemberNote.objects.filter(handled_at=None).select_related("member").order_by("written_at")[:MOST])


def _others(found: Found) -> list[Other]:
    lists: tuple[tuple[Any, str | Promise, str], ...] = (
        (found.people, gettext_lazy("Member"), "jobs_member"),
        (found.jobs, gettext_lazy("Job"), "jobs_job"),
        (found.requests, gettext_lazy("Payment request"), "payments_paymentrequest"),
        (found.wallets, gettext_lazy("Wallet address"), "payments_walletaddress"),
    )
    return [
        Other(kind, title_of(row), about(row), reverse(f"admin:{page}_change", args=[row.pk]))
        for few, kind, page in lists
        for row in few.rows
    ]


def title_of(row: Any) -> str:
    """What a row is called in a list of different things."""
    name = next(
        getattr(row, column)
        for column in ("name", "shown_title", "title", "url", "receiver_name")
        if hasattr(row, column)
    )
    return str(name)


def about(row: Any) -> str:
    """What tells it from others of its name."""
    told_by = ("email", "reference", "public_name", "payer_name")
    return " · ".join(str(value) for column in told_by if (value := getattr(row, column, "")))
