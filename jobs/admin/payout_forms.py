"""The dialog that pays workers from the money that is held for their job."""

from typing import Any

from django import forms
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from jobs import escrow
from jobs.admin.job_forms import job_at
from jobs.models import Application, Job, JobFunding
from payments.actions.refunds import changes_currency
from payments.admin.dialogs import number_of, sent_form_id
from payments.admin.refund_forms import AmountForm, Side
from payments.identifiers import new_ulid
from payments.presentation.format_amounts import format_amount


class PayOutForm(BaseDialogForm):
    """Whose work is accepted, and what they get.

    The hidden id makes two clicks one request. What was seen comes back, so that nobody pays other amounts than they
    looked at.
    """

    form_before_template = "admin/jobs/job/pay_out.html"

    receivers = forms.ModelMultipleChoiceField(
        label=_("Who is paid?"),
        queryset=Application.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        error_messages={"required": _("Choose at least one worker to pay.")},
    )
    form_id = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=10_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job_at(self.object_id)
        found = {each.receiver.pk: each for each in escrow.payable(self.job) if isinstance(each.receiver, Application)}
        field = self.fields["receivers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        # All of the job's, so that who is no longer payable is refused with the reason.
        field.queryset = Application.objects.filter(job=self.job).select_related("worker")
        field.choices = [(pk, f"{each.contact.name} · {format_amount(each.amount)}") for pk, each in found.items()]
        field.initial = list(found)
        self.fields["form_id"].initial = new_ulid()
        self.fields["seen"].initial = " ".join(f"{pk}:{each.seen}" for pk, each in found.items())

    def get_before_template_context(self, _request: Any, _object_id: object = None) -> dict[str, Any]:
        return {"escrow": escrow.escrow_of(self.job)}

    @property
    def seen_by_person(self) -> dict[int, str]:
        """What the dialog showed of each worker."""
        pairs = (pair.partition(":") for pair in self.cleaned_data["seen"].split())
        return {number_of(key): seen for key, _colon, seen in pairs}


class GiveBackForm(AmountForm):
    """What is left of the money that is held for a job."""

    @cached_property
    def job(self) -> Job:
        return job_at(self.object_id)

    @cached_property
    def escrow(self) -> escrow.Escrow:
        """What the first click asked of, on a second one; else the newest of which something is left."""
        sent = self._sent_before()
        of = [each for each in escrow.escrows_of(self.job) if each.funding == sent or not (sent or each.held.is_zero)]
        if not of:
            raise Http404
        return of[0]

    def _sent_before(self) -> JobFunding | None:
        """The money of which this very form asked before: nothing of it may be held any more."""
        return self.job.fundings.filter(
            request__payments__refunds__payment__request__form_id=sent_form_id(self)
        ).first()

    def side(self) -> Side:
        origin = self.escrow.funding.request
        whose = (self.escrow.seller.name, self.escrow.wallet.url, origin.payer_name, origin.payer_wallet.url)
        buys = origin.payer_wallet.asset_code if changes_currency(self.escrow.payment) else ""
        return Side(*whose, self.escrow.held, buys)
