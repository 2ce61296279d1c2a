"""Resolving many exceptions at once: marked in the list, or written into the list as a file.

First a page says what will happen to each, tried out in a transaction that is rolled back; then each by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelectWidget

from backoffice.finance.exceptions.dialogs import choices_of, words_field
from backoffice.finance.exceptions.words import refusal_of, told
from ledger.models import StatementException
from ledger.statements import exceptions
from ledger.statements.amounts import expected_by, found_by
from ledger.statements.exceptions import ExceptionRefused
from ledger.statements.kinds import DifferenceType, Resolution
from payments.admin.dialogs import staff
from payments.presentation.reasons import Refusal

#: As many as one page can say.
MOST_ROWS: Final = 500
CONFIRMED: Final = "confirmed"
#: How much of an exception's identity says that it is still what was looked at.
SEEN: Final = 16
SALT: Final = "backoffice.finance.exceptions"
#: Seconds for which what was looked at can be applied.
FRESH: Final = 60 * 60


@dataclass(frozen=True)
class Wanted:
    """What a person wants of one exception. `seen` is what they looked at."""

    pk: int
    seen: str
    resolution: str
    why: str


@dataclass(frozen=True)
class TriedResolution:
    """What will become of it; `refusal` is why nothing will."""

    wanted: Wanted
    row: StatementException | None
    refusal: str

    @property
    def amounts(self) -> str:
        """What we say, then what they say."""
        sides = (expected_by(self.row), found_by(self.row)) if self.row else ()
        return " / ".join(told(side) or "\N{EN DASH}" for side in sides)

    @property
    def resolution(self) -> str:
        known = self.wanted.resolution in Resolution.values
        return str(Resolution(self.wanted.resolution).label) if known else self.wanted.resolution


class MarkedForm(forms.Form):
    """The same for all that are marked."""

    resolution = forms.ChoiceField(label=gettext_lazy("How do they end?"), widget=UnfoldAdminSelectWidget)
    why = words_field(gettext_lazy("Why?"), gettext_lazy("Auditors read this. Nothing is paid or sent back by it."))

    def __init__(self, *args: Any, types: list[DifferenceType], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["resolution"].choices = choices_of(types)  # type: ignore[attr-defined]


def resolve_marked(admin: Any, request: HttpRequest, rows: QuerySet[StatementException]) -> HttpResponse | None:
    """The action of the list. Asks how they end; with the answer, resolves them and goes back to the list."""
    found = list(rows.select_related("source").order_by("first_seen", "id")[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        messages.error(request, _("At most %(most)s can be decided at once. Mark fewer.") % {"most": MOST_ROWS})
        return None
    types = sorted({DifferenceType(row.type) for row in found})
    form = MarkedForm(request.POST if CONFIRMED in request.POST else None, types=types)
    if CONFIRMED in request.POST and form.is_valid():
        seen = {row.pk: request.POST.get(f"seen-{row.pk}", "") for row in found}
        given = form.cleaned_data
        wanted = [Wanted(row.pk, seen[row.pk], given["resolution"], given["why"]) for row in found]
        tell(request, carry_out(wanted, staff(request)))
        return None
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Resolve exceptions"),
        "opts": admin.opts,
        "form": form,
        "rows": [(row, told(expected_by(row)) or "-", told(found_by(row)) or "-", seen_of(row)) for row in found],
        "checkbox": ACTION_CHECKBOX_NAME,
        "confirmed": CONFIRMED,
    }
    return TemplateResponse(request, "admin/finance/exceptions/marked.html", context)


def try_out(wanted: Sequence[Wanted], by: User) -> list[TriedResolution]:
    """What would become of each; nothing is changed."""
    with transaction.atomic():
        tried = carry_out(wanted, by)
        transaction.set_rollback(True)
    return tried


def carry_out(wanted: Iterable[Wanted], by: User) -> list[TriedResolution]:
    """Each in a transaction of its own: one that can't be resolved holds up no other."""
    return [_one(each, by) for each in wanted]


def _one(wanted: Wanted, by: User) -> TriedResolution:
    row = StatementException.objects.select_related("source").filter(pk=wanted.pk).first()
    if row is None:
        return TriedResolution(wanted, None, str(Refusal("exception_unknown", number=str(wanted.pk))))
    try:
        with transaction.atomic():
            _check_unchanged(wanted)
            exceptions.resolve(row.pk, wanted.resolution, wanted.why, by=by.pk)
    except ExceptionRefused as refused:
        return TriedResolution(wanted, row, str(refusal_of(refused)))
    except Refusal as refusal:
        return TriedResolution(wanted, row, str(refusal))
    return TriedResolution(wanted, row, "")


def _check_unchanged(wanted: Wanted) -> None:
    """Holds the row. What says something else than what was looked at is not decided by it."""
    if seen_of(StatementException.objects.select_for_update().get(pk=wanted.pk)) != wanted.seen:
        raise Refusal("exception_changed")


def seen_of(row: StatementException) -> str:
    """The same as long as the two sides say the same."""
    return row.identity[:SEEN]


def tell(request: HttpRequest, tried: list[TriedResolution]) -> None:
    """What became of them, above the list."""
    refused = [each for each in tried if each.refusal]
    if done := len(tried) - len(refused):
        said = ngettext("%(n)s exception was resolved.", "%(n)s exceptions were resolved.", done)
        messages.success(request, said % {"n": done})
    for each in refused[:20]:
        messages.error(request, f"{each.wanted.pk}: {each.refusal}")
    if len(refused) > 20:  # noqa: PLR2004 - as many as were told
        messages.error(request, _("And %(n)s more were not resolved.") % {"n": len(refused) - 20})


def packed(wanted: Sequence[Wanted]) -> str:
    """What was looked at, for the page that applies it, signed by us."""
    rows = [[each.pk, each.seen, each.resolution, each.why] for each in wanted]
    return signing.dumps(rows, salt=SALT, compress=True)


def unpacked(text: str) -> list[Wanted]:
    """Raises signing.BadSignature for what we did not sign, or long ago."""
    return [Wanted(*row) for row in signing.loads(text, salt=SALT, max_age=FRESH)]
