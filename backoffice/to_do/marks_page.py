"""What is done with marked rows of a queue: one form for all of it, for who may do what the rows wait for."""

from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do import marks
from backoffice.to_do.shapes import Tab
from backoffice.to_do.tabs import TABS
from payments.admin.dialogs import staff


def marks_view(request: HttpRequest) -> HttpResponse:
    """Does it, says what became of it, and leads back to the queue."""
    theirs = {tab.code: tab for tab in TABS if tab.subject and request.user.has_perms((tab.permission, tab.acts))}
    code = request.POST.get("tab", "")
    if not theirs or (code and code not in theirs):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    tab = theirs.get(code)
    if tab and (keys := _there(request, tab)):
        _do(request, tab, keys)
    else:
        messages.warning(request, _("Mark rows first. Those that left the queue meanwhile need nothing any more."))
    back = {"tab": code, "whose": request.POST.get("whose", "")}
    return HttpResponseRedirect(f"{reverse('admin:to_do')}?{urlencode(back)}")


def _there(request: HttpRequest, tab: Tab) -> list[str]:
    """The marked rows that are in the queue."""
    (queue,) = tab.queues(Viewer.of(request))
    field = queue.model._meta.pk  # noqa: SLF001 - Django's public name
    asked = [key for key in request.POST.getlist("row")[:MOST] if len(key) <= 26 and "\0" not in key]  # noqa: PLR2004
    if field.get_internal_type() != "CharField":
        asked = [key for key in asked if key.isdecimal() and len(key) < 19]  # noqa: PLR2004
    return [str(key) for key in queue.filter(pk__in=asked).values_list("pk", flat=True)]


def _do(request: HttpRequest, tab: Tab, keys: list[str]) -> None:
    by = staff(request)
    match request.POST.get("do"):
        case "take":
            number = marks.take(tab, keys, by=by)
            messages.success(request, ngettext("%(n)s is yours.", "%(n)s are yours.", number) % {"n": number})
            if others := len(keys) - number:
                text = ngettext("%(n)s was taken already.", "%(n)s were taken already.", others)
                messages.info(request, text % {"n": others})
        case "leave":
            number = marks.leave(tab, keys, by=by)
            text = ngettext("%(n)s is nobody's again.", "%(n)s are nobody's again.", number)
            messages.success(request, text % {"n": number})
        case "hand":
            _hand(request, tab, keys)
        case "put_off":
            _put_off(request, tab, keys)
        case "wake":
            number = marks.wake(tab, keys, by=by)
            messages.success(request, ngettext("%(n)s waits again.", "%(n)s wait again.", number) % {"n": number})


def _hand(request: HttpRequest, tab: Tab, keys: list[str]) -> None:
    wanted = request.POST.get("to", "")
    to = next((user for user in marks.who_may_do(tab) if str(user.pk) == wanted), None)
    if to is None:
        messages.error(request, _("Choose a colleague who may do this."))
        return
    number = marks.hand(tab, keys, to, by=staff(request))
    told = {"n": number, "name": to.get_full_name() or to.get_username()}
    messages.success(request, ngettext("%(n)s goes to %(name)s.", "%(n)s go to %(name)s.", number) % told)


def _put_off(request: HttpRequest, tab: Tab, keys: list[str]) -> None:
    try:
        until = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = date.min
    if not marks.can_be_put_off_until(until):
        text = _("Choose a day after today, at most %(most)s days from now.")
        messages.error(request, text % {"most": marks.LONGEST})
        return
    number = marks.put_off(tab, keys, until, by=staff(request))
    text = ngettext("%(n)s is put off.", "%(n)s are put off.", number)
    messages.success(request, text % {"n": number})
