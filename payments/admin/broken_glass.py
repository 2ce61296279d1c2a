"""What one person decided alone: shown until another one has looked at it."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from ledger.stamps import stamp
from payments.actions import break_glass
from payments.admin.columns import Badge
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.locking import lock
from payments.mail.second_person import AUTHORISE
from payments.models import BrokenGlass
from payments.second_person import objection

#: The page of what was decided, by what the ledger calls it.
PAGES = {"request": "admin:payments_paymentrequest_change", "proposal": "admin:payments_proposal_change"}
on_glass = DecisionOn(lambda pk: lock(BrokenGlass.objects.all(), pk))


@admin.register(BrokenGlass)
class BrokenGlassAdmin(ReadOnlyAdmin):
    list_display = ("condition", "title", "person", "created_at", "seen_by", "seen_at")
    list_display_links = ("condition", "title")
    list_select_related = ("person", "seen_by")
    fields = ("condition", "decided", "person", "when", "words", "seen_by", "seen_when")
    readonly_fields = fields
    actions_detail = ("see",)

    @display(description=_("state"), label={"open": "danger", "seen": "default"})
    def condition(self, row: BrokenGlass) -> Badge:
        return (
            Badge("seen", _("Seen by another person"))
            if row.seen_at
            else Badge("open", _("Nobody else has looked yet"))
        )

    @display(description=_("what was decided"))
    def decided(self, row: BrokenGlass) -> str:
        return format_html('<a href="{}">{}</a>', reverse(PAGES[row.about], args=[row.about_id]), row.title)

    @display(description=_("decided"))
    def when(self, row: BrokenGlass) -> str:
        return stamp(row.created_at)

    @display(description=_("seen"))
    def seen_when(self, row: BrokenGlass) -> str:
        return stamp(row.seen_at) if row.seen_at else "-"

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = BrokenGlass.objects.filter(pk=object_id, seen_at=None).first()
        if row is None or objection(staff(request), [row.person_id]):
            return []
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed

    def has_see_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return request.user.has_perm(break_glass.BREAK_GLASS) or request.user.has_perm(AUTHORISE)

    @dialog_action(
        _("I have looked at it"),
        permission="see",
        icon="visibility",
        variant=ActionVariant.PRIMARY,
        title=_("Have you looked at what was decided?"),
        description=_("The overview then no longer warns of it. Is it wrong? Pause payments first, then put it right."),
        submit=_("I have looked at it"),
    )
    @on_glass
    def see(self, row: BrokenGlass, by: User, _form: BaseDialogForm) -> Sentence:
        break_glass.see(row.pk, by=by)
        return _("Noted: the ledger says that you looked at it.")
