"""What every page behind a link tells browsers: keep nothing, tell nobody, run nothing of anybody else's."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponseBase

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]

POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "connect-src": ["'self'"],
    # No form-action: the approval's POST is answered with a redirect to a wallet, wherever that is.
}


def private_page(view: View[Rest]) -> View[Rest]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    # django-csp types its decorators for views without arguments only.
    return cast("View[Rest]", csp_replace(POLICY)(cast("Callable[[HttpRequest], HttpResponseBase]", guarded)))
