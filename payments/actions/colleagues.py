"""Which language a member of staff works in: that of the page on which they last signed in. Their mail is in it."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import translation

from ledger import clock
from payments.models import Colleague
from payments.presentation.languages import supported


def remember_language(sender: object, user: User, **_kwargs: Any) -> None:  # noqa: ARG001 - Django's signal
    """Receiver of `user_logged_in`."""
    language = supported(translation.get_language() or "")
    Colleague.objects.update_or_create(user=user, defaults={"language": language, "changed_at": clock.now()})
