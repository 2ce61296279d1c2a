"""Jobs: what is to be done, for whom, for how much, until when. A new one is a draft."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jobs import deadlines, job_payments, lifecycle, parse_amounts
from jobs.contacts import currency_and_seller
from jobs.deadlines import DEADLINES
from jobs.derive_status import sync_job, sync_locked
from jobs.intake.rows import IntakeForm
from jobs.models import ApplicationStatus, Deliverable, Job, JobStatus
from jobs.reasons import JobRefusal
from ledger.content import Json
from payments.models import Seller

#: Of no currency: the one that is usual for the funder.
USUAL = _("As usual for the funder")


def _currencies() -> list[tuple[str, str]]:
    return [("", str(USUAL)), *parse_amounts.choices()]


BUDGET = ("budget_value", "budget_code", "budget_scale")


class JobIntake(IntakeForm[Job]):
    subject = "job"
    deliverable_types = forms.MultipleChoiceField(label=_("Deliverables"), choices=Deliverable, required=False)
    budget_text = forms.CharField(
        label=_("Budget per worker"), max_length=40, help_text=_("For each worker, for example 1250.00.")
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, required=False)

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
        if not self.is_new:
            self.initial.update(
                deliverable_types=self.instance.deliverable_types,
                budget_text=parse_amounts.write(self.instance.budget),
                currency=self.instance.budget_code,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_new:
            # Nobody asks for this job's money while its budget changes; what ended meanwhile is no obstacle.
            sync_locked(lifecycle.lock_job(self.instance.pk))
            self.instance.refresh_from_db(fields=["status", "is_funded"])
        self._check_deadlines(cleaned)
        self._check_workers(cleaned)
        if {"currency", "seller", "funder"} <= cleaned.keys():
            self._set_usual(cleaned)
        if "budget_text" in cleaned and cleaned.get("currency"):
            self._set_budget(cleaned)
        if not self.is_new:
            self._check_no_money(set(self.changed_data))
        if "deliverable_types" in self.fields:
            self.instance.deliverable_types = cleaned.get("deliverable_types", [])
        return cleaned

    def _check_deadlines(self, cleaned: Mapping[str, Any]) -> None:
        """In their order; what is changed is ahead of us, and of a job that is not over."""
        given = {name: cleaned[name] for name in DEADLINES if cleaned.get(name)}
        changed = {name: cleaned.get(name) for name in DEADLINES if name in self.changed_data}
        if changed and self.instance.status in lifecycle.OVER:
            status = str(JobStatus(self.instance.status).label)
            self.refuse(next(iter(changed)), JobRefusal("job_not_now", status=status))
            return
        try:
            deadlines.check_order(given)
            deadlines.check_ahead(changed)
        except JobRefusal as refusal:
            self.refuse(refusal.params["field"], refusal)

    def _check_workers(self, cleaned: Mapping[str, Any]) -> None:
        wanted = cleaned.get("workers_wanted")
        if self.is_new or wanted is None:
            return
        selected = self.instance.applications.filter(status=ApplicationStatus.SELECTED).count()
        if wanted < selected:
            self.refuse("workers_wanted", JobRefusal("selected_already", selected=str(selected)))

    def _set_usual(self, cleaned: dict[str, Any]) -> None:
        """What a new job does not name is what is usual for its funder."""
        currency, seller = currency_and_seller(cleaned["funder"]) if self.is_new else ("", None)
        cleaned["currency"] = cleaned["currency"] or currency
        cleaned["seller"] = cleaned["seller"] or seller
        if not cleaned["currency"]:
            self.refuse("currency", JobRefusal("currency_missing"))

    def _set_budget(self, cleaned: Mapping[str, Any]) -> None:
        try:
            budget = parse_amounts.read(cleaned["budget_text"], cleaned["currency"])
        except JobRefusal as refusal:
            self.refuse("budget_text", refusal)
            return
        if not self.is_new and budget == self.instance.budget:
            self.unchanged("budget_text")
        self.instance.budget_value = budget.value
        self.instance.budget_code, self.instance.budget_scale = budget.asset.code, budget.asset.scale

    def _check_no_money(self, changed: set[str]) -> None:
        """Who was paid keeps a job to its funder and currency; the budget may change once no money is under way."""
        payment_id = None
        if {"currency", "funder", "amount_side"} & changed or (
            "budget_text" in changed and self.instance.status in lifecycle.OVER
        ):
            payment_id = job_payments.binding_payment(self.instance) or job_payments.money_that_came(self.instance)
        elif "budget_text" in changed:
            payment_id = job_payments.money_under_way(self.instance)
        if payment_id:
            self.refuse(None, JobRefusal("job_money_fixed", request=payment_id))

    def keep(self, *, by: User) -> Job:
        is_new = self.is_new
        job = super().keep(by=by)
        if not is_new:
            # All that was paid may no longer be all; another deadline or number of workers may move it.
            sync_job(job.pk)
        return job

    def columns(self) -> list[str]:
        return [*super().columns(), *BUDGET]

    def subjects(self) -> Mapping[str, str]:
        return {"member": str(self.instance.funder_id)}

    def facts(self) -> Mapping[str, Json]:
        job = self.instance
        return {
            "budget": {**job.budget.to_wire()},
            "amount_side": job.amount_side,
            "workers_wanted": job.workers_wanted,
        }

    def names(self) -> Mapping[str, str]:
        return {"title": self.instance.title, "payer": self.instance.funder.name}
