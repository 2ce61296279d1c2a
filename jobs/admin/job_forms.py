"""The forms of a job: its page, and the dialogs of its actions."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from jobs import held_payments
from jobs.intake.jobs import JobIntake
from jobs.models import Job
from payments.admin.dialogs import SeenForm, number_of


class JobForm(JobIntake):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})
        look: dict[str, forms.Widget] = {"deliverable_types": UnfoldAdminCheckboxSelectMultipleWidget()}
        look |= {"budget_text": text, "currency": UnfoldAdminSelectWidget()}
        for name in look.keys() & self.fields.keys():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                look[name].choices = field.choices  # type: ignore[attr-defined]  # both choose among some
            field.widget = look[name]


def job_at(object_id: int | str | None) -> Job:
    """The job that a dialog's address names. Raises Http404, also for what can be no job's number."""
    return get_object_or_404(Job.objects.select_related("funder__wallet", "seller__wallet"), pk=number_of(object_id))


class MoveForm(SeenForm):
    """Carries the status that the person saw: a click on an older page moves nothing."""

    is_current = True  # `move_job` compares the status, and says what it is by now

    def now(self) -> str:
        return job_at(self.object_id).status


class CancelForm(MoveForm):
    """Shows which payments are called off, and that they are all that is."""

    form_before_template = "admin/jobs/job/calls_off.html"

    def now(self) -> str:
        waiting = ".".join(str(payout.pk) for payout in held_payments.of_job(job_at(self.object_id)))
        return f"{super().now()} {waiting}".strip()

    def get_before_template_context(self, _request: HttpRequest, _object_id: object = None) -> dict[str, Any]:
        return {"payouts": held_payments.of_job(job_at(self.object_id))}
