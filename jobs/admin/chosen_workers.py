"""Choosing workers in a dialog, and how much each gets now: all that is owed to them, or a part of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from jobs import payables
from jobs.models import Application, Job
from jobs.payables import Choice
from jobs.reasons import JobRefusal
from payments.admin.dialogs import RefusableForm, number_of
from payments.identifiers import new_ulid
from payments.openpayments.amounts import Amount, AmountError
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.presentation.typed_amounts import read_typed

AMOUNT: Final = "amount-"  # and of whom: the number of the application
LONGEST_AMOUNT: Final = 40  # characters


@dataclass(frozen=True)
class WorkerRow:
    """One worker's box."""

    choice: Choice
    key: int
    chosen: bool
    problem: str  # why they can't be chosen, or get what was written
    amount: SafeString  # the field


def read_amount(text: str, choice: Choice) -> Amount:
    """What was written for one worker, in units of what is owed to them. Raises Refusal, as for 0 or for more."""
    written, owed = text.strip(), choice.amount
    try:
        wanted = read_typed(written, owed.asset)
    except AmountError as error:
        if error.code == "too_large":
            raise JobRefusal("above_owed", name=choice.contact.name, owed=format_amount(owed)) from error
        raise Refusal("not_an_amount", text=written[:LONGEST_AMOUNT], currency=owed.asset.code) from error
    payables.part_of(choice, wanted)
    return wanted


def write_seen(shown: Mapping[int, Choice]) -> str:
    """What a dialog shows of each worker, in short; it comes back with the answer."""
    return " ".join(f"{key}:{choice.seen}" for key, choice in shown.items())


def read_seen(text: str) -> dict[int, str]:
    """As `write_seen` wrote it; of anything else, what can be read."""
    pairs = (pair.partition(":") for pair in text.split())
    return {number: seen for key, _colon, seen in pairs if (number := number_of(key))}


class ChosenWorkersForm(RefusableForm):
    """Workers are boxes in the text before the fields, each with an amount.

    The hidden id makes two clicks one request. What was seen comes back, so that nobody asks for other amounts than
    they looked at. An amount that was not sent means all that is owed.
    """

    form_id = forms.CharField(widget=forms.HiddenInput, max_length=40)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=500_000, required=False)

    def offer(self, jobs: Sequence[Job], choices: Iterable[Choice]) -> None:
        """Who can be chosen, among all workers of `jobs`."""
        self.jobs = list(jobs)
        workers = ((choice.receiver, choice) for choice in choices)
        self.workers = {who.pk: choice for who, choice in workers if isinstance(who, Application)}
        self.wrong: dict[int, str] = {}
        self.fields["form_id"].initial = new_ulid()
        self.fields["seen"].initial = write_seen(self.workers)

    def row(self, key: int, problem: str = "") -> WorkerRow:
        choice = self.workers[key]
        return WorkerRow(choice, key, self._is_chosen(key), problem or self.wrong.get(key, ""), self._amount(key))

    def _is_chosen(self, key: int) -> bool:
        """What was sent; or everybody, or the one whom the address names."""
        if self.is_bound:
            return str(key) in self._sent()
        return self.request.GET.get("only") in {None, str(key)}

    def _amount(self, key: int) -> SafeString:
        choice = self.workers[key]
        written = self._written(key)
        shown = f"{choice.amount.to_major():f}" if written is None else written
        label = _("%(name)s gets now, in %(currency)s")
        told = {"name": choice.contact.name, "currency": choice.amount.asset.code}
        attributes = {"inputmode": "decimal", "autocomplete": "off", "aria-label": label % told}
        widget = UnfoldAdminTextInputWidget(attrs={**attributes, "maxlength": LONGEST_AMOUNT})
        rendered: SafeString = widget.render(f"{AMOUNT}{key}", shown, {"id": f"{AMOUNT}{key}"})
        return rendered

    def _sent(self) -> list[str]:
        return list(self.data.getlist("receivers"))

    def _written(self, key: int) -> str | None:
        return str(self.data.get(f"{AMOUNT}{key}", "")) if self.is_bound and f"{AMOUNT}{key}" in self.data else None

    def read_workers(self, cleaned: dict[str, Any]) -> None:
        """Whom somebody chose, and who of them gets a part: `receivers` and `parts` of `cleaned`."""
        keys = {number_of(key) for key in self._sent()}
        found = list(Application.objects.filter(pk__in=keys, job__in=self.jobs).select_related("worker"))
        if not found:
            self.add_error(None, str(JobRefusal("nobody_chosen")))
        elif len(found) < len(self._sent()):
            self.add_error(None, str(JobRefusal("form_of_another_job")))
        cleaned["receivers"] = found
        cleaned["parts"] = parts = {}
        for receiver in found:
            written = self._written(receiver.pk)
            # Who can't be paid any more is refused later, with the reason.
            if written is None or receiver.pk not in self.workers:
                continue
            try:
                parts[receiver.pk] = read_amount(written, self.workers[receiver.pk])
            except Refusal as refusal:
                self.wrong[receiver.pk] = str(refusal)
        if self.wrong:
            self.add_error(None, " ".join(self.wrong.values()))

    def refused(self, refusal: Refusal) -> Self:
        """The same form once more with the sentence, as things are now: whoever was chosen, and wrote what, still is.

        Who is owed something else by now, or elsewhere, has all of it written anew: nobody asks for what they did not
        see.
        """
        data, shown = self.data.copy(), self.seen_by_person
        again = type(self)(self.request, self.object_id, data=data)
        for key, choice in again.workers.items():
            if shown.get(key) != choice.seen:
                data.pop(f"{AMOUNT}{key}", None)
        data["seen"] = write_seen(again.workers)
        again.is_valid()
        again.add_error(None, str(refusal))
        return again

    @property
    def seen_by_person(self) -> dict[int, str]:
        """What the dialog showed of each worker."""
        return read_seen(self.cleaned_data["seen"])
