"""The page on which whoever reads a mail stops those of its kind. Reading it changes nothing; only POST acts.

A mail program posts here by itself when its reader presses its own button (RFC 8058, one click): without a cookie.
"""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from payments import links
from payments.actions import mail_stops
from payments.mail.stops import CAN_BE_STOPPED, is_unsubscribed
from payments.models import Message
from payments.models.mail_stops import StopKind
from payments.pages.approval_link import chosen_language, nothing_here, page
from payments.pages.headers import private_page
from payments.presentation.languages import supported


# The link is what authorises, not a cookie; see the approval page.
@csrf_exempt
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def no_mail(http: HttpRequest, token: str) -> HttpResponse:
    message = _opened(token)
    if message is None:
        return nothing_here(http)
    if http.method == "POST":
        if "again" in http.POST:
            mail_stops.subscribe_again(message)
        else:
            mail_stops.unsubscribe(message)
    with translation.override(chosen_language(http) or supported(message.language)):
        kind = CAN_BE_STOPPED[message.template]
        stopped = is_unsubscribed(message)
        context = {"message": message, "stopped": stopped, "digests": kind == StopKind.NO_DIGESTS}
        return page(render_to_string("public/no_mail.html", context), 200)


def _opened(token: str) -> Message | None:
    """The mail that has this link; None once whom it was to was erased."""
    try:
        message_id = links.read_no_mail_token(token)
    except links.BadLink:
        return None
    found = Message.objects.filter(pk=message_id, template__in=CAN_BE_STOPPED).exclude(to_email="")
    return found.first()
