"""What the library for signing in does our way: who may try, its words, where it may lead, how it encrypts."""

from ipaddress import ip_address
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.ratelimit import truncate_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from backoffice.sign_in import entries, factor_secrets, lockout, proof

#: Behind a proxy that does not say for whom it asks, everybody comes from the same place.
NO_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - said of nobody, listened on by nothing


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("That username and password don't belong together. Please try again."),
        "incorrect_password": _("That is not your password. Please try again."),
        "enter_current_password": _("That is not your password. Please try again."),
        "invalid_password_reset": _("This link does not work any more."),
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """People are made by administrators."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Only paths of this site are gone to."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_client_ip(self, request: HttpRequest) -> str:
        try:
            return str(super().get_client_ip(request))
        except PermissionDenied:
            return NO_ADDRESS

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Whose username and password these are. Raises LockedOut, whatever they are, after too many wrong ones."""
        name = credentials["username"]
        tried = self.begin(request, name)
        user = authenticate(request, username=name, password=credentials["password"])
        # Who is no member of staff has nothing to sign in for.
        if not isinstance(user, User) or not user.is_staff:
            entries.wrong_try(request, tried, name)
            return None
        tried.give_back()
        return user

    def begin(self, request: HttpRequest, name: str) -> lockout.Try:
        """Count a try to be `name`. Raises LockedOut."""
        address = truncate_ip(self.get_client_ip(request))
        # This machine's own is that of everybody behind a proxy that we were not told of: it tells nobody apart.
        is_own = address == NO_ADDRESS or ip_address(address).is_loopback
        return lockout.begin(request, name, "" if is_own else address)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever has a second factor confirms with it; the others with their password."""
        if not user.is_authenticated:
            return []
        page = "mfa_reauthenticate" if proof.owns_factor(user) else "account_reauthenticate"
        return [{"id": page, "description": "", "url": reverse(page)}]

    def is_reauthentication_required(self, **_kwargs: Any) -> bool:
        """The same rule as for money."""
        return not proof.is_recent(context.request)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is not right. Codes change every half minute, and each works once."),
        "cannot_delete_authenticator": _("With what you may do here, you can't be without a second factor."),
    }

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_totp_issuer(self) -> str:
        return f"Tequio ({context.request.get_host()})"

    def encrypt(self, text: str) -> str:
        return factor_secrets.keep(text)

    def decrypt(self, encrypted_text: str) -> str:
        return factor_secrets.read(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not proof.must_have_factor(authenticator.user)
