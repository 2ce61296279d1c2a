"""The dialog that reports what was paid to a worker by bank or in cash, without a wallet being asked."""

from typing import Any, Final, Self

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from jobs import escrow, lifecycle, paid_outside, payables
from jobs.admin.chosen_workers import LONGEST_AMOUNT, read_amount, read_seen, write_seen
from jobs.admin.job_forms import job_at
from jobs.models import Application, Job
from jobs.payables import Choice
from jobs.reasons import JobRefusal
from ledger import days
from payments.actions.outside_payments import Paid
from payments.admin.dialogs import DecisionOn, RefusableForm, Sentence, dialog_action, number_of, sent_form_id
from payments.admin.payment_dialogs import LONGEST_EVIDENCE
from payments.identifiers import new_ulid
from payments.models import OutsidePayment, OutsideSettlement
from payments.openpayments.amounts import Amount
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal

REPORT: Final = "payments.report_outsidepayment"
FUNDER: Final = "funder"
HOLDER: Final = "holder"


class ReportOutsideForm(RefusableForm):
    """The hidden id makes two clicks one report; what was seen of the worker comes back, so that it can be compared."""

    form_before_template = "admin/jobs/job/report_outside.html"

    worker = forms.ChoiceField(label=_("Who was paid?"), widget=UnfoldAdminSelectWidget())
    amount = forms.CharField(
        label=_("How much?"),
        max_length=LONGEST_AMOUNT,
        help_text=_("All that is owed to them, or a part of it."),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    payer = forms.ChoiceField(label=_("Who paid?"), widget=UnfoldAdminSelectWidget())
    # The browser's own picker: the admin's scripts don't reach into a dialog.
    paid_on = forms.DateField(label=_("When?"), widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    way = forms.ChoiceField(
        label=_("How was it paid?"), choices=OutsideSettlement.Means, widget=UnfoldAdminSelectWidget()
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=LONGEST_EVIDENCE,
        help_text=_("Bank reference, receipt number, who handed it over, when."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    form_id = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=500_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job_at(self.object_id)
        found = ((choice.receiver, choice) for choice in payables.owed(self.job))
        self.workers: dict[int, Choice] = {who.pk: choice for who, choice in found if isinstance(who, Application)}
        self._set_choices()
        self.fields["form_id"].initial = new_ulid()
        self.fields["seen"].initial = write_seen(self.workers)
        self.fields["paid_on"].initial = days.today().isoformat()

    def _set_choices(self) -> None:
        worker, payer = self.fields["worker"], self.fields["payer"]
        assert isinstance(worker, forms.ChoiceField)
        assert isinstance(payer, forms.ChoiceField)
        shown = {key: f"{each.contact.name} · {format_amount(each.amount)}" for key, each in self.workers.items()}
        if made := self._made():
            # A second click: nothing may be owed to them any more.
            shown.setdefault(made.payout.application_id, made.receiver_name)
        worker.choices = list(shown.items())
        first = number_of(self.request.GET.get("only")) or next(iter(self.workers), 0)
        if first in self.workers:
            worker.initial = first
            self.fields["amount"].initial = f"{self.workers[first].amount.to_major():f}"
        payer.choices = [(FUNDER, self.job.funder.name)]
        held = escrow.escrow_of(self.job)
        if held and not held.held.is_zero:
            words = {"name": held.seller.name, "amount": format_amount(held.held)}
            payer.choices.append((HOLDER, str(_("%(name)s, from the %(amount)s held for this job") % words)))
        payer.initial = FUNDER
        if len(payer.choices) == 1:
            payer.widget = forms.HiddenInput()

    def _made(self) -> OutsidePayment | None:
        return OutsidePayment.objects.select_related("payout").filter(form_id=sent_form_id(self) or "-").first()

    def get_before_template_context(self, _request: HttpRequest, _object_id: object = None) -> dict[str, Any]:
        return {"job": self.job, "anybody": bool(self.workers)}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        key = number_of(cleaned.get("worker"))
        choice, made = self.workers.get(key), self._made()
        cleaned["receiver"] = Application.objects.filter(pk=key, job=self.job).first()
        if choice is None or "amount" not in cleaned:
            if made:
                cleaned["amount"] = made.amount
            return cleaned
        try:
            cleaned["amount"] = made.amount if made else read_amount(cleaned["amount"], choice)
        except Refusal as refusal:
            self.add_error("amount", str(refusal))
        if "form_id" not in cleaned:
            self.add_error("amount", str(JobRefusal("form_of_another_job")))
        return cleaned

    def refused(self, refusal: Refusal) -> Self:
        """With all that was written; what is owed to each is shown as it is now."""
        data = self.data.copy()
        data["seen"] = write_seen(type(self)(self.request, self.object_id, data=data).workers)
        again = type(self)(self.request, self.object_id, data=data)
        again.is_valid()
        again.add_error("amount", str(refusal))
        return again

    @property
    def seen_by_person(self) -> dict[int, str]:
        """What the dialog showed of each worker."""
        return read_seen(self.cleaned_data["seen"])


class ReportOutside:
    """The action of a job's page."""

    def has_report_outside_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(REPORT)

    @dialog_action(
        _("Report what was paid outside"),
        permission="report_outside",
        icon="handshake",
        path="report-outside",
        title=_("Was somebody paid by bank or in cash?"),
        form=ReportOutsideForm,
        submit=_("Report it"),
    )
    @DecisionOn(lambda pk: lifecycle.lock_job(number_of(pk)))
    def report_outside(self, _job: Job, by: User, form: ReportOutsideForm) -> Sentence:
        given = form.cleaned_data
        if given["receiver"] is None or not isinstance(given["amount"], Amount):
            raise JobRefusal("nothing_owed")
        paid = Paid(given["amount"], given["paid_on"], given["way"], given["evidence"])
        paid_outside.report(
            given["receiver"],
            paid,
            from_held=given["payer"] == HOLDER,
            by=by,
            form_id=given["form_id"],
            seen=form.seen_by_person,
        )
        return _("Reported. A second person must confirm it.")
