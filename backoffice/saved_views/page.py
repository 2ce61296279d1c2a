"""Where a view is saved, and where all of them stand and can be removed."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from backoffice.finance.exports.listed_rows import Listed, NoSuchList, listed, name_of_list, query_of
from backoffice.models import SavedView
from backoffice.models.exports import LONGEST_QUERY
from backoffice.models.saved_views import LONGEST_NAME
from backoffice.saved_views.offered import list_page, views_of
from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.admin.dialogs import staff
from payments.mail.colleagues import name_of

#: Of one list, for one person: more are no menu.
MOST_SAVED = 50
#: Whoever has it removes what colleagues share.
CLEARS: Final = "auth.change_user"
#: Of all lists, on the page with all of them.
MOST_SHOWN = 500


class SaveViewForm(forms.Form):
    """Its name, and who else sees it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )
    is_shared = forms.BooleanField(
        label=gettext_lazy("Show it to everybody who may see this list"),
        required=False,
        widget=UnfoldBooleanSwitchWidget(),
        help_text=gettext_lazy(
            "They see the rows that they may see. Only you can change it; administrators can remove it."
        ),
    )


def save_page(request: HttpRequest, page: Any) -> HttpResponse:
    """For whoever may look at the list of `page`, as the address filters it."""
    label, user, query = page.opts.label_lower, staff(request), query_of(request.GET)
    if not page.has_view_permission(request):
        raise PermissionDenied
    try:
        found = _listed(label, query, request)
    except NoSuchList:
        messages.error(request, _("The list has no such filter, so nothing was saved."))
        return HttpResponseRedirect(list_page(label))
    form = SaveViewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if told := _save(label, query, form.cleaned_data, request):
            messages.success(request, told)
            return HttpResponseRedirect(list_page(label, query))
        form.add_error(None, _("You have %(most)s views of this list. Remove one first.") % {"most": MOST_SAVED})
    context = {
        **admin.site.each_context(request),
        "title": _("Save this view: %(list)s") % {"list": name_of_list(label)},
        "back": list_page(label, query),
        "filters": found.filters,
        "form": form,
        "media": form.media,
        "names": SavedView.objects.filter(owner=user, model=label)[:MOST_SAVED],
    }
    return TemplateResponse(request, "admin/saved_views/save.html", context)


def _listed(label: str, query: str, request: HttpRequest) -> Listed:
    if not query or len(query) > LONGEST_QUERY:
        raise NoSuchList("nothing that could be kept")
    return listed(label, query, staff(request))


def _save(label: str, query: str, given: dict[str, Any], request: HttpRequest) -> str:
    """Keeps it, in place of their own of that name, and says what was done; empty when they have too many."""
    user = staff(request)
    with transaction.atomic():
        theirs = SavedView.objects.filter(owner=user, model=label)
        if theirs.exclude(name=given["name"]).count() >= MOST_SAVED:
            return ""
        kept = {"query": query, "is_shared": given["is_shared"], "changed_at": clock.now()}
        view, is_new = SavedView.objects.update_or_create(owner=user, model=label, name=given["name"], defaults=kept)
        _record("view.saved", view, request)
    told = _("The view “%(name)s” was saved.") if is_new else _("The view “%(name)s” was replaced.")
    return told % {"name": view.name}


def _record(kind: str, view: SavedView, request: HttpRequest) -> None:
    data: dict[str, Json] = {"list": view.model, "shared": view.is_shared}
    record(kind, actor=Actor.staff(staff(request).pk), subjects={"view": view.pk}, data=data)


def views_page(request: HttpRequest) -> HttpResponse:
    """All that this person may open, by list."""
    user, may_clear = staff(request), request.user.has_perm(CLEARS)
    found = list(views_of(user).filter(model__in=_lists_seen(request))[:MOST_SHOWN])
    rows = [
        {
            "view": view,
            "list": name_of_list(view.model),
            "path": list_page(view.model, view.query),
            "whose": "" if view.owner == user else name_of(view.owner),
            "may_remove": view.owner == user or may_clear,
        }
        # Stable: of each list still their own first.
        for view in sorted(found, key=lambda view: view.model)
    ]
    context = {**admin.site.each_context(request), "title": _("Saved views"), "rows": rows}
    return TemplateResponse(request, "admin/saved_views/views.html", context)


def _lists_seen(request: HttpRequest) -> list[str]:
    """A list that there is no more, or that they may not see any more, is not among them."""
    pages = admin.site._registry.values()  # noqa: SLF001 - Django's own registry
    return [page.opts.label_lower for page in pages if page.has_view_permission(request)]


def remove_view(request: HttpRequest, object_id: str) -> HttpResponse:
    """Removes one of their own; administrators remove what somebody shares, too."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    theirs = Q(owner=staff(request))
    if request.user.has_perm(CLEARS):
        theirs |= Q(is_shared=True)
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(theirs, pk=object_id).first()
        if view is None:
            raise Http404
        _record("view.removed", view, request)
        view.delete()
    messages.success(request, _("The view “%(name)s” was removed.") % {"name": view.name})
    return HttpResponseRedirect(reverse("admin:saved_views"))
