"""From a link to its member, in the language of whoever opened it."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from jobs import links
from jobs.models import Member
from payments.links import BadLink, approval_url
from payments.models import PaymentRequest
from payments.pages.approval_link import chosen_language, nothing_here, page, shown_person
from payments.presentation.languages import supported

GONE = 410


@dataclass(frozen=True)
class OpenedMemberLink:
    """One opening of one member's link."""

    member: Member
    name: str  # of the page's URL
    token: str
    shown_to: User | None  # of staff, whose copy it is
    chosen: str  # the language the reader switched to; empty when they did not

    @property
    def language(self) -> str:
        return self.chosen or supported(self.member.language)

    @property
    def page(self) -> str:
        return self.url(self.name)

    def approval_url(self, request: PaymentRequest) -> str:
        """The page of a request of theirs, marked as this link is."""
        return approval_url(request, self.shown_to.pk if self.shown_to else None)

    def url(self, name: str, *args: str) -> str:
        path = reverse(name, args=[self.token, *args])
        return f"{path}?lang={self.chosen}" if self.chosen else path


def open_member_link(http: HttpRequest, token: str, *, name: str, kind: str) -> OpenedMemberLink | HttpResponse:
    """The member behind the link, or the page that says why there is none."""
    try:
        member_id, version, shown = links.read_token(token, kind)
        shown_to = shown_person(shown)
    except BadLink:
        return nothing_here(http)
    member = Member.objects.select_related("wallet").filter(pk=member_id).first()
    if member is None:
        return nothing_here(http)
    opened = OpenedMemberLink(member, name, token, shown_to, chosen_language(http))
    if version != member.link_version:
        with translation.override(opened.language):
            return page(render_to_string("public/link_over.html"), GONE)
    return opened
