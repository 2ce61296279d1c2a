"""The dialog that asks a funder for money: which workers of which jobs, when, and who asks."""

from __future__ import annotations

from hashlib import sha256
from itertools import groupby
from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from jobs import ask_preview, budget_offers, payables
from jobs.admin.chosen_workers import ChosenWorkersForm, WorkerRow
from jobs.ask_preview import Offer
from jobs.budget_offers import BudgetOffer
from jobs.funding import Way
from jobs.models import Job, Payout
from jobs.reasons import JobRefusal
from payments.admin.dialogs import sent_form_id
from payments.models import PaymentRequest, Seller, StandingBudget
from payments.models.risk import LONGEST_REASON
from payments.presentation.format_amounts import format_amount
from payments.risk.answers import NO_ANSWER, OVERRIDE, RiskAnswer
from payments.risk.warnings import RiskWarning

PLATFORM = "platform"
BUDGET = "budget:"  # and which
MOST_JOBS = 50
LONGEST_KEY = 18  # digits
BETWEEN = "."  # the numbers of several jobs in one address


def jobs_at(object_id: int | str | None) -> list[Job]:
    """The jobs that an address names, by number. Raises Http404, also for what can be no job's number."""
    keys = str(object_id).split(BETWEEN)
    if not all(map(_is_number, keys)) or len(keys) > MOST_JOBS:
        raise Http404
    found = Job.objects.select_related("funder__wallet", "seller__wallet").filter(pk__in=keys).order_by("pk")
    jobs = list(found)
    if len(jobs) != len(set(keys)):
        raise Http404
    return jobs


def _is_number(key: str) -> bool:
    """It may be a row's number: longer ones no database has."""
    return key.isdecimal() and len(key) <= LONGEST_KEY


class AskForm(ChosenWorkersForm):
    form_before_template = "admin/jobs/job/ask.html"

    way = forms.ChoiceField(label=_("How are they paid?"), widget=UnfoldAdminRadioSelectWidget())
    seller = forms.ModelChoiceField(
        label=_("Who asks?"), queryset=Seller.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    # Answered here only by who pays at once; before anything else is sent, its own page asks.
    looked_at = forms.BooleanField(
        label=_("I have looked at the warnings, and it may be paid at once"),
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text=_("Only for paying from the standing budget. Otherwise you are asked before it is sent."),
    )
    override_reason = forms.CharField(
        label=_("Why is it paid all the same?"),
        required=False,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("It stays in the ledger, with your name."),
    )
    shown_warnings = forms.CharField(widget=forms.HiddenInput, max_length=500_000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        jobs = jobs_at(self.object_id)
        self.offers = ask_preview.offers(jobs)
        # Who pays and who asks is a question of the jobs that can be paid, and of no other.
        offered = {offer.choice.job.pk for offer in self.offers}
        self.payable = [job for job in jobs if job.pk in offered] or jobs
        self.problem = ask_preview.payer_problem(self.payable)
        self.offer(jobs, (each.choice for each in self.offers))
        self.held_by_us = self._held_by_us()
        self._set_sellers()
        self.budgets = self._budgets()
        self._set_ways()
        self._set_answers()

    def _set_answers(self) -> None:
        """As much as the warnings ask of who pays at once."""
        risks = [risk for offer in self.offers for risk in offer.risks if risk.wants_tick or risk.blocks]
        self.risks = {f"{risk.key}:{_mark(risk)}": risk for risk in risks}
        self.fields["shown_warnings"].initial = " ".join(self.risks)
        if not risks or all(each.problem for each in self.budgets):
            del self.fields["looked_at"]
        may = self.request.user.has_perm(OVERRIDE)
        if "looked_at" not in self.fields or not (may and any(risk.blocks for risk in risks)):
            del self.fields["override_reason"]

    def answer_for(self, request_id: str) -> RiskAnswer:
        """What was answered here, of the payments that the request `request_id` was made of since.

        Only to warnings that the dialog showed as they still are.
        """
        if not self.cleaned_data.get("looked_at"):
            return NO_ANSWER
        shown = set(self.cleaned_data.get("shown_warnings", "").split())
        payouts = Payout.objects.filter(payment__request=request_id).values_list("application_id", "payment_id")
        payments = {str(application): payment for application, payment in payouts}
        looked_at = frozenset(
            f"{risk.check.name}:{payments[risk.payment]}"
            for key, risk in self.risks.items()
            if key in shown and risk.payment in payments
        )
        return RiskAnswer(looked_at, self.cleaned_data.get("override_reason", ""))

    def _held_by_us(self) -> list[payables.Choice]:
        """The seller as the receiver of one job's money, where that is possible."""
        if len(self.jobs) > 1:
            return []
        return [choice for choice in payables.choices(self.jobs[0]) if choice.receiver == "seller"]

    def _budgets(self) -> list[BudgetOffer]:
        """The standing budgets of the funder that could pay the workers, and why one can't."""
        anybody = self.offers or self._was_sent()
        if not anybody or self.problem or not self.request.user.has_perm("payments.draw_standingbudget"):
            return []
        return budget_offers.offers(self.payable[0].funder, self.fields["seller"].queryset)

    def _set_ways(self) -> None:
        ways = [(way.value, str(way.label)) for way in Way] if self.offers or self._was_sent() else []
        # One that was chosen may have been paused or stopped since: whoever asks for it then is told why.
        chosen = self.data.get("way")
        offered = [each for each in self.budgets if not each.problem or BUDGET + each.budget.pk == chosen]
        ways += [(BUDGET + each.budget.pk, self._budget_label(each)) for each in offered]
        for choice in self.held_by_us:
            words = {"name": choice.contact.name, "amount": format_amount(choice.amount)}
            ways.append((PLATFORM, str(_("%(name)s (the platform) holds %(amount)s") % words)))
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = ways
        field.initial = ways[0][0] if ways else None
        if not ways:
            field.widget = forms.HiddenInput()

    def _budget_label(self, offer: BudgetOffer) -> str:
        words = {"left": offer.left, "until": offer.until, "seller": offer.budget.request.seller.name}
        if not offer.left:
            return str(_("At once, from the standing budget"))
        if len(self.fields["seller"].queryset) > 1:
            return str(_("At once, from the standing budget for %(seller)s: %(left)s left until %(until)s")) % words
        return str(_("At once, from the standing budget: %(left)s left until %(until)s")) % words

    @property
    def budget(self) -> StandingBudget | None:
        """The standing budget that was chosen to pay."""
        way = self.cleaned_data.get("way")
        return next((offer.budget for offer in self.budgets if way == BUDGET + offer.budget.pk), None)

    def _was_sent(self) -> bool:
        """A second click: nobody is offered any more, and the request that the first one made is what to show."""
        return self.is_bound and PaymentRequest.objects.filter(form_id=sent_form_id(self)).exists()

    def _set_sellers(self) -> None:
        field = self.fields["seller"]
        assert isinstance(field, forms.ModelChoiceField)
        own = [job.seller_id for job in self.payable if job.seller_id]
        found = Seller.objects.select_related("wallet")
        field.queryset = (
            found.filter(pk__in=own) if own else found.filter(retired_at=None).order_by("-is_default", "pk")
        )
        field.initial = next(iter(field.queryset), None)
        field.required = False
        if len(field.queryset) <= 1:
            field.widget = forms.HiddenInput()

    def get_before_template_context(self, _request: HttpRequest, _object_id: object = None) -> dict[str, Any]:
        grouped = groupby(self.offers, key=lambda offer: offer.choice.job)
        sellers: list[Seller] = list(self.fields["seller"].queryset)
        return {
            "funder": self.payable[0].funder,
            "jobs": [(job, [(each, self._row(each)) for each in offers]) for job, offers in grouped],
            "left_out": [] if self.held_by_us else ask_preview.left_out(self.jobs, self.offers),
            "errors": self.non_field_errors() if self.is_bound else [],
            "problem": self.problem,
            "held_by_us": self.held_by_us,
            "budgets": self.budgets,
            "several": len(self.jobs) > 1,
            "several_sellers": len(sellers) > 1,
            "fees": [(seller, lines) for seller in sellers if (lines := ask_preview.fee_lines(seller, self.offers))],
        }

    def _row(self, offer: Offer) -> WorkerRow:
        return self.row(offer.application.pk, offer.problem)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("way") == PLATFORM or "way" not in cleaned:
            return cleaned
        self.read_workers(cleaned)
        self._check_answers(cleaned)
        budget, seller = self.budget, cleaned.get("seller")
        if budget and seller and budget.request.seller_id != seller.pk:
            self.add_error("seller", str(JobRefusal("budget_of_other_seller", seller=budget.request.seller.name)))
        return cleaned

    def _check_answers(self, cleaned: dict[str, Any]) -> None:
        """Who pays at once answers the warnings of whom they chose; what they may not override refuses the paying."""
        chosen = {str(receiver.pk) for receiver in cleaned.get("receivers", [])}
        warned = [risk for risk in self.risks.values() if risk.payment in chosen]
        if not (self.budget and warned):
            return
        if "looked_at" in self.fields and not cleaned.get("looked_at"):
            self.add_error("looked_at", str(_("Look at the warnings first, and say that you have.")))
        blocks = any(risk.blocks for risk in warned)
        if blocks and "override_reason" in self.fields and not cleaned.get("override_reason", "").strip():
            self.add_error("override_reason", str(_("Write why it is paid all the same.")))


def _mark(risk: RiskWarning) -> str:
    """Another one when it says something else, or counts more strictly."""
    return sha256(f"{risk.level} {risk.text}".encode()).hexdigest()[:16]
