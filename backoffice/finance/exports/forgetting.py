"""When a member is erased: files of lists, which may name them, are over at once; so is who searched for them."""

from collections.abc import Collection, Iterator
from typing import Any

from django.http import QueryDict

from backoffice.finance.exports.listed_rows import SEARCH
from backoffice.models.exports import Export, Exported, RegularExport
from ledger import clock
from ledger.api import Actor, erase
from ledger.models import EntrySubject

ERASER = Actor.system("export")


def forget(names: Collection[str], **_kwargs: Any) -> None:
    """Receives `jobs.signals.member_erased`, in the transaction that erases."""
    now = clock.now()
    Export.objects.exclude(file="").filter(expires_at__gt=now).update(expires_at=now)
    searched = [row.pk for row in _forget_searches(Export, names)]
    regular = [row.pk for row in _forget_searches(RegularExport, names)]
    # Without its search it would be another list.
    RegularExport.objects.filter(pk__in=regular, stopped_at=None).update(stopped_at=now)
    about = EntrySubject.objects.filter(subject_kind="export", subject_id__in=searched)
    erase(list(about.values_list("entry_id", flat=True)), actor=ERASER, reason="member_erased")


def _forget_searches(model: type[Exported], names: Collection[str]) -> Iterator[Any]:
    folded = [name.casefold() for name in names if name]
    for row in model._default_manager.filter(query__contains=f"{SEARCH}="):  # noqa: SLF001 - Django's public name
        asked = QueryDict(row.query, mutable=True)
        words = asked.get(SEARCH, "").strip().casefold()
        if words and any(words in name or name in words for name in folded):
            asked.pop(SEARCH)
            row.query = asked.urlencode()
            row.save(update_fields=["query"])
            yield row
