"""Django's own formats of Mexico, with dates that fit a column."""

from django.conf.locale.es_MX.formats import *  # type: ignore[import-untyped]  # noqa: F403 - Django ships no types for it

DATE_FORMAT = "j\xa0b\xa0Y"
DATETIME_FORMAT = "j\xa0b\xa0Y, H:i"
