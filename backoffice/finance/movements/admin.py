"""The list of movements: what figures of reports sum up, row by row. Nobody can add, change or delete anything."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, TextFilter
from unfold.decorators import display

from backoffice.finance.movements.rows import NARROWS, Rows
from backoffice.finance.subjects import SubjectPage, pages_of
from ledger.admin.append_only import AppendOnlyAdmin
from ledger.books.figures import FIGURES, amounts, tell
from ledger.books.sums import Total
from ledger.distinct import distinct_values
from ledger.models import Movement
from ledger.models.books import FIGURES as COLUMNS
from ledger.models.books import IN_RECEIVED
from ledger.stamps import stamp
from payments.models import Seller, WalletAddress
from payments.models.payments import Purpose
from payments.presentation.format_totals import format_total


class _Narrow:
    """Lets through what `movements.NARROWS` says of its parameter."""

    parameter_name: ClassVar[str]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()  # type: ignore[attr-defined]  # of the filter that it is mixed into
        return NARROWS[self.parameter_name](queryset, value, request.GET.dict()) if value else queryset


class FigureFilter(_Narrow, DropdownFilter):
    title = gettext_lazy("figure")
    parameter_name = "figure"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return [(figure.code, figure.label) for figure in FIGURES.values()]


class MovementCurrencyFilter(_Narrow, DropdownFilter):
    title = gettext_lazy("currency")
    parameter_name = "currency"

    def lookups(self, *_args: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in distinct_values(WalletAddress, "asset_code")]


class SellerFilter(_Narrow, DropdownFilter):
    title = gettext_lazy("seller")
    parameter_name = "seller"

    def lookups(self, *_args: Any) -> list[tuple[str, str]]:
        return [(row.pk, row.name) for row in Seller.objects.only("pk", "name").order_by("name")]


class PurposeFilter(_Narrow, DropdownFilter):
    title = gettext_lazy("purpose")
    parameter_name = "purpose"

    def lookups(self, *_args: Any) -> list[tuple[str, Any]]:
        return list(Purpose.choices)


class _Linked(_Narrow, TextFilter):
    """Set by links of reports, and told only where it is."""

    def has_output(self) -> bool:
        return bool(self.value())


class FunderFilter(_Linked):
    title = gettext_lazy("funder")
    parameter_name = "funder"


class WorkerFilter(_Linked):
    title = gettext_lazy("worker")
    parameter_name = "worker"


class RequestFilter(_Linked):
    title = gettext_lazy("payment request")
    parameter_name = "request"


class JobFilter(_Linked):
    title = gettext_lazy("job")
    parameter_name = "job"


class OnlyFilter(_Linked):
    title = gettext_lazy("section of a report")
    parameter_name = "only"


class UnderWayFilter(_Linked):
    title = gettext_lazy("under way, asked for between")
    parameter_name = "open"


@admin.register(Movement)
class MovementAdmin(AppendOnlyAdmin):
    list_display = ["day", "moment", "what", "who", "changes"]
    list_display_links = ["day"]
    list_filter = [
        FigureFilter,
        MovementCurrencyFilter,
        ("day", RangeDateFilter),
        SellerFilter,
        PurposeFilter,
        FunderFilter,
        WorkerFilter,
        RequestFilter,
        JobFilter,
        OnlyFilter,
        UnderWayFilter,
    ]
    list_filter_submit = True
    when_empty = gettext_lazy(
        "A movement is booked whenever a payment's amounts change. Nobody was asked for money yet."
    )
    list_before_template = "admin/finance/movements_head.html"
    search_fields = ["subject__exact", "request__exact"]
    search_help_text = gettext_lazy("The whole id of a payment or of a payment request.")
    ordering = ["-id"]
    fields = ["day", "moment", "what", "who", "purpose_name", "changes", "number"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Movement]:
        found: QuerySet[Movement] = super().get_queryset(request)
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With what the rows of the page are about, and what each adds to the figure, read at once."""
        found = super().get_changelist_instance(request)
        rows = list(found.result_list)
        figure = request.GET.get(FigureFilter.parameter_name, "")
        about = pages_of(row.subject for row in rows)
        adds = amounts(figure, rows) if figure in FIGURES else {}
        for row in rows:
            row.about = about.get(row.subject)
            row.adds = adds.get(row.pk)
        found.result_list = rows
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """What the rows come to, all pages together."""
        answer: HttpResponseBase = super().changelist_view(request, extra_context)
        told = getattr(answer, "context_data", None)
        figure = FIGURES.get(request.GET.get(FigureFilter.parameter_name, ""))
        if told and figure and "cl" in told:
            told["figure"], told["totals"] = figure, _totals(figure.code, told["cl"].queryset, request)
        return answer

    @display(description=gettext_lazy("booked"), ordering="id")
    def moment(self, row: Movement) -> str:
        return stamp(row.at)

    @display(description=gettext_lazy("payment"))
    def what(self, row: Movement) -> SafeString:
        about = _about(row)
        if about is None:
            return format_html("{}", row.subject)
        return format_html('<a href="{}" class="tequio-movement">{}</a>', about.link, about.title)

    @display(description=gettext_lazy("from whom, to whom"))
    def who(self, row: Movement) -> str:
        about = _about(row)
        return f"{about.payer} → {about.receiver}" if about else ""

    @display(description=gettext_lazy("purpose"))
    def purpose_name(self, row: Movement) -> str:
        return str(Purpose(row.purpose).label)

    @display(description=gettext_lazy("what changed"))
    def changes(self, row: Movement) -> SafeString:
        """Of the figure that the list is about, or of all."""
        adds: list[Total] | None = getattr(row, "adds", None)
        if adds is not None:
            told = [("", format_total(total)) for total in _summed(adds)]
        else:
            told = [(_name(column), format_total(total)) for column, total in _changed(row)]
        lines = format_html_join("", '<span class="tequio-change"><span>{}</span> <span>{}</span></span>', told)
        return format_html('<div class="tequio-cell">{}</div>', lines)


def _about(row: Movement) -> SubjectPage | None:
    """As the list has read it for all its rows; of one row alone it is read here."""
    if not hasattr(row, "about"):
        return pages_of([row.subject]).get(row.subject)
    about: SubjectPage | None = row.about
    return about


def _summed(totals: list[Total]) -> list[Total]:
    by_code: dict[str, Total] = {}
    for total in totals:
        by_code[total.code] = by_code[total.code] + total if total.code in by_code else total
    return [total for total in by_code.values() if total.value]


def _changed(row: Movement) -> list[tuple[str, Total]]:
    found = []
    for column in COLUMNS:
        received = column in IN_RECEIVED
        code, scale = (row.received_code, row.received_scale) if received else (row.paid_code, row.paid_scale)
        if value := getattr(row, column):
            found.append((column, Total(code, scale, value)))
    return found


def _name(column: str) -> str:
    label = str(Movement._meta.get_field(column).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001 - a column
    return label[:1].upper() + label[1:]


def _totals(figure: str, rows: QuerySet[Movement], request: HttpRequest) -> list[Total]:
    told = tell([figure], Q(pk__in=rows.order_by().values("pk")))
    wanted = request.GET.get(MovementCurrencyFilter.parameter_name)
    return [told.total(figure, code) for code in told.currencies if wanted in {None, "", code}]
