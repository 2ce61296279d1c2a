"""Payment requests: the list, and the page on which a quote is reviewed, sent and followed."""

from typing import Any, get_args

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant

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
from payments.admin.glass import may_break_glass
from payments.admin.readonly import ReadOnlyAdmin
from payments.admin.request_actions import VALID_IN, RequestActions
from payments.admin.review import CALM, review, version_of
from payments.mail.stops import bounced
from payments.models import PaymentRequest
from payments.presentation.format_amounts import format_amount
from payments.presentation.status import row_status, row_turn, with_status
from payments.second_person import objection
from payments.states import Tone


def _once_more(button: dict[str, Any]) -> dict[str, Any]:
    """The button as it is when every receiver was sent the link to prove their wallet: it is their turn."""
    if not str(button["path"]).rstrip("/").endswith("ask_proof"):
        return button
    return {**button, "title": _("Send the proof link again"), "variant": ActionVariant.DEFAULT}


@admin.register(PaymentRequest)
class PaymentRequestAdmin(RequestActions, ReadOnlyAdmin):
    list_display = ("state_label", "payer_name", "title", "amount", "turn", "since")
    list_display_links = ("state_label", "payer_name", "title")
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
            "title": row.title,
            "subtitle": None,
            # The one thing to do next stands beside the words that ask for it; the others in the page's head.
            "primary_actions": [one for one in offered if one["variant"] == ActionVariant.PRIMARY],
            "actions_detail": [one for one in offered if one["variant"] != ActionVariant.PRIMARY],
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    # Following

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        own = path("<str:object_id>/status/", view, name="payments_paymentrequest_status")
        return [own, *super().get_urls()]

    def status_view(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """Whether the page is still true, for the script that follows it."""
        row = self.model.objects.filter(pk=object_id).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return JsonResponse({"version": version_of(row), "done": row.state in CALM})

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
