"""The button of a person's page that gives them access to a period, once a second administrator agrees."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.audit import access
from backoffice.audit.access import LONGEST, AuditPeriod
from ledger import days
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of


def _day(label: Any) -> forms.DateField:
    # The browser's own picker: the admin's scripts don't reach into a dialog.
    return forms.DateField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))


class AuditAccessForm(BaseDialogForm):  # type: ignore[misc]  # Unfold ships no types
    first = _day(_("First day"))
    last = _day(_("Last day"))
    until = _day(_("May look until"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last, until = (cleaned.get(name) for name in ("first", "last", "until"))
        if first and last and first > last:
            raise ValidationError({"last": _("The last day comes after the first.")})
        if until and not days.today() <= until <= days.today() + LONGEST:
            raise ValidationError({"until": _("A day from today on, in at most half a year.")})
        return cleaned


class AuditActions:
    """For the page of a person."""

    def has_audit_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(access.PERMISSION)

    @dialog_action(
        _("Let them audit a period"),
        permission="audit",
        icon="policy",
        path="audit",
        title=_("Let this person audit a period?"),
        description=_(
            "They see the payments of these days with all that is known of each, and can take files of evidence. Give"
            " them no role, and they see nothing else. A second administrator must agree; it ends by itself."
        ),
        form=AuditAccessForm,
        submit=_("Propose it"),
    )
    @DecisionOn(lambda pk: User.objects.get(pk=number_of(pk)))
    def let_audit(self, user: User, by: User, form: AuditAccessForm) -> Sentence:
        given = form.cleaned_data
        access.propose(user, AuditPeriod(given["first"], given["last"], given["until"]), by=by)
        return _("Proposed. A second person must agree.")
