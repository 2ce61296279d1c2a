"""`GET /metrics`, for whoever shows the token of the environment; without one there, for nobody."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from backoffice.monitoring.exposition import CONTENT_TYPE, exposition
from backoffice.monitoring.figures import figures


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may(request):
        return HttpResponse("", status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    return HttpResponse(exposition(figures()), content_type=CONTENT_TYPE)


def _may(request: HttpRequest) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and constant_time_compare(shown.strip(), wanted)
