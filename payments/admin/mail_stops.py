"""Stopped addresses: nothing is mailed there, or nothing of one kind, until somebody lifts it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from payments.actions import mail_stops
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import MailStop
from payments.models.mail_stops import StopKind

MAY_STOP = "payments.change_mailstop"
#: `mail_stops` lifts one once, however many ask for it. What a reader stopped, the reader alone starts again.
on_stop = DecisionOn(lambda pk: MailStop.objects.get(pk=number_of(pk), kind=StopKind.BOUNCED), back="changelist")


class WhyStopForm(BaseDialogForm):
    """A reason, in a person's own words."""

    why = forms.CharField(
        label=_("Why?"), max_length=mail_stops.LONGEST_WORDS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


@admin.register(MailStop)
class MailStopAdmin(ReadOnlyAdmin):
    list_display = ("address", "kind_label", "why", "made_at", "who", "lifted_at")
    list_display_links = ("address",)
    list_select_related = ("made_by",)
    list_filter = (("kind", ChoicesDropdownFilter),)
    # Whole addresses: the index answers.
    search_fields = ("=email",)
    search_help_text = _("Whole email address, in small letters")
    fields = ("address", "kind_label", "why", "made_at", "who", "lifted_at")
    readonly_fields = fields
    actions_detail = ("lift_stop",)

    @display(description=_("email"), ordering="email")
    def address(self, row: MailStop) -> str:
        return row.email

    @display(description=_("what is stopped"), ordering="kind")
    def kind_label(self, row: MailStop) -> str:
        return str(StopKind(row.kind).label)

    @display(description=_("by"))
    def who(self, row: MailStop) -> str:
        return (row.made_by.get_full_name() or row.made_by.get_username()) if row.made_by else str(_("Its reader"))

    def has_lift_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(MAY_STOP)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, search_term.lower())

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        bounces = MailStop.objects.filter(pk=number_of(object_id), kind=StopKind.BOUNCED, lifted_at=None)
        return allowed if bounces.exists() else []

    @dialog_action(
        _("Mail there again"),
        permission="lift",
        icon="mark_email_read",
        variant=ActionVariant.PRIMARY,
        title=_("Mail to this address again?"),
        description=_(
            "New emails go there from then on. Those that were not sent meanwhile are not made up for: send them"
            " again from the outbox where that is needed."
        ),
        form=WhyStopForm,
        submit=_("Mail there again"),
    )
    @on_stop
    def lift_stop(self, row: MailStop, by: User, form: WhyStopForm) -> Sentence:
        mail_stops.lift(row, form.cleaned_data["why"], by=by)
        return _("Emails go to %(email)s again.") % {"email": row.email}
