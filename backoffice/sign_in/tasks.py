"""What the queue does for people who sign in: mail that says how to get in again, and that somebody changed that.

These mails stand in no outbox: whoever read there could come in with their links.
"""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _


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
