"""Taking away a second factor for somebody who lost theirs: by an administrator, or where the program runs."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.utils import translation
from django_q.tasks import async_task

from backoffice.sign_in import entries, sessions
from ledger.api import Actor

MAIL_TASK = "backoffice.sign_in.tasks.mail_factor_reset"


def reset_factor(user: User, *, by: Actor, called: str) -> bool:
    """Whether there was one to take away; then their sessions end and they get a mail, in the caller's transaction.

    `called` is the name of whoever did it, for that mail.
    """
    found, _rows = Authenticator.objects.filter(user=user).delete()
    if not found:
        return False
    sessions.end(user)
    entries.tell("sign_in.factor_reset", user, by=by, credentials=True)
    async_task(MAIL_TASK, user.pk, called, translation.get_language())
    return True
