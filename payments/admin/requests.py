"""Payment requests: the list, and the page on which a quote is reviewed, sent and followed."""

from typing import Any, Final, get_args

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant

from ledger.api import newest_entry
from ledger.filters import BusinessDaysFilter
from ledger.stamps import stamp
from payments import limits
from payments.actions import standing_budgets
from payments.admin.columns import Summed
from payments.admin.dialogs import staff
from payments.admin.filters import (
    CurrencyFilter,
    ReachedFilter,
    ReasonFilter,
    RequestStatusFilter,
    StuckFilter,
    UnansweredFilter,
)
from payments.admin.following import CALM_PACE, NO_PACE, FollowedRow, version_of_facts
from payments.admin.glass import may_break_glass
from payments.admin.readonly import ReadOnlyAdmin
from payments.admin.request_actions import VALID_IN, RequestActions
from payments.admin.review import CALM, review, version_of
from payments.admin.staff_notes import NotedRow
from payments.mail.stops import bounced
from payments.models import PaymentRequest
from payments.presentation.format_amounts import format_amount
from payments.presentation.status import row_status, row_turn, with_status
from payments.second_person import objection
from payments.states import RequestState, Tone

#: Seconds between two questions while the wallets are asked what it costs.
QUOTING_PACE: Final = 2


def _once_more(button: dict[str, Any]) -> dict[str, Any]:
    """The button as it is when every receiver was sent the link to prove their wallet: it is their turn."""
    if not str(button["path"]).rstrip("/").endswith("ask_proof"):
        return button
    return {**button, "title": _("Send the proof link again"), "variant": ActionVariant.DEFAULT}


@admin.register(PaymentRequest)
class PaymentRequestAdmin(FollowedRow, NotedRow, RequestActions, ReadOnlyAdmin):
    list_display = ("state_label", "payer_name", "titled", "amount", "turn", "since")
    list_display_links = ("state_label", "payer_name", "titled")
    note_subject = "request"
    list_filter = (
        RequestStatusFilter,
        ReachedFilter,
        StuckFilter,
        UnansweredFilter,
        CurrencyFilter,
        ("seller", RelatedDropdownFilter),
        ("created_at", BusinessDaysFilter),
        ("finished_at", BusinessDaysFilter),
        ReasonFilter,
    )
    list_select_related = ()
    summed = (Summed("ceiling_debit", _("the payer pays at most")),)
    search_fields = ("id", "payments__id", "title", "reference", "payer_name", "payer_email")
    search_help_text = _("Request or payment id, title, reference, payer")
    actions_detail = (
        "draw_request",
        "send_request",
        "authorise",
        "reject_request",
        "authorise_alone",
        "ask_proof",
        "quote_again",
        "send_again",
        "look_again",
        "cancel_request",
    )
    # The review page is a template of its own; these keep Django's form small.
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/payments/paymentrequest/change_form.html"

    # Reading

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentRequest]:
        found: QuerySet[PaymentRequest] = super().get_queryset(request)
        return with_status(found.select_related("payer_wallet", "seller", "requested_by", "authorised_by"))

    @display(description=_("state"), label={tone: tone for tone in get_args(Tone)}, ordering="state")
    def state_label(self, row: PaymentRequest) -> tuple[str, str]:
        status = row_status(row)
        return status.tone, str(status.label)

    @display(description=_("title"), ordering="title")
    def titled(self, row: PaymentRequest) -> str:
        return row.shown_title

    @display(description=_("the payer pays at most"), ordering="ceiling_debit")
    def amount(self, row: PaymentRequest) -> str:
        return format_amount(row.ceiling) or "-"

    @display(description=_("whose turn"))
    def turn(self, row: PaymentRequest) -> str:
        return str(row_turn(row).label)

    @display(description=_("asked for"), ordering="created_at")
    def since(self, row: PaymentRequest) -> str:
        return stamp(row.created_at)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row, offered = context["original"], context["actions_detail"]
        told = review(row, request.user)
        if told["all_asked"]:
            offered = [_once_more(one) for one in offered]
        more = {
            **told,
            "stops": bounced([row.payer_email, row.payer_accounts.get("email", "")]).values(),
            "title": row.shown_title,
            "heading": row.shown_title,
            "subtitle": None,
            # The one thing to do next stands beside the words that ask for it; the others in the page's head.
            "primary_actions": [one for one in offered if one["variant"] == ActionVariant.PRIMARY],
            "actions_detail": [one for one in offered if one["variant"] != ActionVariant.PRIMARY],
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    # Following

    def version_of_row(self, row: PaymentRequest) -> str:
        return version_of_facts(version_of(row), newest_entry("request", row.pk))

    def note_title(self, row: PaymentRequest) -> str:
        return row.shown_title

    def pace_of_row(self, row: PaymentRequest) -> int:
        """A quote comes within seconds."""
        if row.state in CALM:
            return NO_PACE
        return QUOTING_PACE if row.state == RequestState.QUOTING else CALM_PACE

    # Acting

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = PaymentRequest.objects.filter(pk=object_id).first()
        if row is None:
            return []
        offered = {name for name, states in VALID_IN.items() if row.state in states}
        if "ask_proof" in offered:
            # First the one, then the other.
            offered -= {"draw_request", "send_request", "authorise"} if limits.unproven(row) else {"ask_proof"}
        offered -= (
            {"authorise", "reject_request"} if objection(staff(request), [row.requested_by_id]) else {"authorise_alone"}
        )
        if "draw_request" in offered and not standing_budgets.for_request(row).exists():
            offered.discard("draw_request")
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name in offered]

    def has_ask_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest")

    has_send_permission = has_ask_permission

    def has_draw_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.draw_standingbudget")

    def has_authorise_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.authorise_paymentrequest")

    def has_alone_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_break_glass(request) and self.has_authorise_permission(request, object_id)

    def has_look_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.has_ask_permission(request, object_id) or self.has_authorise_permission(request, object_id)
