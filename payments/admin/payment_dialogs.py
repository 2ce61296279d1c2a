"""The dialogs for a payment that needs attention: each shows the amounts, and what will happen, in order."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from payments.admin.attention_panel import claim_of
from payments.admin.dialogs import SeenForm
from payments.admin.warnings_form import WarnedForm
from payments.models import OutsideSettlement, Payment
from payments.presentation.attention_text import missing
from payments.presentation.format_amounts import format_amount

LONGEST_EVIDENCE = 2000

CLOSED_FIRST = _("First the receiver's side is closed, so that nothing can arrive twice.")
SETTLES_IF_IT_ARRIVES = _("If all of it arrives until then, the payment is settled, and nothing else is done.")


class PaymentForm(SeenForm):
    """`steps` name %(amount)s, %(received)s, %(missing)s and %(receiver)s."""

    form_before_template = "admin/payments/payment/dialog.html"
    steps: tuple[str | Promise, ...] = ()

    @cached_property
    def row(self) -> Payment:
        found = Payment.objects.select_related("request__payer_wallet", "receiver_wallet")
        return get_object_or_404(found.prefetch_related("outside_settlements__claimed_by"), pk=self.object_id)

    def now(self) -> str:
        """What people decide on: how it stands, what has arrived, who cares for it, what was said."""
        row = self.row
        claim = claim_of(row)
        parts = (row.state, row.reason, row.received_value, row.owner_id, row.decision, claim and claim.pk)
        return ".".join(map(str, parts))

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        row = self.row
        names = {
            "amount": format_amount(row.amount),
            "received": format_amount(row.received),
            "missing": format_amount(missing(row)),
            "receiver": row.receiver_name,
            "payer": row.request.payer_name,
        }
        steps = [str(step) % names for step in self.steps]
        return {"payment": row, "missing": missing(row), "claim": claim_of(row), "steps": steps}


class TakeOverForm(PaymentForm):
    steps = (_("Your name stands beside this payment, so that others know who asks the wallets."),)


class NoteForm(PaymentForm):
    steps = (
        _("%(received)s of %(amount)s have arrived, more than was known when this payment ended."),
        _("Nothing is sent. The payment is settled if all of it is there, otherwise it is called failed again."),
    )


class LookForm(PaymentForm):
    steps = (_("Both wallets are asked how it stands. Nothing is sent."),)


class WarnedPaymentForm(WarnedForm, PaymentForm):
    """What sends a payment on, or once more."""

    def warned_payments(self) -> list[Payment]:
        return [self.row]


class OverrideForm(WarnedPaymentForm):
    steps = (
        _("%(payer)s has approved %(amount)s for %(receiver)s: it is sent now."),
        _("What you write stays in the ledger. No warning of the same kind stops this payment again."),
    )


class StartAnewForm(WarnedPaymentForm):
    steps = (
        CLOSED_FIRST,
        _("If money arrives until then, nothing is sent again."),
        _(
            "Then %(amount)s is sent to %(receiver)s once more. If the approval no longer holds, %(payer)s is asked"
            " to approve again."
        ),
    )


class GiveUpForm(PaymentForm):
    steps = (
        CLOSED_FIRST,
        SETTLES_IF_IT_ARRIVES,
        _(
            "Otherwise the payment has failed. What arrived (%(received)s) stays with %(receiver)s; the missing"
            " %(missing)s can be asked for again. %(payer)s is told by email."
        ),
    )


class ReportForm(PaymentForm):
    steps = (
        _("Somebody else checks the evidence and confirms. Until then nothing is changed, sent or asked for again."),
        _("Once confirmed, %(receiver)s and %(payer)s are told by email that this was settled outside."),
    )
    way = forms.ChoiceField(
        label=_("How was it paid?"), choices=OutsideSettlement.Means, widget=UnfoldAdminSelectWidget()
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=LONGEST_EVIDENCE,
        help_text=_("Bank reference, receipt number, who handed it over, when."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )


class ConfirmForm(PaymentForm):
    steps = (
        _("You are the second person: you have checked that %(receiver)s was paid the missing %(missing)s."),
        CLOSED_FIRST,
        _("If the wallets bring all of it until then, it counts as that, and %(receiver)s was paid twice."),
        _("Otherwise it counts as settled outside: as paid, but apart from the wallets' in every total."),
    )


class WithdrawForm(PaymentForm):
    steps = (
        _("The report stays in the history as withdrawn. The payment can be sent again, or given up, after that."),
    )
    why = forms.CharField(
        label=_("Why?"), max_length=LONGEST_EVIDENCE, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
