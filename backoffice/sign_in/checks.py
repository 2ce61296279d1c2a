"""What `manage.py check --deploy` says of how people sign in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name


@register(Tags.security, deploy=True)
def second_factor_is_required(**_kwargs: Any) -> list[CheckMessage]:
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    words = "Whoever may move money signs in with a password alone: SECOND_FACTOR_REQUIRED is false."
    return [Warning(words, id="backoffice.W005")]
