"""What staff may do with a payment that needs attention: a dialog, one POST, then the wallets are asked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.enums import ActionVariant

from payments.actions import attention, refunds
from payments.actions.requests import lock_request
from payments.admin.dialogs import attempt, go
from payments.admin.payment_dialogs import (
    ConfirmForm,
    GiveUpForm,
    LookForm,
    PaymentForm,
    ReportForm,
    StartAnewForm,
    TakeOverForm,
    WithdrawForm,
)
from payments.admin.refund_forms import RefundForm, ask_refund
from payments.models import Payment, PaymentRequest
from payments.presentation.status import payment_status
from payments.worker.advance_now import advance_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

#: How long a person waits for the wallets before their page shows how it stands.
SECONDS = 8.0


class PaymentActions:
    """The action methods of `PaymentAdmin`; the permission they name is there."""

    @action(
        description=gettext_lazy("Look again now"),
        permissions=["resolve"],
        icon="refresh",
        dialog={
            "title": gettext_lazy("Ask both wallets how it stands?"),
            "form_class": LookForm,
            "form_submit_text": gettext_lazy("Look now"),
        },
    )
    def look_again(self, request: HttpRequest, form: LookForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.look_again(object_id, by=by)
            return _("Both wallets were asked.")

        return _act(request, form, object_id, act, moves=True)

    @action(
        description=gettext_lazy("Take care of it"),
        permissions=["resolve"],
        icon="front_hand",
        dialog={
            "title": gettext_lazy("Take care of this payment?"),
            "form_class": TakeOverForm,
            "form_submit_text": gettext_lazy("I take care of it"),
        },
    )
    def take_over(self, request: HttpRequest, form: TakeOverForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.take_over(object_id, by=by)
            return _("You take care of this payment now.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Send it again"),
        permissions=["resolve"],
        icon="replay",
        dialog={
            "title": gettext_lazy("Close the receiver's side, then send it again?"),
            "form_class": StartAnewForm,
            "form_submit_text": gettext_lazy("Close it, then send again"),
        },
    )
    def start_anew(self, request: HttpRequest, form: StartAnewForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.start_anew(object_id, by=by)
            return _("It is sent again as soon as the receiver's side is closed.")

        return _act(request, form, object_id, act, moves=True)

    @action(
        description=gettext_lazy("Settled outside…"),
        permissions=["resolve"],
        icon="handshake",
        dialog={
            "title": gettext_lazy("Was the receiver paid outside the wallets?"),
            "form_class": ReportForm,
            "form_submit_text": gettext_lazy("Report it"),
        },
    )
    def report_outside(self, request: HttpRequest, form: ReportForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            given = form.cleaned_data
            attention.report_outside(object_id, way=given["way"], evidence=given["evidence"], by=by)
            return _("Reported. A second person must confirm it.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Confirm: settled outside"),
        permissions=["resolve"],
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Confirm that the receiver was paid outside the wallets?"),
            "form_class": ConfirmForm,
            "form_submit_text": gettext_lazy("I have checked it"),
        },
    )
    def confirm_outside(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.confirm_outside(object_id, by=by)
            return _("Confirmed. It counts as soon as the receiver's side is closed.")

        return _act(request, form, object_id, act, moves=True)

    @action(
        description=gettext_lazy("Withdraw the report"),
        permissions=["resolve"],
        icon="undo",
        dialog={
            "title": gettext_lazy("Was it not paid outside after all?"),
            "form_class": WithdrawForm,
            "form_submit_text": gettext_lazy("Withdraw"),
        },
    )
    def withdraw_outside(self, request: HttpRequest, form: WithdrawForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.withdraw_outside(object_id, by=by)
            return _("The report was withdrawn.")

        return _act(request, form, object_id, act)

    @action(
        description=gettext_lazy("Give up"),
        permissions=["resolve"],
        icon="cancel",
        variant=ActionVariant.DANGER,
        dialog={
            "title": gettext_lazy("Close the receiver's side, and give up?"),
            "form_class": GiveUpForm,
            "form_submit_text": gettext_lazy("Close it and give up"),
        },
    )
    def give_up(self, request: HttpRequest, form: GiveUpForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            attention.give_up(object_id, by=by)
            return _("It is given up as soon as the receiver's side is closed.")

        return _act(request, form, object_id, act, moves=True)

    @action(
        description=gettext_lazy("Refund"),
        permissions=["refund"],
        icon="undo",
        url_path="refund",
        dialog={
            "title": gettext_lazy("Refund this payment?"),
            "form_class": RefundForm,
            "form_submit_text": gettext_lazy("Get the quote"),
        },
    )
    def refund(self, request: HttpRequest, form: RefundForm, object_id: str) -> HttpResponse:
        def ask(by: User) -> PaymentRequest:
            given = form.cleaned_data
            return refunds.refund(object_id, given["amount"], by=by, form_id=given["form_id"], seen=given["seen"])

        return ask_refund(request, ask, reverse("admin:payments_payment_change", args=[object_id]))


def _act(
    request: HttpRequest, form: PaymentForm, object_id: str, act: Callable[[User], str], *, moves: bool = False
) -> HttpResponse:
    """Act once, on exactly what the dialog showed. With `moves`, ask the wallets at once and say how it stands then."""
    assert request.user.is_authenticated, "the admin lets nobody else in"
    by, row, done = request.user, form.row(), False
    with transaction.atomic():
        # As the engine does: the request's row first.
        lock_request(row.request_id)
        if form.is_current:
            done = attempt(request, lambda: act(by))
        else:
            messages.warning(
                request,
                _("Something changed since you opened the dialog, so nothing was done. Look again, then decide."),
            )
    if done and moves:
        advance_now(row.request_id, SECONDS)
        state = payment_status(Payment.objects.get(pk=object_id)).label
        messages.info(request, _("Looked at just now: “%(state)s”.") % {"state": state})
    return go(request, reverse("admin:payments_payment_change", args=[object_id]))
