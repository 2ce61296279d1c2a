"""The dialogs of one exception: each shows both sides, and is good for what it showed."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from backoffice.finance.exceptions.words import told
from ledger.models import StatementException
from ledger.models.statements import LONGEST_WORDS
from ledger.statements.amounts import expected_by, found_by
from ledger.statements.kinds import RESOLUTIONS, DifferenceType, Resolution
from payments.admin.dialogs import SeenForm, number_of
from payments.mail.colleagues import name_of, with_permission

PERMISSION = "ledger.resolve_statementexception"


def words_field(label: Any, help_text: Any = "") -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    return forms.CharField(label=label, max_length=LONGEST_WORDS, widget=widget, help_text=help_text)


class ExceptionForm(SeenForm):
    form_before_template = "admin/finance/exceptions/dialog.html"

    @cached_property
    def row(self) -> StatementException:
        found = StatementException.objects.select_related("source")
        return get_object_or_404(found, pk=number_of(self.object_id))

    def now(self) -> str:
        """What it says, who has it, and whether it is over."""
        row = self.row
        return ".".join(map(str, (row.identity[:16], row.assigned_to, row.resolution, row.notes.count())))

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        row = self.row
        return {"exception": row, "expected": told(expected_by(row)), "found": told(found_by(row))}


class ResolveExceptionForm(ExceptionForm):
    resolution = forms.ChoiceField(label=_("How does it end?"), widget=UnfoldAdminSelectWidget)
    why = words_field(_("Why?"), _("Auditors read this. Nothing is paid or sent back by it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["resolution"].choices = choices_of([DifferenceType(self.row.type)])


class AssignExceptionForm(ExceptionForm):
    to = forms.ChoiceField(label=_("Who takes care of it?"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(user.pk), name_of(user)) for user in who_may_resolve()]
        self.fields["to"].choices = [("0", _("Nobody yet")), *people]
        self.fields["to"].initial = str(self.row.assigned_to or 0)


class ExceptionNoteForm(ExceptionForm):
    text = words_field(_("Note"))


def who_may_resolve() -> list[User]:
    return with_permission(PERMISSION)


def choices_of(types: list[DifferenceType]) -> list[tuple[str, Any]]:
    """What fits at least one of these, in the order in which they are listed."""
    offered = {resolution for kind in types for resolution in RESOLUTIONS[kind]}
    return [(choice.value, choice.label) for choice in Resolution if choice in offered]
