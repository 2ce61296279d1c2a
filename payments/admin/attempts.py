"""Grants and attempts: what was asked of the wallets. All are kept; tokens and other secrets are never shown."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from ledger.filters import BusinessDaysFilter
from payments.admin.columns import AmountColumn, StateColumn
from payments.admin.filters import AskedHostFilter, InVainFilter, ReasonFilter
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import Grant, IncomingPayment, OutgoingPayment, Quote
from payments.models.fields import amount_of
from payments.presentation.format_amounts import format_amount
from payments.states import COUNTED_OUTGOING


class TriedAdmin(StateColumn, ReadOnlyAdmin):
    """Found from the payment request's page, so not in the sidebar."""

    list_filter: tuple[Any, ...] = (
        ("state", ChoicesDropdownFilter),
        InVainFilter,
        ("created_at", BusinessDaysFilter),
        ReasonFilter,
        AskedHostFilter,
    )
    select_related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related(*self.select_related)


@admin.register(Grant)
class GrantAdmin(TriedAdmin):
    list_display = ("state_label", "kind", "wallet", "limit", "created_at")
    list_display_links = ("state_label", "kind")
    list_filter = (("kind", ChoicesDropdownFilter), *TriedAdmin.list_filter)
    search_fields = ("id", "request__id", "wallet__url")
    select_related = ("wallet", "request", "key")
    fields = (
        "id",
        "kind",
        "state",
        "why",
        "request",
        "wallet",
        "key",
        "auth_server",
        "limit",
        "ordered",
        "spent",
        "spent_checked_at",
        "created_at",
        "changed_at",
        "interaction_expires_at",
        "token_expires_at",
    )
    readonly_fields = fields

    @display(description=_("limit"))
    def limit(self, row: Grant) -> str:
        return format_amount(row.limit) or "-"

    @display(description=_("ordered under it"))
    def ordered(self, row: Grant) -> str:
        counted = row.outgoing_payments.filter(state__in=COUNTED_OUTGOING)
        total = counted.aggregate(total=Sum("quote__debit_value"))["total"]
        return format_amount(amount_of(total, row.asset_code, row.asset_scale)) or "-"

    @display(description=_("spent, as the wallet says"))
    def spent(self, row: Grant) -> str:
        if row.spent is None and row.spent_checked_at:
            return gettext("The wallet does not tell.")
        return format_amount(row.spent) or "-"


@admin.register(IncomingPayment)
class IncomingPaymentAdmin(AmountColumn, TriedAdmin):
    list_display = ("state_label", "wallet", "amount", "received", "created_at")
    list_display_links = ("state_label", "wallet")
    search_fields = ("id", "payment__id", "remote_id__exact", "wallet__url")
    select_related = ("wallet", "payment")
    fields = (
        "id",
        "state",
        "why",
        "payment",
        "wallet",
        "remote_id",
        "amount",
        "received",
        "read_at",
        "closed_at",
        "expires_at",
        "created_at",
        "changed_at",
    )
    readonly_fields = fields

    @display(description=_("received"))
    def received(self, row: IncomingPayment) -> str:
        return format_amount(amount_of(row.received_value, row.asset_code, row.asset_scale))


@admin.register(Quote)
class QuoteAdmin(TriedAdmin):
    list_display = ("state_label", "payment", "debit", "receive", "expires_at", "created_at")
    list_display_links = ("state_label", "payment")
    search_fields = ("id", "payment__id", "remote_id__exact")
    select_related = ("payment", "incoming")
    fields = (
        "id",
        "state",
        "why",
        "payment",
        "incoming",
        "remote_id",
        "debit",
        "receive",
        "expires_at",
        "created_at",
        "changed_at",
    )
    readonly_fields = fields

    @display(description=_("the payer pays"))
    def debit(self, row: Quote) -> str:
        return format_amount(row.debit) or "-"

    @display(description=_("the receiver gets"))
    def receive(self, row: Quote) -> str:
        return format_amount(row.receive) or "-"


@admin.register(OutgoingPayment)
class OutgoingPaymentAdmin(TriedAdmin):
    list_display = ("state_label", "payment", "debit", "sent", "created_at")
    list_display_links = ("state_label", "payment")
    search_fields = ("id", "payment__id", "remote_id__exact")
    select_related = ("payment", "quote", "grant")
    fields = (
        "id",
        "state",
        "why",
        "payment",
        "quote",
        "grant",
        "remote_id",
        "debit",
        "sent",
        "created_at",
        "changed_at",
    )
    readonly_fields = fields

    @display(description=_("debited"))
    def debit(self, row: OutgoingPayment) -> str:
        return format_amount(amount_of(row.debit_value, row.asset_code, row.asset_scale)) or "-"

    @display(description=_("sent"))
    def sent(self, row: OutgoingPayment) -> str:
        return format_amount(amount_of(row.sent_value, row.asset_code, row.asset_scale)) or "-"
