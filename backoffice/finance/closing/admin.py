"""Closed months, each with what it came to; closing the next one, and opening the newest again, in dialogs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.dataclasses import UnfoldAction
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from backoffice.finance.closing import page
from backoffice.finance.closing.checklist import look
from backoffice.finance.closing.close_month import NotClosed, close_month, words_of
from backoffice.finance.closing.month_names import month_called, month_name
from backoffice.finance.closing.reopening import LONGEST_WHY, is_newest, propose_reopening
from ledger.admin.append_only import AppendOnlyAdmin
from ledger.api import timeline
from ledger.books.closing import CannotClose, Obstacle, next_to_close
from ledger.models import Closing
from ledger.months import CalendarMonth
from payments.admin.dialogs import SeenForm, dialog_action, go, staff
from payments.admin.proposing import say
from payments.presentation import timeline_lines
from payments.presentation.reasons import Refusal
from payments.presentation.timeline_text import describe

LONGEST_NOTE = 1000
#: What somebody writes of themselves or others is in the part of an entry that can be erased.
TIMELINE_LIMIT = 50


class CloseForm(SeenForm):
    """Shows what is open of the next month, and is good for just that month."""

    form_before_template = "admin/finance/closing/dialog.html"
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("If something is still open: why the month is closed all the same."),
    )

    @cached_property
    def month(self) -> CalendarMonth | None:
        return next_to_close()

    def now(self) -> str:
        return str(self.month or "")

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        month = self.month
        return {
            "month": month_name(month) if month else "",
            "checks": [result for result in look(month, thoroughly=False) if result.count] if month else [],
        }


class ReopenMonthForm(BaseDialogForm):
    why = forms.CharField(
        label=gettext_lazy("Why?"),
        max_length=LONGEST_WHY,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Whoever decides on it reads this."),
    )


@admin.register(Closing)
class ClosingAdmin(AppendOnlyAdmin):
    fields = ("id",)
    readonly_fields = fields
    actions_list = ("close_next",)
    actions_detail = ("reopen",)
    change_form_template = "admin/finance/closing/change_form.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page of all months, open ones too."""
        if not self.has_view_permission(request):
            refused: HttpResponse = super().changelist_view(request, extra_context)
            return refused
        return HttpResponseRedirect(reverse("admin:periods"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row: Closing = context["original"]
        more = {
            "title": month_called(row.month),
            "subtitle": None,
            **page.told_of(row),
            "may_download": request.user.has_perm("payments.download_journal"),
            "timeline": timeline_lines.lines(timeline([("closing", row.pk)], TIMELINE_LIMIT), describe),
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = Closing.objects.filter(pk=object_id).first()
        if row is None or not is_newest(row):
            return []
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed

    def has_close_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("ledger.close_period")

    def has_reopen_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("ledger.reopen_period")

    @dialog_action(
        gettext_lazy("Close the month"),
        permission="close",
        icon="event_available",
        path="close",
        variant=ActionVariant.PRIMARY,
        title=gettext_lazy("Close the month?"),
        description=gettext_lazy(
            "Nothing dated in it changes afterwards. What comes later is booked in an open month, and points back."
        ),
        form=CloseForm,
        submit=gettext_lazy("Close it"),
    )
    def close_next(self, request: HttpRequest, form: CloseForm) -> HttpResponse:
        try:
            month = _seen(form)
            closing = close_month(month, by=staff(request), note=form.cleaned_data["note"].strip())
        except NotClosed as why:
            messages.error(request, str(why))
            return go(request, reverse("admin:periods"))
        messages.success(request, _("%(month)s is closed.") % {"month": month_name(month)})
        return go(request, reverse("admin:ledger_closing_change", args=[closing.pk]))

    @dialog_action(
        gettext_lazy("Open it again"),
        permission="reopen",
        icon="lock_open",
        title=gettext_lazy("Open this month again?"),
        description=gettext_lazy(
            "A second administrator must agree. What it came to when it was closed stays to be read, and it can be"
            " closed anew."
        ),
        form=ReopenMonthForm,
        submit=gettext_lazy("Propose it"),
    )
    def reopen(self, request: HttpRequest, form: ReopenMonthForm, object_id: str) -> HttpResponse:
        row = get_object_or_404(Closing, pk=object_id)
        try:
            say(request, propose_reopening(row, " ".join(form.cleaned_data["why"].split()), by=staff(request)))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return go(request, reverse("admin:ledger_closing_change", args=[row.pk]))


def _seen(form: CloseForm) -> CalendarMonth:
    """The month that the dialog showed, if it is still the next one. Raises NotClosed."""
    month = CalendarMonth.read(form.cleaned_data["seen"])
    if month is None:
        raise NotClosed(_("Nothing was booked yet, so there is no month to close."))
    if not form.is_current:
        closed = Closing.objects.filter(month=str(month), reopening=None).first()
        error = CannotClose(Obstacle.CLOSED_ALREADY, closed.closed_by) if closed else CannotClose(Obstacle.NOT_NEXT)
        raise NotClosed(words_of(error, month))
    return month
