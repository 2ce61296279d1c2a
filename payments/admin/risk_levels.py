"""How strictly each warning before money is sent counts: an administrator proposes it, a second one agrees."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from payments.actions import guarded
from payments.admin.dialogs import staff
from payments.admin.proposing import ProposingAdmin, propose
from payments.models import RiskLevel, RiskSetting
from payments.risk.checks import CHECKS
from payments.risk.warnings import levels


class RiskLevelForm(forms.ModelForm[RiskSetting]):
    check_name = forms.ChoiceField(label=gettext_lazy("Warning"), widget=UnfoldAdminSelectWidget())
    level = forms.ChoiceField(
        label=gettext_lazy("What follows from it"),
        choices=RiskLevel,
        initial=RiskLevel.TICK,
        widget=UnfoldAdminRadioSelectWidget(),
    )

    class Meta:
        model = RiskSetting
        fields = ("check_name", "level")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "check_name" in self.fields:
            field = self.fields["check_name"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(name, str(check.label)) for name, check in CHECKS.items()]

    def clean_check_name(self) -> str:
        name = str(self.cleaned_data["check_name"])
        if RiskSetting.objects.filter(check_name=name).exists():
            raise ValidationError(_("This warning is in the list already: change it there."))
        return name


@admin.register(RiskSetting)
class RiskLevelAdmin(ProposingAdmin):
    kind = guarded.RISK_LEVEL
    form = RiskLevelForm
    list_display = ("warning", "level")
    list_display_links = ("warning",)
    list_per_page = 50
    list_before_template = "admin/payments/risk_levels/about.html"

    @display(description=gettext_lazy("warning"), ordering="check_name")
    def warning(self, row: RiskSetting) -> str:
        return str(CHECKS[row.check_name].label) if row.check_name in CHECKS else row.check_name

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counted = [(CHECKS[name].label, level.label) for name, level in levels().items()]
        answer: HttpResponse = super().changelist_view(request, {"counted": counted, **(extra_context or {})})
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Removing it is a change as well, and proposed like any other."""
        return bool(self.has_change_permission(request, obj))

    def get_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("warning", "level") if obj else ("check_name", "level")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("warning", "check_name") if obj else ()

    def save_model(self, request: HttpRequest, obj: RiskSetting, form: RiskLevelForm, _change: Any) -> None:
        name, level = obj.check_name, RiskLevel(form.cleaned_data["level"])
        propose(request, lambda: guarded.propose_risk_level(name, level, by=staff(request)))

    def delete_model(self, request: HttpRequest, obj: RiskSetting) -> None:
        propose(request, lambda: guarded.propose_no_risk_level(obj, by=staff(request)))
