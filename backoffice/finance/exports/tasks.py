"""What workers do for exports. Each may run twice, at once, or late: the rows decide what is left to do."""

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django_q.tasks import async_task

from backoffice.finance.exports import regular
from backoffice.finance.exports.asking import TASK
from backoffice.finance.exports.files import folder
from backoffice.finance.exports.making import make
from backoffice.models.exports import Export, ExportState
from ledger import clock

#: What nobody began by then has lost its task.
TOO_LONG: Final = timedelta(minutes=15)
AT_ONCE: Final = 20
#: Longer than a file that is being made is ever left unwritten, or without its row.
STRAYS_LIVE_SECONDS: Final = 60 * 60


def make_export(export_id: str) -> None:
    make(export_id)


def look_after_exports() -> None:
    """Every five minutes: regular ones whose time has come, those whose process died, and files whose time is over."""
    regular.begin_due()
    now = clock.now()
    left = Q(state=ExportState.RUNNING, lease_until__lte=now) | Q(
        state=ExportState.QUEUED, changed_at__lte=now - TOO_LONG
    )
    for pk in Export.objects.filter(left).order_by("created_at").values_list("pk", flat=True)[:AT_ONCE]:
        if Export.objects.filter(left, pk=pk).update(changed_at=now):
            async_task(TASK, pk)
    _remove_what_is_over()


def _remove_what_is_over() -> None:
    over = Export.objects.filter(expires_at__lte=clock.now()).exclude(file="")
    for pk, name in over.values_list("pk", "file"):
        folder.remove(name)
        Export.objects.filter(pk=pk).update(file="")
    kept = set(Export.objects.exclude(file="").values_list("file", flat=True))
    folder.remove_strays(kept, STRAYS_LIVE_SECONDS)
