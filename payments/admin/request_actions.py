"""What staff may do with a payment request: a button where the state allows it, a dialog, one POST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.enums import ActionVariant

from payments.actions import requests, standing_budgets, wallet_proofs
from payments.admin.dialogs import attempt, go
from payments.admin.request_dialogs import DrawForm, ProofForm, RequestForm
from payments.models import PaymentRequest
from payments.presentation.reasons import Refusal
from payments.presentation.status import request_status
from payments.states import OPEN_REQUESTS, RequestState
from payments.worker.advance_now import advance_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

LOOK_SECONDS = 8.0

#: Which action is offered in which state. `asking` decides again, on the row as it is then.
VALID_IN: dict[str, set[str]] = {
    "draw_request": {RequestState.QUOTED},
    "send_request": {RequestState.QUOTED},
    "authorise": {RequestState.AWAITING_AUTHORISATION},
    "ask_proof": {RequestState.QUOTED, RequestState.AWAITING_AUTHORISATION},
    "quote_again": {RequestState.QUOTED},
    "send_again": {RequestState.AWAITING_APPROVAL},
    "look_again": {RequestState.QUOTING, RequestState.AWAITING_APPROVAL, RequestState.APPROVED},
    "cancel_request": set(OPEN_REQUESTS),
}


def _why_a_second_person(row: PaymentRequest) -> str:
    if row.two_people:
        return _("Whatever the amount, this needs a second person: they must authorise it first.")
    return _("The amount is above the limit: a second person must authorise it first.")


class RequestActions:
    """The action methods of `PaymentRequestAdmin`; the permissions they name are there."""

    @action(
        description=gettext_lazy("Pay from the standing budget"),
        permissions=["draw"],
        icon="savings",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Pay it from the standing budget?"),
            "description": gettext_lazy(
                "The funder approved this budget before, so they are not asked again: it is paid now, and they get an"
                " email about it."
            ),
            "form_class": DrawForm,
            "form_submit_text": gettext_lazy("Pay now"),
        },
    )
    def draw_request(self, request: HttpRequest, form: DrawForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            if form.budget is None:
                raise Refusal("budget_not_active")
            row = standing_budgets.draw(object_id, form.budget.pk, by=by)
            if row.state == RequestState.AWAITING_AUTHORISATION:
                return _why_a_second_person(row)
            return _("It is being paid from the standing budget. %(payer)s is told.") % {"payer": row.payer_name}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Send approval request"),
        permissions=["send"],
        icon="send",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Send the approval request?"),
            "description": gettext_lazy(
                "The payer gets an email with a link to approve these amounts in their own wallet. Nothing is charged"
                " before they do."
            ),
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Send"),
        },
    )
    def send_request(self, request: HttpRequest, form: RequestForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            row = requests.send(object_id, by=by)
            if row.state == RequestState.AWAITING_AUTHORISATION:
                return _why_a_second_person(row)
            return _("The approval request is on its way to %(payer)s.") % {"payer": row.payer_name}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Authorise"),
        permissions=["authorise"],
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Authorise this payment request?"),
            "description": gettext_lazy(
                "You take the second decision on these amounts. The payer then gets the email."
            ),
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Authorise and send"),
        },
    )
    def authorise(self, request: HttpRequest, form: RequestForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            row = requests.authorise(object_id, by=by)
            return _("Authorised. The approval request is on its way to %(payer)s.") % {"payer": row.payer_name}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Send the proof link"),
        permissions=["ask"],
        icon="badge",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Ask to prove the wallet?"),
            "description": gettext_lazy(
                "Each receiver who must prove their wallet gets an email with a link: they sign in at their own wallet"
                " and confirm that it is theirs. No money moves."
            ),
            "form_class": ProofForm,
            "form_submit_text": gettext_lazy("Send the link"),
        },
    )
    def ask_proof(self, request: HttpRequest, form: ProofForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            proofs = wallet_proofs.ask_receivers(requests.lock_request(object_id), by=by)
            names = ", ".join(proof.name for proof in proofs)
            return _("The link to prove their wallet is on its way to %(names)s.") % {"names": names}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Quote again"),
        permissions=["ask"],
        icon="calculate",
        dialog={
            "title": gettext_lazy("Ask the wallets for a new quote?"),
            "description": gettext_lazy("The amounts below may change. You check them before anything is sent."),
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Quote again"),
        },
    )
    def quote_again(self, request: HttpRequest, form: RequestForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            requests.quote_again(object_id, by=by)
            return _("A new quote is being fetched.")

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Send the email again"),
        permissions=["ask"],
        icon="forward_to_inbox",
        dialog={
            "title": gettext_lazy("Send the email again?"),
            "description": gettext_lazy("The payer gets the same request once more. Nothing is charged twice."),
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Send again"),
        },
    )
    def send_again(self, request: HttpRequest, form: RequestForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            row = requests.send_again(object_id, by=by)
            return _("The email to %(payer)s is sent again.") % {"payer": row.payer_name}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Look again now"),
        permissions=["look"],
        icon="refresh",
        dialog={
            "title": gettext_lazy("Ask the wallets how it stands?"),
            "description": gettext_lazy("This takes up to %(seconds)s seconds. It would be looked at anyway, later.")
            % {"seconds": int(LOOK_SECONDS)},
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Look now"),
        },
    )
    def look_again(self, request: HttpRequest, _form: RequestForm, object_id: str) -> HttpResponse:
        requests.ask_what_was_spent(object_id)
        row = advance_now(object_id, LOOK_SECONDS)
        messages.info(
            request, _("Looked at just now: “%(state)s”.") % {"state": request_status(row, row.payments.all()).label}
        )
        return go(request, _page(object_id))

    @action(
        description=gettext_lazy("Cancel request"),
        permissions=["ask"],
        icon="cancel",
        dialog={
            "title": gettext_lazy("Cancel this payment request?"),
            "description": gettext_lazy(
                "The link stops working at once and the payer is told. Money that is already on its way cannot be"
                " called back."
            ),
            "form_class": RequestForm,
            "form_submit_text": gettext_lazy("Cancel the request"),
        },
    )
    def cancel_request(self, request: HttpRequest, form: RequestForm, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            requests.cancel(object_id, by=by)
            return _("Cancelled. The link no longer works.")

        return _decide(request, form, object_id, act)


def _decide(request: HttpRequest, form: RequestForm, object_id: str, act: Callable[[User], str]) -> HttpResponse:
    """Act once, on exactly what the dialog showed: the row is held until it is done."""
    assert request.user.is_authenticated, "the admin lets nobody else in"
    by = request.user
    with transaction.atomic():
        PaymentRequest.objects.select_for_update().filter(pk=object_id).first()
        if not form.is_current:
            messages.warning(
                request,
                _("Something changed since you opened the dialog, so nothing was done. Look again, then decide."),
            )
        else:
            attempt(request, lambda: act(by))
    return go(request, _page(object_id))


def _page(object_id: str) -> str:
    return reverse("admin:payments_paymentrequest_change", args=[object_id])
