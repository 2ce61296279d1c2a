"""What every action here shares: a dialog that was really looked at, and an answer that htmx follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.forms import BaseDialogForm

from payments.presentation.reasons import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable


#: Digits of the largest number that every database takes.
LONGEST_NUMBER = 18


class SeenForm(BaseDialogForm):
    """A dialog that carries what it showed, so that a click on something older, or a second click, does nothing."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.now()

    def now(self) -> str:
        """What the dialog shows, in short; whatever makes another answer right must change it."""
        raise NotImplementedError

    @property
    def is_current(self) -> bool:
        return bool(self.cleaned_data["seen"] == self.now())


def number_of(object_id: object) -> int:
    """The key of the row that a path names; 0, which no row has, for what can't be one."""
    text = str(object_id)
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else 0


def sent_form_id(form: forms.Form) -> str:
    """The one-time id that the browser sent, before the form is checked, as every database takes it."""
    return str(form.data.get("form_id", "")).replace("\0", "") if form.is_bound else ""


def go(request: HttpRequest, url: str) -> HttpResponse:
    """To `url`, from a dialog (htmx) as well as from a plain form."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def attempt(request: HttpRequest, act: Callable[[], str]) -> bool:
    """Do it, and say what `act` answers, or why it was refused. Whether it was done."""
    try:
        with transaction.atomic():
            done = act()
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, done)
    return True
