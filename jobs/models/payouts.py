"""Which money belongs to which work. The rows point down: the payments room knows nothing of jobs.

A link is active while its money may still move, and for ever once it has settled. `jobs.derive_status` puts it out of
use when its request or payment has ended for good without money; only then may somebody ask for the same money again. A
worker who was paid can get more: once a payout is `paid`, the next one may be asked for, for what is still owed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from jobs.models.jobs import Job
from jobs.models.work import Application
from payments.models import OutsidePayment, Payment, PaymentRequest
from payments.models.fields import Dated, value_field


class JobFunding(Dated):
    """A job's money on its way into a seller's wallet: the platform holds it until workers are paid."""

    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.PROTECT, related_name="fundings")
    request = models.ForeignKey(
        PaymentRequest, verbose_name=_("payment request"), on_delete=models.PROTECT, related_name="job_fundings"
    )
    active = models.BooleanField(_("active"), default=True, editable=False)

    class Meta:
        verbose_name = _("job funding")
        verbose_name_plural = _("job fundings")
        ordering = ["created_at", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["job", "request"], name="one_funding_per_job_and_request"),
            models.UniqueConstraint(fields=["job"], condition=models.Q(active=True), name="one_active_funding_per_job"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} ← {self.request_id}"


class Payout(Dated):
    """A payment to one worker for one job, with the platform fee that belongs to it.

    `funding` says that it is paid from the money that a seller holds for the job, not by the funder again.

    `fee_share` (basis points) and `fee_each_value` are the terms of the fee when this was asked for; `fee_value` is the
    part of its request's fee payment that is for this worker. Both values in minor units of the job's budget.
    """

    application = models.ForeignKey(
        Application, verbose_name=_("application"), on_delete=models.PROTECT, related_name="payouts"
    )
    payment = models.OneToOneField(Payment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="payout")
    funding = models.ForeignKey(
        JobFunding, verbose_name=_("paid from"), on_delete=models.PROTECT, null=True, related_name="payouts"
    )
    active = models.BooleanField(_("active"), default=True, editable=False)
    paid = models.BooleanField(_("paid"), default=False, editable=False)
    fee_share = models.PositiveIntegerField(default=0, editable=False)
    fee_each_value = value_field(default=0, editable=False)
    fee_value = value_field(default=0, editable=False)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["created_at", "id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=models.Q(active=True, paid=False),
                name="one_active_payout_per_application",
            )
        ]

    def __str__(self) -> str:
        return f"{self.application_id} ← {self.payment_id}"


class OutsidePayout(Dated):
    """What a worker was paid for one job outside the wallets; `funding` says that a seller paid it from what it holds.

    `budget_value` is what the whole work was worth when it was confirmed, in the units of the outside payment.
    """

    application = models.ForeignKey(
        Application, verbose_name=_("application"), on_delete=models.PROTECT, related_name="outside_payouts"
    )
    outside = models.OneToOneField(
        OutsidePayment, verbose_name=_("outside payment"), on_delete=models.PROTECT, related_name="payout"
    )
    funding = models.ForeignKey(
        JobFunding, verbose_name=_("paid from"), on_delete=models.PROTECT, null=True, related_name="outside_payouts"
    )
    budget_value = value_field(null=True, editable=False)

    class Meta:
        verbose_name = _("payout outside the wallets")
        verbose_name_plural = _("payouts outside the wallets")
        ordering = ["created_at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.application_id} ← {self.outside_id}"
