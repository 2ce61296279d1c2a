"""The door of everything that staff use: who may pass it, and who must first show more.

It asks the session, not the person: whoever must have a second factor comes no further with a session that has not
shown it. And what moves money, or changes who may, is done only by a session that showed who is in it not long ago.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, reverse

from backoffice.sign_in import lockout, proof, sessions
from payments.admin.dialogs import go

#: Said on the page that asks for the confirmation: that what was pressed was not done.
UNDONE: Final = "sign_in_undone"
#: The pages of people's own sign-in, and whether they ask again who is there, also when they are only opened.
OWN_PAGES: Final = {
    "mfa_index": False,
    "mfa_activate_totp": True,
    "mfa_deactivate_totp": True,
    "mfa_view_recovery_codes": False,
    "mfa_generate_recovery_codes": True,
    "account_change_password": True,
}
#: What can be opened by whoever must still show, or set up, a second factor.
ON_THE_WAY: Final = {"mfa_activate_totp", "admin:logout", "admin:jsi18n"}
#: Forms with which staff keep records: they move no money, and change nobody who does.
RECORDS: Final = {
    f"admin:jobs_{model}_{form}"
    for model in ("job", "application", "submission", "membernote")
    for form in ("add", "change")
}
#: What else the admin is sent asks again who is there: so nothing new is forgotten.
ASKS_NOTHING: Final = {"admin:logout", *RECORDS}


class SignInDoor:
    """Middleware, after those of sessions, people, messages and of the library for signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if name := getattr(request, "came_in_as", ""):
            lockout.remember_browser(request, response, name)
        return response

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        page = request.resolver_match
        if page is None or not _is_inside(page):
            return None
        if not isinstance(request.user, User):
            # The admin sends strangers to the sign-in by itself, but a dialog would show that page inside of it.
            return _lead(request, reverse("account_login")) if "HX-Request" in request.headers else None
        sessions.seen(request)
        if not proof.has_factor(request) and proof.must_have_factor(request.user):
            return _lead_to_factor(request, page, request.user)
        if page.view_name in OWN_PAGES:
            return _own_page(request, page, request.user)
        if request.method == "POST" and page.view_name not in ASKS_NOTHING and not proof.is_recent(request):
            return _lead_to_confirmation(request)
        return None


def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Signal receiver: the browser is known from now on, which its answer tells it."""
    request.came_in_as = user.get_username()  # type: ignore[attr-defined]  # of this request alone


def _is_inside(page: ResolverMatch) -> bool:
    return "admin" in page.namespaces or page.view_name in OWN_PAGES


def _own_page(request: HttpRequest, page: ResolverMatch, user: User) -> HttpResponse | None:
    """Who has a second factor shows it just before they change how they come in."""
    if not OWN_PAGES[page.view_name] or proof.is_fresh(request):
        return None
    if proof.is_recent(request) and not proof.owns_factor(user):
        return None
    return _lead_to_confirmation(request)


def _lead_to_factor(request: HttpRequest, page: ResolverMatch, user: User) -> HttpResponse | None:
    if proof.owns_factor(user):
        return None if page.view_name == "admin:logout" else _lead_to_confirmation(request)
    if page.view_name not in ON_THE_WAY:
        return go(request, reverse("mfa_activate_totp"))
    if page.view_name == "mfa_activate_totp" and not proof.is_recent(request):
        return _lead_to_confirmation(request)
    return None


def _lead_to_confirmation(request: HttpRequest) -> HttpResponse:
    """To the page that asks who is there, and from it back: a form's page is opened anew, nothing is sent again."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    if request.method == "POST":
        request.session[UNDONE] = True
    return _lead(request, methods[0]["url"] if methods else reverse("account_login"))


def _lead(request: HttpRequest, page: str) -> HttpResponse:
    return go(request, f"{page}?{urlencode({'next': _back(request)})}")


def _back(request: HttpRequest) -> str:
    """The path of the page that the person has before them."""
    if "HX-Request" not in request.headers and request.method != "POST":
        return request.get_full_path()
    before = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    return before._replace(scheme="", netloc="", fragment="").geturl() or reverse("admin:index")
