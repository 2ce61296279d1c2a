"""Templates, and the headers that every page carries."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from payments.sandbox.pages import words

FOLDER = Path(__file__).parent
_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    request: Request, template: str, context: dict[str, Any], *, status: int = 200, leads_to: str | None = None
) -> Response:
    """A page in the reader's language. `leads_to` is where its form may redirect besides this provider."""
    spoken = words.preferred(request.headers.get("accept-language", ""))
    html = _environment.get_template(template).render(
        _=spoken, language=spoken.language, provider=request.app.state.provider, **context
    )
    return HTMLResponse(html, status, headers=_headers(leads_to))


def _headers(leads_to: str | None) -> dict[str, str]:
    origin = ""
    if leads_to is not None:
        parts = urlsplit(leads_to)
        # Browsers apply form-action to the redirect after the form, too.
        origin = f" {parts.scheme}://{parts.netloc}"
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; form-action 'self'{origin}; base-uri 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


async def stylesheet(_: Request) -> Response:
    return FileResponse(FOLDER / "sandbox.css", media_type="text/css", headers={"Cache-Control": "max-age=300"})


ROUTES = [Route("/assets/sandbox.css", stylesheet, methods=["GET"])]
