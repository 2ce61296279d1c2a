"""The page of everything that waits for a second person."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.following import followed
from backoffice.waiting import items


def waiting_view(request: HttpRequest) -> HttpResponse:
    """What this person may decide on, then what others must."""
    following = followed(request, "waiting")
    found = items(request)
    context = {
        **admin.site.each_context(request),
        "title": _("Waiting for a second person"),
        "yours": [item for item in found if item.may_decide],
        "others": [item for item in found if not item.may_decide],
        "following": following,
    }
    return TemplateResponse(request, "admin/waiting.html", context)
