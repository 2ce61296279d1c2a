"""Which of our languages a person reads."""

from django.conf import settings
from django.utils import translation


def supported(language: str) -> str:
    """The language of ours that is nearest to `language`; the site's own for one that we do not have."""
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE
