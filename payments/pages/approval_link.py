"""From a link to its request, in the language of whoever opened it."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from payments import links
from payments.models import PaymentRequest
from payments.presentation.languages import supported


@dataclass(frozen=True)
class OpenedApprovalLink:
    """One opening of one link."""

    request: PaymentRequest
    token: str
    version: int  # of the link that was opened
    shown_to: User | None  # of staff, whose copy it is
    chosen: str  # the language the reader switched to; empty when they did not

    @property
    def language(self) -> str:
        return self.chosen or supported(self.request.payer_language)

    @property
    def is_superseded(self) -> bool:
        return self.version != self.request.link_version

    @property
    def page(self) -> str:
        return self.url("approve")

    def url(self, name: str) -> str:
        path = reverse(name, args=[self.token])
        return f"{path}?lang={self.chosen}" if self.chosen else path


def open_approval_link(http: HttpRequest, token: str) -> OpenedApprovalLink | None:
    """None for a link that was never ours, or whose request is gone."""
    try:
        request_id, version, shown = links.read_token(token)
        shown_to = shown_person(shown)
    except links.BadLink:
        return None
    request = PaymentRequest.objects.select_related("seller", "payer_wallet").filter(pk=request_id).first()
    return OpenedApprovalLink(request, token, version, shown_to, chosen_language(http)) if request else None


def shown_person(user_id: int | None) -> User | None:
    """Whose marked copy it is; None for the link of a mail. Raises BadLink once they don't work here any more."""
    if user_id is None:
        return None
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None:
        raise links.BadLink
    return person


def chosen_language(http: HttpRequest) -> str:
    wanted = http.GET.get("lang", "")
    return wanted if wanted in dict(settings.LANGUAGES) else ""


def nothing_here(http: HttpRequest) -> HttpResponse:
    """For links that are not ours. It does not tell a forged link from a garbled one."""
    with translation.override(chosen_language(http) or translation.get_language()):
        return page(render_to_string("404.html"), status=404)


def page(html: str, status: int = 200) -> HttpResponse:
    return HttpResponse(html, status=status, headers={"Content-Language": translation.get_language() or ""})
