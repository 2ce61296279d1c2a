"""Rules for a second person: a list of sentences, the strictest of which decides."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from payments.actions import guarded
from payments.actions.set_rules import RuleTerms
from payments.admin.amounts import AboveForm
from payments.admin.dialogs import staff
from payments.admin.proposing import ProposingAdmin
from payments.authorisation import EVERY_OTHER, amount_above, snapshot_of
from payments.models import SecondPersonRule
from payments.models.rules import CHANGED_DAYS, MOST_DAYS, ActionKind, Measure, ReceiverState
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


@admin.register(SecondPersonRule)
class RuleAdmin(ProposingAdmin):
    form = RuleForm
    list_display = ("words",)
    list_per_page = 50
    list_before_template = "admin/payments/rules/about.html"

    @display(description=gettext_lazy("rule"))
    def words(self, row: SecondPersonRule) -> str:
        return rule_sentence(snapshot_of(row))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        told = {"every_other": SecondPersonRule.objects.filter(asset_code=EVERY_OTHER).exists()}
        answer: HttpResponse = super().changelist_view(request, {**told, **(extra_context or {})})
        return answer

    def get_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("words", "amount", "days") if obj else ("asset_code", "amount", "measure", "action", "receiver", "days")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("words", *ABOUT) if obj else ()

    def save_model(self, request: HttpRequest, _obj: SecondPersonRule, form: RuleForm, _change: Any) -> None:
        limit, terms = form.cleaned_data["limit"], form.terms()
        self.propose(request, lambda: guarded.propose_rule(limit, terms, by=staff(request)))

    def delete_model(self, request: HttpRequest, obj: SecondPersonRule) -> None:
        self.propose(request, lambda: guarded.propose_no_rule(obj, by=staff(request)))
