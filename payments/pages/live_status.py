"""What a page that follows a request asks every few seconds: whether anything changed since it was loaded."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from payments.pages.approval_link import open_approval_link
from payments.pages.headers import private_page
from payments.pages.phases import progress_of


@private_page
@require_safe
def status(http: HttpRequest, token: str) -> HttpResponse:
    opened = open_approval_link(http, token)
    if opened is None:
        return JsonResponse({"error": "not_found"}, status=404)
    progress = progress_of(opened.request)
    answer = {
        "state": opened.request.state,
        "phase": progress.phase,
        "version": progress.version,
        "moves": progress.moves,
        "done": progress.done,
    }
    return JsonResponse(answer)
