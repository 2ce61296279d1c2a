"""“To do”: one tab for each queue, the oldest first, each row with what blocks it and the one thing to do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from backoffice.following import followed
from backoffice.models import QueueMark
from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do.marks import LONGEST, Whose, marks_of, may_take, narrowed, queues_of, who_may_do, whose_of
from backoffice.to_do.shapes import Tab, Todo, TodoGroup
from backoffice.to_do.tabs import chosen_tab, counted
from ledger import days
from payments.mail.colleagues import name_of

#: What the filter is called, in its order.
WHOSE_WORDS: Final = {
    Whose.ALL: gettext_lazy("All"),
    Whose.MINE: gettext_lazy("Mine"),
    Whose.NOBODYS: gettext_lazy("Nobody's"),
    Whose.PUT_OFF: pgettext_lazy("rows", "Put off"),
}


def to_do_view(request: HttpRequest) -> HttpResponse:
    """The tab that the address names; else the first in which something waits."""
    following = followed(request, "to_do")
    tabs = counted(Viewer.of(request))
    chosen = chosen_tab(request.GET.get("tab", ""), tabs)
    context = {
        **admin.site.each_context(request),
        "title": _("To do"),
        "tabs": tabs,
        # In a menu: what there is to do stands in one line, or two.
        "empty_tabs": [one for one in tabs if not one.count and one != chosen],
        "chosen": chosen,
        "groups": _groups(request, chosen.tab) if chosen else [],
        "most": MOST,
        "following": following,
        **(_working(request, chosen.tab) if chosen else {}),
    }
    return TemplateResponse(request, "admin/to_do/page.html", context)


def _groups(request: HttpRequest, tab: Tab) -> list[TodoGroup]:
    """The rows that were counted, or those that are asked for. Of several queues without marks, `tell` reads them."""
    viewer = Viewer.of(request)
    if not tab.taken_as:
        queues = tab.queues(viewer)
        return tab.tell(request, list(queues[0][:MOST]) if len(queues) == 1 else [])
    whose, shown, marks = whose_of(request), list[Any](), dict[str, QueueMark]()
    for kind, queue in queues_of(tab, viewer):
        found = list(narrowed(kind, queue, whose, viewer.pk, viewer.now)[:MOST])
        marks |= {tab.key_of(kind, row): mark for row, mark in marks_of(kind, [str(one.pk) for one in found]).items()}
        shown += found
    groups = tab.tell(request, shown)
    return [replace(group, rows=[_marked(row, marks.get(row.key), whose) for row in group.rows]) for group in groups]


def _marked(row: Todo, mark: QueueMark | None, whose: Whose) -> Todo:
    if mark is None:
        return row
    # Of the others, whatever had been put off waits again.
    return replace(row, owner=name_of(mark.owner), until=mark.until if whose == Whose.PUT_OFF else None)


def _working(request: HttpRequest, tab: Tab) -> dict[str, Any]:
    """The filter, and what can be done with marked rows by whoever may do what they wait for."""
    if not queues_of(tab, Viewer.of(request)):
        return {}
    whose = whose_of(request)
    may_mark = may_take(tab, request.user)
    others = [user for user in who_may_do(tab) if user != request.user] if may_mark else []
    return {
        "whose": whose,
        "filters": [(one.value, words, one == whose) for one, words in WHOSE_WORDS.items()],
        "may_mark": may_mark,
        "colleagues": [(user.pk, name_of(user)) for user in others],
        "first_day": days.today() + timedelta(days=1),
        "last_day": days.today() + timedelta(days=LONGEST),
    }
