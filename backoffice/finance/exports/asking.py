"""Asking for an export: few rows are made at once, many by the worker."""

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation
from django_q.tasks import async_task

from backoffice.finance.exports.making import make
from backoffice.models.exports import LONGEST_QUERY, Export, RegularExport
from payments.presentation.languages import supported

#: So many rows are made while a person waits: some seconds.
AT_ONCE: Final = 20_000
TASK: Final = "backoffice.finance.exports.tasks.make_export"


def ask(  # noqa: PLR0913 - what is asked for, and by whom
    label: str, query: str, file_format: str, *, by: User, form_id: str, rows: int
) -> Export:
    """One export for one form, however often it is sent; `rows` is how many there are now. Outside a transaction."""
    assert len(query) <= LONGEST_QUERY, "no browser sends a longer one"
    language = supported(translation.get_language() or "")
    asked = {"model": label, "query": query, "format": file_format, "language": language, "asked_by": by}
    with transaction.atomic():
        export, is_new = Export.objects.get_or_create(form_id=form_id, defaults={**asked, "rows_expected": rows})
        if is_new and rows > AT_ONCE:
            async_task(TASK, export.pk)
    return make(export.pk) if is_new and rows <= AT_ONCE else export


def ask_regularly(regular: RegularExport, query: str) -> Export:
    """The next one of a regular export, for the worker. In the caller's transaction."""
    export = Export(
        model=regular.model,
        query=query,
        format=regular.format,
        language=regular.language,
        asked_by=regular.made_by,
        regular=regular,
    )
    export.save(force_insert=True)
    async_task(TASK, export.pk)
    return export
