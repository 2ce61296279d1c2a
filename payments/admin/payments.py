"""Payments: one receiver each."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display

from ledger.api import newest_entry, proves, timeline
from ledger.filters import BusinessDaysFilter
from ledger.stamps import stamp
from payments.actions.refunds import refundable
from payments.admin import attention_panel
from payments.admin.columns import AmountColumn, StateColumn, Summed
from payments.admin.filters import CurrencyFilter, GroupFilter, PaymentStatusFilter
from payments.admin.following import FollowedRow, version_of_facts
from payments.admin.more_links import more_links
from payments.admin.payment_actions import PaymentActions
from payments.admin.readonly import ReadOnlyAdmin
from payments.admin.refund_forms import is_refund
from payments.admin.review import version_of
from payments.admin.short_texts import shorts
from payments.admin.staff_notes import NotedRow
from payments.mail.queue import TO_RECEIVER
from payments.models import Payment
from payments.presentation import timeline_lines
from payments.presentation.cost_summary import cost_line_of
from payments.presentation.dates import age
from payments.presentation.format_amounts import format_amount
from payments.presentation.next_step import attention_step
from payments.presentation.payment_proof import proof_answer
from payments.presentation.status import payment_status
from payments.presentation.timeline_text import describe
from payments.presentation.where_it_stands import for_staff
from payments.risk.answers import OVERRIDE
from payments.risk.warnings import warnings_of
from payments.states import NEEDS_A_PERSON, UNSENT, Group, PaymentState


@admin.register(Payment)
class PaymentAdmin(FollowedRow, NotedRow, PaymentActions, StateColumn, AmountColumn, ReadOnlyAdmin):
    list_display = ("state_label", "receiver_name", "amount", "request_title", "since")
    note_subject = "payment"
    list_display_attention = ("waits_for", "receiver_name", "amount", "why", "turn", "owner_name")
    list_display_links = ("state_label", "receiver_name")
    ordering = ("-created_at", "-id")
    summed = (Summed("value", _("amount")), Summed("received_value", _("received")))
    list_filter = (
        GroupFilter,
        PaymentStatusFilter,
        CurrencyFilter,
        ("created_at", BusinessDaysFilter),
        ("settled_at", BusinessDaysFilter),
    )
    search_fields = ("id", "receiver_name", "receiver_email", "receiver_wallet__url", "request__id", "request__title")
    search_help_text = _("Payment or request id, receiver, wallet address, title")
    readonly_fields = (
        "id",
        "status",
        "why",
        "request",
        "receiver_name",
        "receiver_email",
        "receiver_language",
        "receiver_wallet",
        "amount",
        "received",
        "grant",
        "held",
        "released_at",
        "created_at",
        "sent_at",
        "settled_at",
        "retry_at",
        "polls",
    )
    # Told above in words; as it is kept, for who must have each column.
    fieldsets = ((_("Every field, as it is kept"), {"fields": readonly_fields, "classes": ("collapse",)}),)
    actions_detail = (
        "look_again",
        "take_over",
        "take_note",
        "start_anew",
        "report_outside",
        "confirm_outside",
        "withdraw_outside",
        "give_up",
        "override_warning",
        "refund",
    )
    change_form_outer_before_template = "admin/payments/payment/attention.html"
    change_form_outer_after_template = "admin/payments/payment/timeline.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        found: QuerySet[Payment] = super().get_queryset(request)
        related = ("request__payer_wallet", "receiver_wallet", "grant", "owner")
        people = ("outside_settlements__claimed_by", "outside_settlements__confirmed_by")
        return found.select_related(*related).prefetch_related(*people)

    def get_list_display(self, request: HttpRequest) -> Sequence[str]:
        """Those that need attention are listed with what a person needs to choose among them."""
        asked = (request.GET.get(GroupFilter.parameter_name), request.GET.get(PaymentStatusFilter.parameter_name))
        if asked in {(Group.ATTENTION.value, None), (None, PaymentState.NEEDS_ATTENTION.value)}:
            return self.list_display_attention
        return self.list_display

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        row = context["original"]
        rows = timeline([("payment", row.pk)])
        told = {
            **context,
            "heading": row.receiver_name,
            "timeline": timeline_lines.lines(rows, describe),
            "attention": attention_panel.panel(row),
            "stands": None if row.state in NEEDS_A_PERSON else for_staff(row, attention_panel.claim_of(row)),
            "stands_status": payment_status(row),
            "cost": cost_line_of(row),
            "warnings": warnings_of([row]) if row.state in UNSENT and row.request.is_open else [],
            "may_override": request.user.has_perm(OVERRIDE),
            "proof_url": reverse("admin:payments_payment_proof", args=[row.pk]) if proves() else "",
            "more_links": more_links(request, row),
            "shorts": shorts(row.messages.filter(template__in=TO_RECEIVER), request.user),
            # Beside the words that ask for them, not in the page's head.
            "ways_out": [one for one in context["actions_detail"] if not is_refund(one)],
            "actions_detail": [one for one in context["actions_detail"] if is_refund(one)],
        }
        return super().render_change_form(request, told, *args, **options)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.proof_view)
        return [path("<str:object_id>/proof/", view, name="payments_payment_proof"), *super().get_urls()]

    def note_title(self, row: Payment) -> str:
        return row.request.shown_title

    def version_of_row(self, row: Payment) -> str:
        return version_of_facts(version_of(row.request), row.owner_id, newest_entry("payment", row.pk))

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the ledger says of the payment, for anybody to check."""
        row = self.model.objects.filter(pk=object_id).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return proof_answer(row.pk)

    @display(description=_("state"))
    def status(self, row: Payment) -> str:
        return str(payment_status(row).label)

    @display(description=_("payment request"), ordering="request__title")
    def request_title(self, row: Payment) -> str:
        return row.request.shown_title

    @display(description=_("received"))
    def received(self, row: Payment) -> str:
        return format_amount(row.received)

    @display(description=_("asked for"), ordering="created_at")
    def since(self, row: Payment) -> str:
        return stamp(row.created_at)

    @display(description=_("waiting time"), ordering="changed_at")
    def waits_for(self, row: Payment) -> str:
        return age(row.changed_at)

    @display(description=_("whose turn"))
    def turn(self, row: Payment) -> str:
        return str(attention_step(row, attention_panel.claim_of(row)).turn.label)

    @display(description=_("taken care of by"), ordering="owner", empty_value=_("nobody yet"))
    def owner_name(self, row: Payment) -> str | None:
        return (row.owner.get_full_name() or row.owner.get_username()) if row.owner else None

    # Acting

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        found = Payment.objects.prefetch_related("outside_settlements", "refunds__payment__request")
        row = found.filter(pk=object_id).first()
        names = attention_panel.offered(row, request.user) if row else []
        if row and not row.is_escrow and not refundable(row).is_zero:
            names = [*names, "refund"]
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name in names]

    def has_refund_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.refund_payment")

    def has_override_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(OVERRIDE)

    def has_resolve_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.resolve_payment")
