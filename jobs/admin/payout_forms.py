"""The dialog that pays workers from the money that is held for their job."""

from typing import Any

from django.http import Http404
from django.utils.functional import cached_property

from jobs import escrow
from jobs.admin.chosen_workers import ChosenWorkersForm
from jobs.admin.job_forms import job_at
from jobs.models import Job, JobFunding
from payments.actions.refunds import changes_currency
from payments.admin.dialogs import sent_form_id
from payments.admin.refund_forms import AmountForm, Side


class PayOutForm(ChosenWorkersForm):
    """Whose work is accepted, and what they get."""

    form_before_template = "admin/jobs/job/pay_out.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job_at(self.object_id)
        self.offer([self.job], escrow.payable(self.job))

    def get_before_template_context(self, _request: Any, _object_id: object = None) -> dict[str, Any]:
        return {
            "escrow": escrow.escrow_of(self.job),
            "rows": [self.row(key) for key in self.workers],
            "errors": self.non_field_errors() if self.is_bound else [],
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.read_workers(cleaned)
        return cleaned


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
