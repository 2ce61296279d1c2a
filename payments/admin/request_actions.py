"""What staff may do with a payment request: a button where the state allows it, a dialog, one POST."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from payments.actions import break_glass, requests, standing_budgets, wallet_proofs
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, Sentence, dialog_action, go, say_how_it_stands, with_wait
from payments.admin.request_dialogs import (
    AloneRequestForm,
    DrawForm,
    ProofForm,
    RejectRequestForm,
    RequestForm,
    SendForm,
)
from payments.models import PaymentRequest
from payments.presentation.reasons import Refusal
from payments.presentation.rule_words import because_sentences
from payments.presentation.status import request_status
from payments.states import OPEN_REQUESTS, RequestState
from payments.worker.advance_now import advance_now

#: Which action is offered in which state. `payments.actions` decides again, on the row as it is then.
VALID_IN: dict[str, set[str]] = {
    "draw_request": {RequestState.QUOTED},
    "send_request": {RequestState.QUOTED},
    "authorise": {RequestState.AWAITING_AUTHORISATION},
    "reject_request": {RequestState.AWAITING_AUTHORISATION},
    "authorise_alone": {RequestState.AWAITING_AUTHORISATION},
    "ask_proof": {RequestState.QUOTED, RequestState.AWAITING_AUTHORISATION, RequestState.APPROVED},
    "quote_again": {RequestState.QUOTED},
    "send_again": {RequestState.AWAITING_APPROVAL},
    "look_again": {RequestState.QUOTING, RequestState.AWAITING_APPROVAL, RequestState.APPROVED},
    "cancel_request": set(OPEN_REQUESTS),
}

on_request = DecisionOn(requests.lock_request)


def _waits(row: PaymentRequest) -> Sentence:
    why = " ".join(because_sentences(row.second_person_because))
    return _("It waits: a second person must authorise it first. %(why)s") % {"why": why}


class RequestActions:
    """The action methods of `PaymentRequestAdmin`; the permissions they name are there."""

    @dialog_action(
        _("Pay from the standing budget"),
        permission="draw",
        icon="savings",
        variant=ActionVariant.PRIMARY,
        title=_("Pay it from the standing budget?"),
        description=_(
            "The funder approved this budget before, so they are not asked again: it is paid now, and they get an"
            " email about it."
        ),
        form=DrawForm,
        submit=_("Pay now"),
    )
    @on_request
    def draw_request(self, row: PaymentRequest, by: User, form: DrawForm) -> Sentence:
        if form.budget is None:
            raise Refusal("budget_not_active")
        row = standing_budgets.draw(row.pk, form.budget.pk, by=by, answer=form.answer)
        if row.state == RequestState.AWAITING_AUTHORISATION:
            return _waits(row)
        return _("It is being paid from the standing budget. %(payer)s is told.") % {"payer": row.payer_name}

    @dialog_action(
        _("Send approval request"),
        permission="send",
        icon="send",
        variant=ActionVariant.PRIMARY,
        title=_("Send the approval request?"),
        description=_(
            "The payer gets an email with a link to approve these amounts in their own wallet. Nothing is charged"
            " before they do."
        ),
        form=SendForm,
        submit=_("Send"),
    )
    @on_request
    def send_request(self, row: PaymentRequest, by: User, form: SendForm) -> Sentence:
        row = requests.send(row.pk, by=by, answer=form.answer)
        if row.state == RequestState.AWAITING_AUTHORISATION:
            return _waits(row)
        return _("The approval request is on its way to %(payer)s.") % {"payer": row.payer_name}

    @dialog_action(
        _("Authorise"),
        permission="authorise",
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        title=_("Authorise this payment request?"),
        description=_("You take the second decision on these amounts. The payer then gets the email."),
        form=SendForm,
        submit=_("Authorise and send"),
    )
    @on_request
    def authorise(self, row: PaymentRequest, by: User, form: SendForm) -> Sentence:
        row = requests.authorise(row.pk, by=by, answer=form.answer)
        return _("Authorised. The approval request is on its way to %(payer)s.") % {"payer": row.payer_name}

    @dialog_action(
        _("Reject"),
        permission="authorise",
        icon="block",
        title=_("Reject this payment request?"),
        description=_("It is cancelled, and whoever asked for it is told what you write. The timeline keeps it."),
        form=RejectRequestForm,
        submit=_("Reject it"),
    )
    @on_request
    def reject_request(self, row: PaymentRequest, by: User, form: RejectRequestForm) -> Sentence:
        requests.reject(row.pk, by=by, why=form.cleaned_data["why"])
        return _("Rejected. Whoever asked for it is told why.")

    @dialog_action(
        _("Decide alone"),
        permission="alone",
        icon="emergency",
        variant=ActionVariant.DANGER,
        title=_("Decide alone, without a second person?"),
        description=_(
            "Only in an emergency. All administrators and finance are told at once, and the overview says so."
        ),
        form=AloneRequestForm,
        submit=_("Decide alone"),
    )
    @on_request
    def authorise_alone(self, row: PaymentRequest, by: User, form: AloneRequestForm) -> Sentence:
        break_glass.authorise_alone(row.pk, by=by, why=form.cleaned_data["why"], answer=form.answer)
        return _("Decided alone. Everybody who looks after the money is told.")

    @dialog_action(
        _("Send the proof link"),
        permission="ask",
        icon="badge",
        variant=ActionVariant.PRIMARY,
        title=_("Ask to prove the wallet?"),
        description=_(
            "Each receiver who must prove their wallet gets an email with a link: they sign in at their own wallet"
            " and confirm that it is theirs. No money moves."
        ),
        form=ProofForm,
        submit=_("Send the link"),
    )
    @on_request
    def ask_proof(self, row: PaymentRequest, by: User, _form: ProofForm) -> Sentence:
        proofs = wallet_proofs.ask_receivers(row, by=by)
        names = ", ".join(proof.name for proof in proofs)
        return _("The link to prove their wallet is on its way to %(names)s.") % {"names": names}

    @dialog_action(
        _("Quote again"),
        permission="ask",
        icon="calculate",
        title=_("Ask the wallets for a new quote?"),
        description=_("The amounts below may change. You check them before anything is sent."),
        form=RequestForm,
        submit=_("Quote again"),
    )
    @on_request
    def quote_again(self, row: PaymentRequest, by: User, _form: RequestForm) -> Sentence:
        requests.quote_again(row.pk, by=by)
        return _("A new quote is being fetched.")

    @dialog_action(
        _("Send the email again"),
        permission="ask",
        icon="forward_to_inbox",
        title=_("Send the email again?"),
        description=_("The payer gets the same request once more. Nothing is charged twice."),
        form=SendForm,
        submit=_("Send again"),
    )
    @on_request
    def send_again(self, row: PaymentRequest, by: User, form: SendForm) -> Sentence:
        row = requests.send_again(row.pk, by=by, answer=form.answer)
        return _("The email to %(payer)s is sent again.") % {"payer": row.payer_name}

    @dialog_action(
        _("Look again now"),
        permission="look",
        icon="refresh",
        title=_("Ask the wallets how it stands?"),
        description=with_wait(_("This takes up to %(seconds)s seconds. It would be looked at anyway, later.")),
        form=RequestForm,
        submit=_("Look now"),
    )
    def look_again(self, request: HttpRequest, _form: RequestForm, object_id: str) -> HttpResponse:
        requests.ask_what_was_spent(object_id)
        row = advance_now(object_id, WAIT_SECONDS)
        state = request_status(row, row.payments.all()).label
        say_how_it_stands(request, row, state)
        return go(request, reverse("admin:payments_paymentrequest_change", args=[object_id]))

    @dialog_action(
        _("Cancel request"),
        permission="ask",
        icon="cancel",
        title=_("Cancel this payment request?"),
        description=_(
            "The link stops working at once and the payer is told. Money that is already on its way cannot be"
            " called back."
        ),
        form=RequestForm,
        submit=_("Cancel the request"),
    )
    @on_request
    def cancel_request(self, row: PaymentRequest, by: User, _form: RequestForm) -> Sentence:
        requests.cancel(row.pk, by=by)
        return _("Cancelled. The link no longer works.")
