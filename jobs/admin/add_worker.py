"""The dialog on a job's page by which a member joins it: they apply, and may be selected at once."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from jobs import decisions, lifecycle
from jobs.admin.job_forms import job_at
from jobs.intake.applications import ApplicationIntake
from jobs.intake.keys import known_member
from jobs.models import Job, Member
from jobs.reasons import JobRefusal
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of

#: As long as an email address may be.
LONGEST_NAME = 254


class AddWorkerForm(BaseDialogForm):
    """By email, or by a name that only one member has."""

    member = forms.CharField(
        label=_("Email or name"),
        max_length=LONGEST_NAME,
        help_text=_("Of a member who is there already."),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    select = forms.BooleanField(
        label=_("Select them right away"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget()
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "member" not in cleaned:
            return cleaned
        try:
            cleaned["application"] = self._intake(_named(cleaned["member"]))
        except JobRefusal as refusal:
            self.add_error("member", str(refusal))
        return cleaned

    def _intake(self, member: Member) -> ApplicationIntake:
        """Judged as every new application is."""
        intake = ApplicationIntake({"job": job_at(self.object_id).pk, "worker": member.pk})
        for error in (text for texts in intake.errors.values() for text in texts):
            self.add_error("member", error)
        return intake


def _named(written: str) -> Member:
    """Raises JobRefusal where nobody is called so, or several are."""
    if found := known_member(written):
        return found
    match list(Member.objects.filter(name=written).order_by("pk")[:2]):
        case [one]:
            return one
        case []:
            raise JobRefusal("no_member_of_name", name=written)
        case _:
            raise JobRefusal("several_members_of_name", name=written)


class AddWorker:
    """The action of a job's page."""

    def has_add_worker_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perms(["jobs.add_application", "jobs.change_application"])

    @dialog_action(
        _("Add a worker"),
        permission="add_worker",
        icon="person_add",
        path="add-worker",
        title=_("Add a worker to this job?"),
        description=_("No money moves now. Whoever is selected is told by mail."),
        form=AddWorkerForm,
        submit=_("Add"),
    )
    @DecisionOn(lambda pk: lifecycle.lock_job(number_of(pk)))
    def add_worker(self, _job: Job, by: User, form: AddWorkerForm) -> Sentence:
        application = form.cleaned_data["application"].keep(by=by)
        if not form.cleaned_data["select"]:
            return _("The worker was added to the applications.")
        decisions.select(application.pk, by=by)
        return _("The worker is selected.")
