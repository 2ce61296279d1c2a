"""What holds for every page of the admin, whoever wrote it: `admin_site` puts it before each as it is registered.

An address can be typed by hand, so nothing in one reaches the database but what a page itself offers: the parameters of
its filters, a key that can be one, words to search for that are as many as somebody would write.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern
from django.utils.translation import gettext as _
from unfold.decorators import display
from unfold.views import ChangeList

from backoffice import bounded_search
from backoffice.key_paginator import KeyPaginator
from backoffice.list_totals import MOST_ADDED, totals
from ledger.stamps import stamp

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into whatever is registered, which is one already.
    ModelAdmin = object

#: Words of one search: each costs a comparison for every field that is searched.
MOST_WORDS: Final = 12
#: Characters of the parameter that orders a list: `-1.2.-3` for three columns.
LONGEST_ORDER: Final = 40
#: In the META of a request that no browser made: all that a search finds is wanted.
EVERY_MATCH: Final = "every_match"
#: How the paths of one row's pages begin, and what they call its key.
OF_ONE_ROW: Final = {"<path:object_id>/": "object_id", "<id>/": "id"}


def stamped(field: "DateTimeField[Any, Any]") -> Callable[[Model], str]:
    """A column of a list with the moments of `field`."""

    @display(description=field.verbose_name, ordering=field.name)  # type: ignore[untyped-decorator]  # Unfold ships no types
    def column(row: Model) -> str:
        return stamp(getattr(row, field.name)) or "-"

    column.__name__ = field.name
    return column  # type: ignore[no-any-return]  # Unfold ships no types


class GuardedChangeList(ChangeList):  # type: ignore[misc]  # Unfold ships no types
    def get_filters(self, request: HttpRequest) -> Any:
        """Django lets a list be filtered by any column, with any lookup: here, by what its filters take and no more."""
        found = super().get_filters(request)
        for lookup in found[2]:
            raise DisallowedModelAdminLookup(f"Filtering by {lookup} is not offered.")
        return found

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        if len(self.params.get(ORDER_VAR, "")) > LONGEST_ORDER:
            del self.params[ORDER_VAR]
        return super().get_ordering(request, queryset)

    def get_results(self, request: HttpRequest) -> None:
        """Besides, of lists that add something up, what all rows come to that were filtered or searched for."""
        super().get_results(request)
        summed = getattr(self.model_admin, "summed", ())
        is_narrowed = self.has_active_filters or self.query
        is_told = summed and is_narrowed and 0 < self.result_count <= MOST_ADDED
        self.totals = totals(self.queryset, summed) if is_told else []


class GuardedAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
    #: Counting each choice of each filter is a way to keep the database busy; no list offers it.
    show_facets = ShowFacets.NEVER
    paginator = KeyPaginator

    def get_changelist(self, _request: HttpRequest, **_kwargs: Any) -> type[ChangeList]:
        return GuardedChangeList

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        fields, words = self.get_search_fields(request), search_term.split()[:MOST_WORDS]
        if not fields or not words or all(each.endswith("__exact") for each in fields):
            return super().get_search_results(request, queryset, " ".join(words))
        if request.META.get(EVERY_MATCH):
            return bounded_search.every_match(queryset, fields, words), False
        found = bounded_search.search(queryset, fields, words)
        if found.more and request.resolver_match and request.resolver_match.url_name != "autocomplete":
            text = _("More than %(most)s rows match, and these are some. Add another word, or search for a whole id.")
            messages.warning(request, text % {"most": bounded_search.MOST_FOUND})
        return found.rows, False

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Moments short, in the one style of all lists, and whole where they are pointed at."""
        moments = {field.name: field for field in self.opts.get_fields() if isinstance(field, DateTimeField)}
        shown = super().get_list_display(request)
        return [stamped(moments[name]) if name in moments and not hasattr(self, name) else name for name in shown]

    def log_addition(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: the ledger tells who did what. Django's own log would keep names that were erased."""

    log_change = log_addition
    log_deletions = log_addition

    def get_changeform_initial_data(self, _request: HttpRequest) -> dict[str, Any]:
        """Nothing: no page links to a form that is partly filled in, so whatever an address says was typed."""
        return {}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field or None)

    def to_field_allowed(self, _request: HttpRequest, to_field: str) -> bool:
        """Every row here is pointed to by its key; Django fails over names of some relations."""
        return bool(to_field == self.opts.pk.name)

    def get_urls(self) -> list[URLPattern]:
        found: list[URLPattern] = super().get_urls()
        for pattern in found:
            for start, name in OF_ONE_ROW.items():
                if str(pattern.pattern).startswith(start):
                    pattern.callback = self._for_possible_keys(pattern.callback, name)
        return found

    def _for_possible_keys(self, view: Callable[..., HttpResponseBase], name: str) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not self._can_be_key(kwargs[name]):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    def _can_be_key(self, written: str) -> bool:
        try:
            self.opts.pk.to_python(unquote(written))
        except ValidationError:
            return False
        return True
