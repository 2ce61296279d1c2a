"""“To do”: one tab for each queue, the oldest first, each row with what blocks it and the one thing to do."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.following import followed
from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do.shapes import CountedTab, TodoGroup
from backoffice.to_do.tabs import chosen_tab, counted


def to_do_view(request: HttpRequest) -> HttpResponse:
    """The tab that the address names; else the first in which something waits."""
    following = followed(request, "to_do")
    tabs = counted(Viewer.of(request))
    chosen = chosen_tab(request.GET.get("tab", ""), tabs)
    context = {
        **admin.site.each_context(request),
        "title": _("To do"),
        "tabs": tabs,
        "chosen": chosen,
        "groups": _groups(request, chosen) if chosen else [],
        "most": MOST,
        "following": following,
    }
    return TemplateResponse(request, "admin/to_do/page.html", context)


def _groups(request: HttpRequest, chosen: CountedTab) -> list[TodoGroup]:
    """The rows that were counted. Of several kinds, each is read by whoever tells them."""
    queues = chosen.tab.queues(Viewer.of(request))
    rows = list(queues[0][:MOST]) if len(queues) == 1 else []
    return chosen.tab.tell(request, rows)
