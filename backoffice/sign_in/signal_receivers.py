"""What follows when the library says that somebody came in, left, or changed how they come in."""

from allauth.account import signals as account
from allauth.mfa import signals as factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save

from backoffice.sign_in import door, entries, factor_secrets, proof, sessions


def connect() -> None:
    """Called once, when the program starts."""
    for signal, receiver in (
        (user_logged_in, proof.signed_in),
        (account.user_logged_in, entries.signed_in),
        (account.user_logged_in, door.signed_in),
        (user_logged_out, entries.signed_out),
        (user_logged_out, sessions.signed_out),
        (account.password_changed, entries.password_changed),
        (account.password_reset, entries.password_reset),
        (factor.authenticator_added, sessions.end_others),
        (factor.authenticator_removed, entries.factor_removed),
        (factor.authenticator_removed, sessions.end_others),
        (factor.authenticator_used, entries.factor_used),
    ):
        signal.connect(receiver, dispatch_uid=f"{receiver.__module__}.{receiver.__name__}")
    post_save.connect(entries.factor_made, sender=Authenticator, dispatch_uid="backoffice.sign_in.entries.factor_made")
    post_delete.connect(
        factor_secrets.forget, sender=Authenticator, dispatch_uid="backoffice.sign_in.factor_secrets.forget"
    )
    post_save.connect(sessions.switched_off, sender=User, dispatch_uid="backoffice.sign_in.sessions.switched_off")
