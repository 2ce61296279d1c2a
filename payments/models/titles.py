"""Titles that the program makes of another one ("Refund: Radio spot"): written for the payer, told in a reader's words.

A request keeps the title as its payer was written to, and beside it what that is made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from django.conf import settings
from django.db.models import TextChoices
from django.utils import translation
from django.utils.translation import gettext_lazy as _

LONGEST_TITLE: Final = 200  # characters


class TitleKind(TextChoices):
    """What the program asks for by itself, with its words; `%(title)s` is what it is about."""

    REFUND = "refund", _("Refund: %(title)s")
    PAYOUT = "payout", _("Payout: %(title)s")
    WEEKLY_BUDGET = "weekly_budget", _("Standing budget: at most %(limit)s each week")
    MONTHLY_BUDGET = "monthly_budget", _("Standing budget: at most %(limit)s each month")


@dataclass(frozen=True)
class MadeTitle:
    """`about` is in nobody's language: what a person wrote, or an amount. The first of the `kinds` stands outermost."""

    kinds: tuple[TitleKind, ...]
    about: str

    @classmethod
    def of(cls, kind: TitleKind, title: str, made_of: Mapping[str, Any]) -> Self:
        """One more kind, about a title that may itself be made of something: the refund of a payout."""
        inner = cls.from_json(made_of)
        return cls((kind, *inner.kinds), inner.about) if inner else cls((kind,), title)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self | None:
        return cls(tuple(map(TitleKind, stored["kinds"])), stored["about"]) if stored else None

    def to_json(self) -> dict[str, Any]:
        return {"kinds": [kind.value for kind in self.kinds], "about": self.about}

    def __str__(self) -> str:
        """In the language of whoever reads now."""
        words = self.about
        for kind in reversed(self.kinds):
            words = str(kind.label) % {"title": words, "limit": words}
        return words[:LONGEST_TITLE]

    def written_in(self, language: str) -> str:
        with translation.override(language):
            return str(self)


def shown_title(title: str, made_of: Mapping[str, Any]) -> str:
    """A request's title in the reader's words; `title` itself, unless it is what `made_of` says in a language of ours.

    The ledger vouches for `title` alone, so nothing is told that it does not say.
    """
    made = MadeTitle.from_json(made_of)
    languages = [code for code, _name in settings.LANGUAGES]
    if made and title in {made.written_in(language) for language in languages}:
        return str(made)
    return title
