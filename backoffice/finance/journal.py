"""The journal of a month as a file: for a spreadsheet, or for hledger. Each download is an entry of the ledger."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST

from ledger.api import Actor, record
from ledger.months import CalendarMonth
from payments.admin.dialogs import staff
from payments.books.journal.bookings import Days
from payments.books.journal.plain_text import hledger
from payments.books.journal.table import as_csv
from payments.models import Seller


@dataclass(frozen=True)
class Form:
    """How it is written, and what such a file is called."""

    write: Callable[[Days], Iterator[str]]
    ending: str
    content_type: str


FORMS: Final = {
    "csv": Form(as_csv, "csv", "text/csv; charset=utf-8"),
    "hledger": Form(hledger, "journal", "text/plain; charset=utf-8"),
}


@require_POST
def journal_view(request: HttpRequest, month: str) -> HttpResponseBase:
    """Of all sellers, or of the one that is named; streamed, whatever its size."""
    if not request.user.has_perm("payments.download_journal"):
        raise PermissionDenied
    found, form = CalendarMonth.read(month), FORMS.get(request.POST.get("form", ""))
    seller = request.POST.get("seller", "")
    if found is None or form is None or (seller and not Seller.objects.filter(pk=seller).exists()):
        raise Http404
    which = Days(found.first, found.last, seller)
    _tell(request, which, form)
    name = "-".join(part for part in ("journal", month, seller) if part)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form.ending}"'}
    return StreamingHttpResponse(form.write(which), content_type=form.content_type, headers=headers)


def _tell(request: HttpRequest, which: Days, form: Form) -> None:
    period = f"{which.first:%Y-%m}"
    with transaction.atomic():
        record(
            "journal.downloaded",
            actor=Actor.staff(staff(request).pk),
            subjects={"period": period, **({"seller": which.seller} if which.seller else {})},
            data={"first": str(which.first), "last": str(which.last), "form": form.ending},
        )
