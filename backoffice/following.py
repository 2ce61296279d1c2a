"""Whether the pages of what waits are still true: what `static/admin_follow.js` asks of the queues and the overview."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, JsonResponse
from django.urls import reverse

from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do.marks import marks_of, narrowed, queues_of, whose_of
from backoffice.to_do.shapes import CountedTab
from backoffice.to_do.tabs import chosen_tab, counted
from backoffice.waiting import count_for, items
from ledger.models import Movement
from payments.admin.following import Following, version_of_facts

#: Seconds between two questions about queues, at first.
QUEUE_PACE: Final = 20
#: The overview is read, not worked through.
OVERVIEW_PACE: Final = 45

VersionOf = Callable[[HttpRequest], str]


def queue_version(request: HttpRequest) -> str:
    """Of “To do”: how much waits in each tab, and which rows the open one lists, as they were changed last."""
    viewer = Viewer.of(request)
    tabs = counted(viewer)
    chosen = chosen_tab(request.GET.get("tab", ""), tabs)
    if chosen is None:
        return version_of_facts(_numbers(tabs))
    whose = whose_of(request)
    rows, marked = [], []
    for kind, queue in queues_of(chosen.tab, viewer):
        found = _rows(narrowed(kind, queue, whose, viewer.pk, viewer.now))
        marks = marks_of(kind, [str(row[0]) for row in found])
        rows.append(found)
        marked.append(sorted((mark.row, repr(mark.owner_id), repr(mark.until)) for mark in marks.values()))
    if not chosen.tab.taken_as:
        rows = [_rows(queue) for queue in chosen.tab.queues(viewer)]
    return version_of_facts(_numbers(tabs), rows, marked)


def waiting_version(request: HttpRequest) -> str:
    """Of what waits for a second person: which things, and since when."""
    return version_of_facts([(item.link, item.since, item.may_decide) for item in items(request)])


def overview_version(request: HttpRequest) -> str:
    """Of the overview: what waits, and the newest line of the books, in which all its money stands."""
    viewer = Viewer.of(request)
    lines = Movement.objects.order_by("-pk").values_list("pk", flat=True)
    newest = lines.first() if request.user.has_perm("ledger.view_movement") else None
    return version_of_facts(_numbers(counted(viewer)), count_for(viewer), newest)


def _numbers(tabs: list[CountedTab]) -> list[tuple[str, int]]:
    return [(one.tab.code, one.count) for one in tabs]


def _rows(queue: Any) -> list[Any]:
    """The keys of what is listed; and when each was changed, where its kind of row says so."""
    columns = [field.name for field in queue.model._meta.concrete_fields if field.name == "changed_at"]  # noqa: SLF001 - Django's public name
    return list(queue.values_list("pk", *columns)[:MOST])


def followed(request: HttpRequest, name: str) -> Following:
    """For the context of the page called `name`, with the parameters of its address; ask before the page is made."""
    version_of, pace = PAGES[name]
    address = request.GET.urlencode()
    url = reverse(f"admin:{name}_status")
    return Following(f"{url}?{address}" if address else url, version_of(request), pace)


def status_view_of(name: str) -> Callable[[HttpRequest], JsonResponse]:
    """Whether the page called `name` is still true; of what somebody may not see, it counts nothing."""

    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"version": PAGES[name][0](request), "done": False})

    return view


PAGES: Final[dict[str, tuple[VersionOf, int]]] = {
    "to_do": (queue_version, QUEUE_PACE),
    "waiting": (waiting_version, QUEUE_PACE),
    "index": (overview_version, OVERVIEW_PACE),
}
