"""Sources of statements, with what was imported from each; files are uploaded from their source's page."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.finance.exceptions.words import names_of
from backoffice.finance.statements import import_page
from backoffice.finance.statements.filters import UnreadFilter
from backoffice.finance.statements.words import problem_of
from ledger.models import StatementException, StatementImport, StatementSource
from ledger.models.statements import ImportState, SourceKind
from ledger.stamps import stamp
from ledger.statements import sources
from payments.admin.dialogs import staff
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import Seller
from payments.openpayments.amounts import LONGEST_ASSET_CODE
from payments.presentation.statement_words import problem_sentence

SHOWN = 25
TONES = {
    ImportState.READING: "info",
    ImportState.COMPLETE: "success",
    ImportState.INTERRUPTED: "warning",
    ImportState.REFUSED: "danger",
    ImportState.PREVIEW: "info",
    ImportState.DISCARDED: "default",
}


class StatementSourceForm(forms.ModelForm[StatementSource]):
    class Meta:
        model = StatementSource
        fields = ("name", "account", "way", "asset_code", "window_days", "tolerance")
        help_texts = {
            "account": _(
                "Of a wallet: its address. Empty for a bank account, or a cash book, from which people are paid outside"
                " wallets."
            ),
            "way": _("Of an account that is no wallet: which payments outside wallets stand in it."),
            "window_days": _("So many days may lie between a payment here and its row there."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without the zeros that only the column needs.
        self.initial["tolerance"] = f"{Decimal(self.initial.get('tolerance') or 0).normalize():f}"

    def clean_asset_code(self) -> str:
        return str(self.cleaned_data["asset_code"]).strip().upper()[:LONGEST_ASSET_CODE]


@admin.register(StatementSource)
class StatementSourceAdmin(ReadOnlyAdmin):
    form = StatementSourceForm
    list_display = ("name", "kind_label", "asset_code", "read", "state", "open_exceptions")
    list_display_links = ("name",)
    # Files first: they are what a person has to see to.
    ordering = ("kind", "name", "client")
    when_empty = _(
        "A source is an account whose statements are compared with what we know. Add one to import files of a wallet or"
        " a bank; what wallets list by themselves is read every night, and stands here then."
    )
    list_filter = ("kind", UnreadFilter)
    search_fields = ("name", "account")
    fields = ("name", "account", "way", "asset_code", "window_days", "tolerance")
    change_form_outer_after_template = "admin/finance/statements/source.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementSource]:
        found: QuerySet[StatementSource] = super().get_queryset(request)
        latest = StatementImport.objects.filter(source=OuterRef("pk")).order_by("-began_at", "-id")
        open_ones = StatementException.objects.filter(source=OuterRef("pk"), resolved_at=None).order_by()
        counted = open_ones.values("source").annotate(n=Count("pk")).values("n")
        return found.annotate(
            read_at=Subquery(latest.values("began_at")[:1]),
            latest_state=Subquery(latest.values("state")[:1]),
            open_ones=Coalesce(Subquery(counted), 0),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        self._sellers = dict(Seller.objects.values_list("pk", "name"))
        return super().changelist_view(request, extra_context)

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return request.user.has_perm(import_page.PERMISSION)

    def has_change_permission(self, request: HttpRequest, obj: StatementSource | None = None) -> bool:
        """What a wallet lists is set up by the program."""
        return obj is not None and obj.kind == SourceKind.FILE and request.user.has_perm(import_page.PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        upload = self.admin_site.admin_view(import_page.upload)
        return [path("<int:pk>/import/", upload, name="ledger_statementsource_import"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: StatementSource, form: StatementSourceForm, change: Any) -> None:
        by = staff(request).pk
        if change:
            sources.change(obj, form.changed_data, by=by)
        else:
            sources.set_up(obj, by=by)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        row = context.get("original")
        imports = list(row.imports.defer("content", "summary").order_by("-began_at", "-id")[:SHOWN]) if row else []
        names = names_of(one.by for one in imports)
        told = {
            "source": row,
            "imports": [(one, names.get(one.by or 0, ""), _problem(one)) for one in imports],
            "takes_files": bool(row) and self.has_change_permission(request, row),
        }
        return super().render_change_form(request, {**context, **told}, *args, **options)

    @display(description=_("what it is"), ordering="kind")
    def kind_label(self, row: StatementSource) -> str:
        """With whose key a wallet is asked: it lists what one client made."""
        if not row.client:
            return row.get_kind_display()
        name = self._sellers.get(row.client, row.client)
        words = row.get_kind_display(), _("asked by %(seller)s") % {"seller": name}
        return format_html('<div class="tequio-cell">{}<br><span class="tequio-meta">{}</span></div>', *words)

    @display(description=_("last read"), ordering="read_at", empty_value=_("never"))
    def read(self, row: Any) -> str | None:
        return stamp(row.read_at) if row.read_at else None

    @display(description=_("state"), label={tone: tone for tone in ("info", "success", "warning", "danger", "default")})
    def state(self, row: Any) -> tuple[str, Any]:
        return (TONES[row.latest_state], ImportState(row.latest_state).label) if row.latest_state else ("default", "-")

    @display(description=_("open exceptions"), ordering="open_ones")
    def open_exceptions(self, row: Any) -> str:
        if not row.open_ones:
            return "0"
        link = f"{reverse('admin:ledger_statementexception_changelist')}?source__id__exact={row.pk}"
        return format_html('<a href="{}">{}</a>', link, row.open_ones)


def _problem(statement: StatementImport) -> str:
    if statement.source.kind == SourceKind.FILE:
        return problem_of(statement.problem)
    return problem_sentence(statement)
