"""Duplicating a job: a new draft for the same funder, with as much of the old one as somebody wants."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from jobs import deadlines, parse_amounts
from jobs.admin.job_forms import job_at
from jobs.intake.jobs import JobIntake
from jobs.models import Job
from jobs.models.jobs import MOST_WORKERS
from ledger import clock
from payments.admin.dialogs import SeenForm

MOST_DAYS: Final = 3650
TEXT: Final = ("description", "target_language", "deliverable_types")


class DuplicateForm(SeenForm):
    """What it makes is judged, and kept, as any new job is. The reference stays behind: by it one job is known."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=UnfoldAdminTextInputWidget())
    with_text = forms.BooleanField(
        label=_("With its description, target language and deliverables"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
    )
    budget_text = forms.CharField(label=_("Budget per worker"), max_length=40, widget=UnfoldAdminTextInputWidget())
    workers_wanted = forms.IntegerField(
        label=_("Workers wanted"), min_value=1, max_value=MOST_WORKERS, widget=UnfoldAdminIntegerFieldWidget()
    )
    days = forms.IntegerField(
        label=_("Deadlines later by so many days"),
        required=False,
        min_value=0,
        max_value=MOST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As many as have passed since the job was made. Empty: without deadlines."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._job = job_at(self.object_id)
        self.made: JobIntake | None = None
        told = {"title": self._job.title, "workers_wanted": self._job.workers_wanted}
        told |= {"budget_text": parse_amounts.write(self._job.budget)}
        if any(deadlines.of(self._job).values()):
            told["days"] = (clock.now() - self._job.created_at).days
        else:
            del self.fields["days"]
        for name, value in told.items():
            self.fields[name].initial = value
        self.fields["budget_text"].help_text = self._job.budget_code

    def now(self) -> str:
        """Another one once a job was made for this funder: a second click makes no second one."""
        of_funder = Job.objects.filter(funder=job_at(self.object_id).funder_id)
        return str(of_funder.order_by("-pk").values_list("pk", flat=True)[0])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self.made = JobIntake.of_part(self._wanted(cleaned))
            if not self.made.is_valid():
                raise ValidationError(self._mistakes(self.made))
        return cleaned

    def _wanted(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        job, days = self._job, cleaned.get("days")
        seller = None if job.seller is None or job.seller.retired_at else job.seller_id
        same = {"funder": job.funder_id, "seller": seller, "currency": job.budget_code, "amount_side": job.amount_side}
        text = {name: getattr(job, name) for name in TEXT} if cleaned["with_text"] else {}
        moved = {}
        if days is not None:
            there = {name: when for name, when in deadlines.of(job).items() if when}
            moved = {name: when + timedelta(days=days) for name, when in there.items()}
        own = {name: cleaned[name] for name in ("title", "budget_text", "workers_wanted")}
        return {**same, **text, **moved, **own}

    def _mistakes(self, made: JobIntake) -> dict[str, list[ValidationError]]:
        """Each beside the field of this dialog that it is about."""
        found: dict[str, list[ValidationError]] = {}
        for name, said in made.errors.as_data().items():
            where = "days" if name in deadlines.DEADLINES else name
            found.setdefault(where if where in self.fields else NON_FIELD_ERRORS, []).extend(said)
        return found

    def keep(self, *, by: User) -> Job:
        assert self.made, "a form that is valid"
        return self.made.keep(by=by)
