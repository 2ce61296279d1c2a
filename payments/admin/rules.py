"""Rules for a second person: a list of sentences, the strictest of which decides."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from payments.actions import guarded
from payments.actions.set_rules import RuleTerms
from payments.admin.amounts import LONGEST_CODE, AboveForm, amount_words, written_amount
from payments.admin.dialogs import dialog_action, go, staff
from payments.admin.proposing import ProposingAdmin
from payments.authorisation import EVERY_OTHER, amount_above, snapshot_of
from payments.models import SecondPersonRule
from payments.models.rules import CHANGED_DAYS, MOST_DAYS, ActionKind, Measure, ReceiverState
from payments.openpayments.amounts import AmountError
from payments.presentation.reasons import sentence
from payments.presentation.rule_words import rule_sentence

#: What a rule is about: there is one of a currency about the same, so these never change.
ABOUT = ("asset_code", "measure", "action", "receiver")


class RuleForm(AboveForm):
    measure = forms.ChoiceField(
        label=gettext_lazy("Of what?"),
        choices=Measure.choices,
        initial=Measure.REQUEST,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy(
            "With all that one person sends alone, a large payment can't be split into small ones: what somebody else"
            " authorised does not count."
        ),
    )
    action = forms.ChoiceField(
        label=gettext_lazy("For what?"),
        choices=ActionKind.choices,
        initial=ActionKind.ANY,
        widget=UnfoldAdminSelectWidget(),
    )
    receiver = forms.ChoiceField(
        label=gettext_lazy("When?"),
        choices=ReceiverState.choices,
        initial=ReceiverState.ANY,
        widget=UnfoldAdminSelectWidget(),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Lately: within how many days"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=CHANGED_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("Only for a wallet that changed."),
    )

    class Meta:
        model = SecondPersonRule
        fields = (*ABOUT, "days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "amount" in self.fields:
            self.fields["amount"].initial = str(amount_above(self.instance).to_major())

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        parts = (cleaned.get("action", ActionKind.ANY), cleaned.get("receiver", ReceiverState.ANY))
        if cleaned.get("measure") == Measure.DAY and parts != (ActionKind.ANY, ReceiverState.ANY):
            raise ValidationError(sentence("sum_of_everything"))
        return cleaned

    def terms(self) -> RuleTerms:
        """As they were written; of a rule that is there, what it is about stays."""
        told, row = self.cleaned_data, self.instance
        about = {name: told.get(name, getattr(row, name)) for name in ("measure", "action", "receiver")}
        measure, action, receiver = Measure(about["measure"]), ActionKind(about["action"]), about["receiver"]
        return RuleTerms(measure, action, ReceiverState(receiver), told["days"])


class StartSetForm(BaseDialogForm):
    """Its `cleaned_data["alone"]` is the amount, in the currency that was written."""

    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        max_length=LONGEST_CODE,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("The one that you pay in most, such as USD."),
    )
    amount = forms.CharField(
        label=gettext_lazy("One person may send at most"),
        max_length=40,
        initial="500.00",
        widget=UnfoldAdminTextInputWidget(),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "currency" in cleaned and "amount" in cleaned:
            code, written = cleaned["currency"].strip().upper(), cleaned["amount"].strip()
            try:
                cleaned["alone"] = written_amount(written, code)
            except AmountError as error:
                self.add_error("amount", amount_words(error))
        return cleaned


@admin.register(SecondPersonRule)
class RuleAdmin(ProposingAdmin):
    kind = guarded.RULE
    actions_list = ("start_set",)
    form = RuleForm
    list_display = ("words",)
    list_per_page = 50
    list_before_template = "admin/payments/rules/about.html"

    @display(description=gettext_lazy("rule"))
    def words(self, row: SecondPersonRule) -> str:
        return rule_sentence(snapshot_of(row))

    def get_actions_list(self, request: HttpRequest) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_list(request)
        return [] if SecondPersonRule.objects.exists() else allowed

    def has_begin_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return bool(self.has_add_permission(request))

    @dialog_action(
        gettext_lazy("Begin with these rules…"),
        permission="begin",
        icon="playlist_add",
        path="start-set",
        title=gettext_lazy("Begin with four rules?"),
        description=gettext_lazy(
            "A second person above the amount, above twice as much that one person sends alone in 24 hours, for every"
            " amount to a wallet that changed in the last 30 days, and for every amount in any other currency. Change"
            " them as you need."
        ),
        form=StartSetForm,
        submit=gettext_lazy("Begin with them"),
    )
    def start_set(self, request: HttpRequest, form: StartSetForm) -> HttpResponse:
        with transaction.atomic():
            made = guarded.propose_start_set(form.cleaned_data["alone"], by=staff(request))
        for proposal in made[:1]:  # what is said of one is so of all
            self.say(request, proposal)
        return go(request, reverse("admin:payments_secondpersonrule_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"every_other": SecondPersonRule.objects.filter(asset_code=EVERY_OTHER).exists()}
        answer: HttpResponse = super().changelist_view(request, {**told, **(extra_context or {})})
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Removing it is a change as well, and proposed like any other."""
        return bool(self.has_change_permission(request, obj))

    def get_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("words", "amount", "days") if obj else ("asset_code", "amount", "measure", "action", "receiver", "days")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("words", *ABOUT) if obj else ()

    def save_model(self, request: HttpRequest, _obj: SecondPersonRule, form: RuleForm, _change: Any) -> None:
        limit, terms = form.cleaned_data["limit"], form.terms()
        self.propose(request, lambda: guarded.propose_rule(limit, terms, by=staff(request)))

    def delete_model(self, request: HttpRequest, obj: SecondPersonRule) -> None:
        self.propose(request, lambda: guarded.propose_no_rule(obj, by=staff(request)))
