"""What the queue does for people who sign in: mail about how they get in, and an end to sessions that ran out.

These mails stand in no outbox: whoever read there could come in with their links.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger import clock

#: What the library calls it, and what people are told.
CHANGES: Final[dict[str, Promise]] = {
    "totp_activated": gettext_lazy("A second factor was set up."),
    "totp_deactivated": gettext_lazy("Your second factor was removed."),
    "recovery_codes_generated": gettext_lazy("New recovery codes were made. The old ones no longer work."),
    "password_changed": gettext_lazy("Your password was changed."),
    "password_reset": gettext_lazy("A new password was chosen, by a link in an email."),
}


def mail_password_reset(email: str, language: str) -> None:
    """A link for a new password, to everybody active whose address this is; nothing to anybody else."""
    for user in User.objects.filter(email__iexact=email, is_active=True):
        if user.has_usable_password():
            key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
            link = settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)
            with translation.override(language):
                _send(user, _("A new password for Tequio"), "new_password", link=link)


def mail_factor_reset(user_id: int, by: str, language: str) -> None:
    """That `by`, an administrator's name, took away somebody's second factor, so that they set up a new one."""
    user = User.objects.get(pk=user_id)
    with translation.override(language):
        _send(
            user,
            _("Your second factor was reset"),
            "factor_reset",
            by=by,
            link=settings.BASE_URL + reverse("account_login"),
        )


def mail_change(user_id: int, change: str, language: str) -> None:
    """That how somebody comes in is not what it was; `change` is the library's name for what happened."""
    user = User.objects.get(pk=user_id)
    with translation.override(language):
        _send(user, _("Your sign-in was changed"), "changed", change=str(CHANGES[change]))


def forget_expired_sessions() -> None:
    """They open nothing any more, and nobody is shown as signed in by them."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _send(user: User, subject: str, template: str, **told: Any) -> None:
    if not user.email:
        return
    context = {
        "name": user.get_full_name() or user.get_username(),
        "username": user.get_username(),
        "subject": subject,
        "language": translation.get_language(),
        "host": urlsplit(settings.BASE_URL).netloc,
        **told,
    }
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"sign_in/mail/{template}.txt", context).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"sign_in/mail/{template}.html", context), "text/html")
    mail.send()
