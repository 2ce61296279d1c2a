"""Deciding alone in an emergency: the dialog's words and typed confirmation, and who may."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from payments.actions.break_glass import BREAK_GLASS, LONGEST_WORDS

#: So many of the last characters of its id are typed: nobody does that by mistake.
TYPED = 6


def may_break_glass(request: HttpRequest) -> bool:
    return bool(settings.BREAK_GLASS and request.user.has_perm(BREAK_GLASS))


class AloneForm(BaseDialogForm):
    """In front of the form that shows what is decided."""

    why = forms.CharField(
        label=gettext_lazy("Why can't it wait for a second person?"),
        max_length=LONGEST_WORDS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Everybody who looks after the money reads this, and it stays in the ledger."),
    )
    typed = forms.CharField(
        label="",
        max_length=TYPED,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"].label = _("Type %(characters)s to confirm") % {"characters": self._wanted}

    @property
    def _wanted(self) -> str:
        return str(self.object_id)[-TYPED:]

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip().upper()
        if typed != self._wanted.upper():
            raise forms.ValidationError(_("Type exactly %(characters)s.") % {"characters": self._wanted})
        return typed
