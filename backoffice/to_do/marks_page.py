"""What is done with marked rows of a queue: one form for all of it, for who may do what the rows wait for."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do import marks
from backoffice.to_do.shapes import RowKind, Tab
from backoffice.to_do.tabs import TABS
from ledger import clock
from payments.admin.dialogs import staff

#: Keys of rows, of each kind.
Rows = list[tuple[RowKind, list[str]]]


def marks_view(request: HttpRequest) -> HttpResponse:
    """Does it, says what became of it, and leads back to the queue."""
    theirs = {tab.code: tab for tab in TABS if tab.taken_as and marks.may_take(tab, request.user)}
    code = request.POST.get("tab", "")
    if not theirs or (code and code not in theirs):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    tab = theirs.get(code)
    if tab and (rows := _there(tab, Viewer.of(request), request.POST.getlist("row")[:MOST])):
        _do(request, tab, rows)
    else:
        messages.warning(request, _("Mark rows first. Those that left the queue meanwhile need nothing any more."))
    back = {"tab": code, "whose": request.POST.get("whose", "")}
    return HttpResponseRedirect(f"{reverse('admin:to_do')}?{urlencode(back)}")


def _there(tab: Tab, viewer: Viewer, asked: list[str]) -> Rows:
    """Those of the rows, as the page calls them, that are in the person's queue."""
    found = []
    for kind, queue in marks.queues_of(tab, viewer):
        before = tab.key_of(kind, "")
        keys = _possible(queue, [key.removeprefix(before) for key in asked if key.startswith(before)])
        found.append((kind, [str(key) for key in queue.filter(pk__in=keys).values_list("pk", flat=True)]))
    return [(kind, keys) for kind, keys in found if keys]


def _possible(queue: QuerySet[Any], asked: list[str]) -> list[str]:
    """What could be a key of such a row: a database refuses the others."""
    keys = [key for key in asked if len(key) <= 26 and "\0" not in key]  # noqa: PLR2004
    if queue.model._meta.pk.get_internal_type() != "CharField":  # noqa: SLF001 - Django's public name
        keys = [key for key in keys if key.isdecimal() and len(key) < 19]  # noqa: PLR2004
    return keys


def _do(request: HttpRequest, tab: Tab, rows: Rows) -> None:
    by = staff(request)
    match request.POST.get("do"):
        case "take":
            number = sum(marks.take(kind, keys, by=by) for kind, keys in rows)
            messages.success(request, ngettext("%(n)s is yours.", "%(n)s are yours.", number) % {"n": number})
            if others := sum(len(keys) for _kind, keys in rows) - number:
                text = ngettext("%(n)s was taken already.", "%(n)s were taken already.", others)
                messages.info(request, text % {"n": others})
        case "leave":
            number = sum(marks.leave(kind, keys, by=by) for kind, keys in rows)
            text = ngettext("%(n)s is nobody's again.", "%(n)s are nobody's again.", number)
            messages.success(request, text % {"n": number})
        case "hand":
            _hand(request, tab, rows)
        case "put_off":
            _put_off(request, rows)
        case "wake":
            number = sum(marks.wake(kind, keys, by=by) for kind, keys in rows)
            messages.success(request, ngettext("%(n)s waits again.", "%(n)s wait again.", number) % {"n": number})


def _hand(request: HttpRequest, tab: Tab, rows: Rows) -> None:
    """What is not in the colleague's own queue, such as what they asked for themselves, stays where it is."""
    wanted = request.POST.get("to", "")
    to = next((user for user in marks.who_may_do(tab) if str(user.pk) == wanted), None)
    if to is None:
        messages.error(request, _("Choose a colleague who may do this."))
        return
    name = to.get_full_name() or to.get_username()
    asked = [tab.key_of(kind, key) for kind, keys in rows for key in keys]
    theirs = _there(tab, Viewer.of_person(to, clock.now()), asked)
    if number := sum(marks.hand(kind, keys, to, by=staff(request)) for kind, keys in theirs):
        text = ngettext("%(n)s goes to %(name)s.", "%(n)s go to %(name)s.", number)
        messages.success(request, text % {"n": number, "name": name})
    if others := len(asked) - number:
        text = _("%(name)s may not decide on this themselves: %(n)s stay as they were.")
        messages.warning(request, text % {"n": others, "name": name})


def _put_off(request: HttpRequest, rows: Rows) -> None:
    try:
        until = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = date.min
    if not marks.can_be_put_off_until(until):
        text = _("Choose a day after today, at most %(most)s days from now.")
        messages.error(request, text % {"most": marks.LONGEST})
        return
    number = sum(marks.put_off(kind, keys, until, by=staff(request)) for kind, keys in rows)
    text = ngettext("%(n)s is put off.", "%(n)s are put off.", number)
    messages.success(request, text % {"n": number})
