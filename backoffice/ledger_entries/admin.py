"""The ledger in the admin: to read, filter and search. Nobody can add, change or delete anything here.

What happened is told in sentences, as on the timelines; who did it by name, and what it is about by links. What was
recorded, word for word, is on an entry's own page.
"""

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, TextFilter
from unfold.decorators import display

from backoffice.ledger_entries.subjects import joined, links_of
from ledger.admin.append_only import AppendOnlyAdmin
from ledger.distinct import distinct_values
from ledger.filters import MomentRangeFilter, SealedFilter
from ledger.kinds import declared
from ledger.models import Entry, EntrySubject
from ledger.stamps import stamp
from ledger.timeline import TimelineRow, row
from payments.presentation.timeline_lines import lines
from payments.presentation.timeline_text import Sentence, describe


class KindFilter(DropdownFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in declared()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(DropdownFilter):
    title = gettext_lazy("who")
    parameter_name = "by"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("staff", gettext_lazy("Staff")),
            ("payer", gettext_lazy("The payer")),
            ("member", gettext_lazy("A member")),
            ("wallet", gettext_lazy("A wallet")),
            ("api", gettext_lazy("Another program")),
            ("system", "Tequio"),
        ]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class SubjectFilter(TextFilter):
    """Everything about one thing, written as `job:7`: other pages link here with `?subject=job:7`."""

    title = gettext_lazy("subject, such as job:7")
    parameter_name = "subject"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        kind, _colon, identity = (self.value() or "").strip().partition(":")
        if not kind:
            return queryset
        about = EntrySubject.objects.filter(subject_kind=kind, subject_id=identity)
        return queryset.filter(pk__in=about.values("entry_id"))


@admin.register(Entry)
class EntryAdmin(AppendOnlyAdmin):
    list_display = ["at", "told", "who", "subjects", "index"]
    list_display_links = ["at"]
    list_filter = [KindFilter, ActorFilter, SubjectFilter, ("recorded_at", MomentRangeFilter), SealedFilter]
    list_filter_submit = True
    list_select_related = ["link", "private_part"]
    search_fields = ["id__exact"]
    search_help_text = gettext_lazy("The whole id of an entry, or of anything that entries are about.")
    fields = ["at", "told", "who", "subjects", "data", "private", "carried", "index", "chain_hash", "digest", "id"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        found: QuerySet[Entry] = super().get_queryset(request).select_related("link", "private_part")
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With what the rows of the page tell, and are about, read at once."""
        found = super().get_changelist_instance(request)
        found.result_list = _read(found.result_list, request)
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        return _read([found], request)[0] if found else None

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str) -> Any:
        """Each word is an id: of an entry, or of something that entries are about, of whatever kind."""
        del request
        for word in search_term.split():
            # The index begins with the kind, and there are few of them.
            kinds = distinct_values(EntrySubject, "subject_kind")
            about = EntrySubject.objects.filter(subject_kind__in=kinds, subject_id=word).values("entry_id")
            queryset = queryset.filter(pk__in=about.union(Entry.objects.order_by().filter(pk=word).values("pk")))
        return queryset, False

    @display(description=gettext_lazy("recorded at"), ordering="recorded_at")
    def at(self, entry: Entry) -> str:
        return stamp(entry.recorded_at)

    @display(description=gettext_lazy("what happened"))
    def told(self, entry: Any) -> SafeString:
        words = '<div class="tequio-cell">{}<br><code class="tequio-meta">{}</code></div>'
        return format_html(words, entry.line.sentence.text, entry.kind)

    @display(description=gettext_lazy("who"))
    def who(self, entry: Any) -> str:
        return str(entry.line.who)

    @display(description=gettext_lazy("about"))
    def subjects(self, entry: Any) -> SafeString:
        return joined(entry.about)

    @display(description=gettext_lazy("place in the chain"))
    def index(self, entry: Entry) -> str:
        place = row(entry).index
        return _("waiting") if place is None else str(place)

    @display(description=gettext_lazy("what was recorded"))
    def data(self, entry: Entry) -> SafeString:
        return _pretty(row(entry).data)

    @display(description=gettext_lazy("the rows that it is about, as they were then"))
    def carried(self, entry: Entry) -> SafeString | str:
        rows = json.loads(entry.body).get("rows")
        return _pretty(rows) if rows else "-"

    @display(description=gettext_lazy("private part"))
    def private(self, entry: Entry) -> str:
        shown = row(entry)
        if shown.erased:
            return _("Erased.")
        return _pretty(shown.private) if shown.private else "-"

    @display(description=gettext_lazy("hash of the chain"))
    def chain_hash(self, entry: Entry) -> str:
        try:
            return entry.link.hash
        except ObjectDoesNotExist:
            return _("waiting")


def _read(entries: Iterable[Any], request: HttpRequest) -> list[Any]:
    """The entries, each with its line of a timeline and the links of what it is about."""
    found = list(entries)
    rows = [row(entry) for entry in found]
    about = [[(kind, one) for kind, ids in told.subjects.items() for one in ids] for told in rows]
    links = links_of(chain.from_iterable(about), request)
    for entry, line, things in zip(found, lines(rows, _sentence), about, strict=True):
        entry.line, entry.about = line, [links[thing] for thing in things]
    return found


def _sentence(told: TimelineRow) -> Sentence:
    """What happened; of an entry without what its words speak of, such as one of long ago, the kind alone."""
    try:
        return describe(told)
    except (KeyError, TypeError, ValueError):
        return Sentence(text=told.kind, icon="help", tone="neutral")


def _pretty(value: Any) -> SafeString:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html('<pre class="font-mono text-xs">{}</pre>', text)
