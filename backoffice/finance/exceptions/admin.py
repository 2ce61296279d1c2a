"""The queue: what is open, oldest first, until it is empty."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant

from backoffice.finance.exceptions import files_page
from backoffice.finance.exceptions.attention import waiting_payments
from backoffice.finance.exceptions.bulk import resolve_marked
from backoffice.finance.exceptions.dialogs import (
    PERMISSION,
    AssignExceptionForm,
    ExceptionForm,
    ExceptionNoteForm,
    ResolveExceptionForm,
    who_may_resolve,
)
from backoffice.finance.exceptions.filters import AgeFilter, StillOpenFilter, WhoseFilter
from backoffice.finance.exceptions.words import MEANINGS, names_of, refusal_of, told
from backoffice.finance.subjects import pages_of
from ledger import clock
from ledger.api import timeline
from ledger.filters import BusinessDaysFilter
from ledger.models import StatementException
from ledger.models.statements import Age, age_of
from ledger.stamps import day_stamp
from ledger.statements import exceptions
from ledger.statements.amounts import expected_by, found_by
from ledger.statements.exceptions import ExceptionRefused
from ledger.statements.kinds import DifferenceType
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of
from payments.admin.readonly import ReadOnlyAdmin
from payments.presentation import timeline_lines
from payments.presentation.dates import age
from payments.presentation.timeline_text import describe

AGE_TONES = {Age.HOURS: "info", Age.DAYS: "warning", Age.WEEK: "danger", Age.LONGER: "danger"}
TYPE_TONES = {
    DifferenceType.MISSING_HERE: "warning",
    DifferenceType.MISSING_THERE: "danger",
    DifferenceType.OVER: "warning",
    DifferenceType.UNDER: "danger",
    DifferenceType.DUPLICATE: "info",
    DifferenceType.CURRENCY: "danger",
    DifferenceType.LATE: "info",
    DifferenceType.PAID_TWICE: "danger",
}
TONES = {tone: tone for tone in ("info", "warning", "danger", "success", "default")}

on_exception = DecisionOn(lambda pk: StatementException.objects.get(pk=number_of(pk)))


def _done(act: Callable[[], object], said: Sentence) -> Sentence:
    """Raises Refusal, in the words of this room, where `act` is refused."""
    try:
        act()
    except ExceptionRefused as refused:
        raise refusal_of(refused) from refused
    return said


@admin.register(StatementException)
class StatementExceptionAdmin(ReadOnlyAdmin):
    list_display = ("what", "waits", "expected", "found", "where", "assigned")
    list_display_links = ("what",)
    list_filter = (
        StillOpenFilter,
        ("type", ChoicesDropdownFilter),
        AgeFilter,
        WhoseFilter,
        ("source", RelatedDropdownFilter),
        ("at", BusinessDaysFilter),
    )
    list_select_related = ("source",)
    when_empty = _(
        "What wallets list is compared every night; import a file under “Statements” to have it compared at once."
    )
    ordering = ("first_seen", "id")
    search_fields = ("subject__exact",)
    search_help_text = _("The id of a payment")
    list_before_template = "admin/finance/exceptions/attention.html"
    change_form_template = "admin/finance/exceptions/exception.html"
    fields = ("id",)
    readonly_fields = fields
    actions = ("resolve_all_marked",)  # type: ignore[assignment]  # lists that are only read have none
    actions_detail = ("take", "assign", "note", "resolve")

    def has_change_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_resolve_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("file/", self.admin_site.admin_view(files_page.download), name="ledger_statementexception_download"),
            path("upload/", self.admin_site.admin_view(files_page.upload), name="ledger_statementexception_upload"),
        ]
        return [*own, *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the pages of what the rows are about, read at once."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        self._about = pages_of(row.subject for row in found.result_list if row.subject)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        self._names = names_of(user.pk for user in who_may_resolve())
        return super().changelist_view(request, {**(extra_context or {}), **waiting_payments(request)})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        row = context["original"]
        names = names_of([row.assigned_to, row.resolved_by, *row.notes.values_list("by", flat=True)])
        told_of = {
            "exception": row,
            "tone": TYPE_TONES[DifferenceType(row.type)],
            "meaning": MEANINGS[DifferenceType(row.type)],
            "expected": told(expected_by(row)),
            "found": told(found_by(row)),
            "about": pages_of([row.subject]).get(row.subject),
            "assigned": names.get(row.assigned_to, ""),
            "resolved_by": names.get(row.resolved_by, ""),
            "notes": [(names.get(one.by, ""), one) for one in row.notes.all()],
            "timeline": timeline_lines.lines(timeline([("exception", str(row.pk))]), describe),
        }
        return super().render_change_form(request, {**context, **told_of}, *args, **options)

    # Columns

    @display(description=_("what is wrong"), label=TONES, ordering="type")
    def what(self, row: StatementException) -> tuple[str, Sentence]:
        if row.resolved_at:
            return "success", row.get_resolution_display()
        return TYPE_TONES[DifferenceType(row.type)], row.type_label

    @display(description=_("waiting time"), label=TONES, ordering="first_seen")
    def waits(self, row: StatementException) -> tuple[str, str]:
        if row.resolved_at:
            return "default", age(row.first_seen)
        return AGE_TONES[age_of(row.first_seen, clock.now())], age(row.first_seen)

    @display(description=_("we say"))
    def expected(self, row: StatementException) -> str:
        """With what of ours it is about."""
        amount, about = told(expected_by(row)) or "-", self._about.get(row.subject)
        if about is None:
            return amount
        return format_html(
            '<div class="tequio-cell">{}<br><a href="{}">{}</a></div>', amount, about.link, about.receiver
        )

    @display(description=_("they say"))
    def found(self, row: StatementException) -> str:
        return told(found_by(row)) or "-"

    @display(description=_("source"), ordering="at")
    def where(self, row: StatementException) -> str:
        name, when = row.source.name, day_stamp(row.at)
        return format_html(
            '<div class="tequio-cell tequio-break">{}<br><span class="tequio-meta">{}</span></div>', name, when
        )

    @display(description=_("taken care of by"), empty_value=_("nobody yet"))
    def assigned(self, row: StatementException) -> str | None:
        return self._names.get(row.assigned_to) if row.assigned_to else None

    # Acting

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        row = StatementException.objects.filter(pk=number_of(object_id)).first()
        if row is None or row.resolved_at:
            return [one for one in allowed if one.method.original_function_name == "note"]
        mine = row.assigned_to == request.user.pk
        return [one for one in allowed if not (mine and one.method.original_function_name == "take")]

    @dialog_action(
        _("Take care of it"),
        permission="resolve",
        icon="front_hand",
        title=_("Take care of this exception?"),
        description=_("Your name stands beside it, so that nobody else begins with it."),
        form=ExceptionForm,
        submit=_("I take care of it"),
    )
    @on_exception
    def take(self, row: StatementException, by: User, _form: ExceptionForm) -> Sentence:
        return _done(lambda: exceptions.assign(row.pk, by.pk, by=by.pk), _("You take care of this exception now."))

    @dialog_action(
        _("Assign"),
        permission="resolve",
        icon="person_add",
        title=_("Who takes care of this exception?"),
        form=AssignExceptionForm,
        submit=_("Assign"),
    )
    @on_exception
    def assign(self, row: StatementException, by: User, form: AssignExceptionForm) -> Sentence:
        to = int(form.cleaned_data["to"]) or None
        return _done(lambda: exceptions.assign(row.pk, to, by=by.pk), _("It is noted who takes care of it."))

    @dialog_action(
        _("Note"),
        permission="resolve",
        icon="edit_note",
        title=_("Note something beside this exception?"),
        form=ExceptionNoteForm,
        submit=_("Write it down"),
    )
    @on_exception
    def note(self, row: StatementException, by: User, form: ExceptionNoteForm) -> Sentence:
        return _done(lambda: exceptions.note(row.pk, form.cleaned_data["text"], by=by.pk), _("The note was kept."))

    @dialog_action(
        _("Resolve"),
        permission="resolve",
        icon="done_all",
        variant=ActionVariant.PRIMARY,
        title=_("How does this exception end?"),
        form=ResolveExceptionForm,
        submit=_("Resolve"),
    )
    @on_exception
    def resolve(self, row: StatementException, by: User, form: ResolveExceptionForm) -> Sentence:
        given = form.cleaned_data
        act = lambda: exceptions.resolve(row.pk, given["resolution"], given["why"], by=by.pk)  # noqa: E731
        return _done(act, _("Resolved."))

    @admin.action(description=_("Resolve"), permissions=["resolve"])
    def resolve_all_marked(self, request: HttpRequest, queryset: QuerySet[StatementException]) -> HttpResponse | None:
        return resolve_marked(self, request, queryset)
