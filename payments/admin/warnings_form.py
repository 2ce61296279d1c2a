"""What a dialog that sends money shows of its warnings, and the answers that it takes."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from payments.admin.dialogs import SeenForm
from payments.models import Payment
from payments.models.risk import LONGEST_REASON
from payments.risk.answers import OVERRIDE, RiskAnswer
from payments.risk.warnings import RiskWarning, warnings_of


class WarnedForm(SeenForm):
    """In front of the form of a decision. It asks no more than the warnings do: without any, it has no field."""

    looked_at = forms.BooleanField(label=_("I have looked at this"), widget=UnfoldBooleanWidget())
    override_reason = forms.CharField(
        label=_("Why is it paid all the same?"),
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("It stays in the ledger, with your name."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        blocks = any(each.blocks for each in self.warnings)
        if not (blocks or any(each.wants_tick for each in self.warnings)):
            del self.fields["looked_at"]
        # Who may not override is told so, and refused if they press all the same.
        if not (blocks and self.request.user.has_perm(OVERRIDE)):
            del self.fields["override_reason"]

    def warned_payments(self) -> Sequence[Payment]:
        """The payments that the decision would send."""
        raise NotImplementedError

    @cached_property
    def warnings(self) -> list[RiskWarning]:
        return warnings_of(self.warned_payments())

    def now(self) -> str:
        """With every warning, its figures and its level: whatever is new was not looked at."""
        told = "\n".join(f"{each.key} {each.level} {each.blocks} {each.text}" for each in self.warnings)
        return f"{super().now()}.{sha256(told.encode()).hexdigest()[:16]}"

    @property
    def answer(self) -> RiskAnswer:
        """Of a form that is valid."""
        given = self.cleaned_data
        looked_at = frozenset(each.key for each in self.warnings) if given.get("looked_at") else frozenset()
        return RiskAnswer(looked_at, given.get("override_reason", ""))

    def get_before_template_context(self, request: HttpRequest, object_id: int | str | None = None) -> dict[str, Any]:
        told: dict[str, Any] = super().get_before_template_context(request, object_id)
        may = self.request.user.has_perm(OVERRIDE)
        return {**told, "warnings": self.warnings, "may_override": may}
