"""In what a client says that it wrote: a name of its choice, by which Django looks up what reads its request.

Addresses and forms are in UTF-8. A form that was written in anything else is refused; of whatever else came, only the
address is read, so what it says of itself does not matter. This has to be seen to before there is a request: Django
reads the address as it makes one.
"""

import codecs
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
#: Instead of the type of a form that is not read.
NO_FORM: Final = "application/octet-stream"
#: In the META of the request: it was such a form.
REFUSED_FORM: Final = "tequio.refused_form"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def is_refused_form(request: HttpRequest) -> bool:
    return REFUSED_FORM in request.META


def read_as_utf_8(application: Application) -> Application:
    """`application`, which is told of no encoding but UTF-8."""

    def door(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        written = environ.get("CONTENT_TYPE", "")
        if not _is_utf_8(written):
            kind = written.partition(";")[0].strip().lower()
            environ["CONTENT_TYPE"] = NO_FORM if kind in FORMS else kind
            if kind in FORMS:
                environ[REFUSED_FORM] = True
        return application(environ, start_response)

    return door


def _is_utf_8(content_type: str) -> bool:
    """False, too, where Django fails over it. Encodings that nobody knows are left to Django, which ignores them."""
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "")
        return not charset or codecs.lookup(charset).name == "utf-8"
    except ValueError:
        return False
    except LookupError:
        return True
