"""The views of one list that a person is offered: their own, and those that colleagues share."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import QueryDict
from django.urls import reverse

from backoffice.models import SavedView
from payments.mail.colleagues import name_of

#: Of one list, in its menu.
MOST_OFFERED = 100


@dataclass(frozen=True)
class OfferedView:
    """`whose` says who shares it, and is empty for one's own."""

    name: str
    path: str
    whose: str
    is_current: bool


def list_page(label: str, query: str = "") -> str:
    """The address of the list of `payments.payment`, as `query` filters it."""
    page = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return f"{page}?{query}" if query else page


def views_of(user: User) -> QuerySet[SavedView]:
    """All that they may open: their own first, then what colleagues who work here share; each by name."""
    own_first = Case(When(owner=user, then=Value(0)), default=Value(1))
    found = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True, owner__is_active=True))
    return found.select_related("owner").order_by(own_first, "name", "id")


def offered(user: User, label: str, query: str) -> list[OfferedView]:
    """Their own first, in one database query; the one that a list with the address `query` is, is marked."""
    current = _parts(query)
    return [
        OfferedView(
            name=view.name,
            path=list_page(label, view.query),
            whose="" if view.owner == user else name_of(view.owner),
            is_current=_parts(view.query) == current,
        )
        for view in views_of(user).filter(model=label)[:MOST_OFFERED]
    ]


def _parts(query: str) -> list[tuple[str, list[str]]]:
    """What an address says, in whichever order it says it."""
    return sorted((name, values) for name, values in QueryDict(query).lists() if any(values))
