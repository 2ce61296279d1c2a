"""The forms of a job: its page, and the dialogs of its actions."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from jobs import deadlines, held_payments, job_payments, lifecycle, parse_amounts
from jobs.deadlines import DEADLINES
from jobs.derive_status import sync_locked
from jobs.models import ApplicationStatus, Deliverable, Job, JobStatus
from jobs.reasons import JobRefusal
from payments.admin.dialogs import SeenForm, number_of
from payments.models import Seller


class JobForm(forms.ModelForm[Job]):
    deliverable_types = forms.MultipleChoiceField(
        label=_("Deliverables"), choices=Deliverable, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    budget_text = forms.CharField(
        label=_("Budget per worker"),
        max_length=40,
        help_text=_("For each worker, for example 1250.00."),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=parse_amounts.choices, widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Job
        fields = [
            "title",
            "description",
            "reference",
            "target_language",
            "funder",
            "seller",
            "amount_side",
            "workers_wanted",
            *DEADLINES,
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seller" in self.fields:
            # A retired one stays only where it was chosen before.
            sellers = Seller.objects.filter(Q(retired_at=None) | Q(pk=self.instance.seller_id))
            cast("forms.ModelChoiceField[Seller]", self.fields["seller"]).queryset = sellers
        if self.instance.pk:
            self.initial.update(
                deliverable_types=self.instance.deliverable_types,
                budget_text=parse_amounts.write(self.instance.budget),
                currency=self.instance.budget_code,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            # Nobody asks for this job's money while its budget changes; what ended meanwhile is no obstacle.
            sync_locked(lifecycle.lock_job(self.instance.pk))
            self.instance.refresh_from_db(fields=["status", "is_funded"])
        self._check_deadlines(cleaned)
        self._check_workers(cleaned)
        if "budget_text" in cleaned and "currency" in cleaned:
            self._set_budget(cleaned)
        if self.instance.pk:
            self._check_no_money(set(self.changed_data))
        self.instance.deliverable_types = cleaned.get("deliverable_types", [])
        return cleaned

    def _check_deadlines(self, cleaned: Mapping[str, Any]) -> None:
        """In their order; what is changed is ahead of us, and of a job that is not over."""
        given = {name: cleaned[name] for name in DEADLINES if cleaned.get(name)}
        changed = {name: cleaned.get(name) for name in DEADLINES if name in self.changed_data}
        if changed and self.instance.status in lifecycle.OVER:
            refusal = JobRefusal("job_not_now", status=str(JobStatus(self.instance.status).label))
            self.add_error(next(iter(changed)), str(refusal))
            return
        try:
            deadlines.check_order(given)
            deadlines.check_ahead(changed)
        except JobRefusal as refusal:
            self.add_error(refusal.params["field"], str(refusal))

    def _check_workers(self, cleaned: Mapping[str, Any]) -> None:
        wanted = cleaned.get("workers_wanted")
        if not self.instance.pk or wanted is None:
            return
        selected = self.instance.applications.filter(status=ApplicationStatus.SELECTED).count()
        if wanted < selected:
            self.add_error("workers_wanted", _("%(selected)s are selected already.") % {"selected": selected})

    def _set_budget(self, cleaned: Mapping[str, Any]) -> None:
        try:
            budget = parse_amounts.read(cleaned["budget_text"], cleaned["currency"])
        except JobRefusal as refusal:
            self.add_error("budget_text", str(refusal))
            return
        self.instance.budget_value = budget.value
        self.instance.budget_code, self.instance.budget_scale = budget.asset.code, budget.asset.scale

    def _check_no_money(self, changed: set[str]) -> None:
        """Who was paid keeps a job to its funder and currency; the budget may change once no money is under way."""
        payment_id = None
        if {"currency", "funder", "amount_side"} & changed or (
            "budget_text" in changed and self.instance.status in lifecycle.OVER
        ):
            payment_id = job_payments.binding_payment(self.instance)
        elif "budget_text" in changed:
            payment_id = job_payments.money_under_way(self.instance)
        if payment_id:
            raise ValidationError(str(JobRefusal("job_money_fixed", request=payment_id)))


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
