"""What staff may do with a payment that needs attention: a dialog, one POST, then the wallets are asked at once."""

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from payments.actions import attention, refunds
from payments.actions.requests import lock_request
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, Sentence, asks_for_money, dialog_action, say_how_it_stands
from payments.admin.payment_dialogs import (
    ConfirmForm,
    GiveUpForm,
    LookForm,
    NoteForm,
    OverrideForm,
    ReportForm,
    StartAnewForm,
    TakeOverForm,
    WithdrawForm,
)
from payments.admin.refund_forms import RefundForm
from payments.models import Payment, PaymentRequest
from payments.presentation.status import payment_status
from payments.worker.advance_now import advance_now


def _held(payment_id: str) -> Payment:
    """As the engine does: the request's row first."""
    lock_request(Payment.objects.values_list("request_id", flat=True).get(pk=payment_id))
    return Payment.objects.get(pk=payment_id)


def _look(request: HttpRequest, row: Payment) -> None:
    """Ask the wallets at once, and say how it stands then."""
    moved = advance_now(row.request_id, WAIT_SECONDS)
    say_how_it_stands(request, moved, payment_status(Payment.objects.get(pk=row.pk)).label)


on_payment = DecisionOn(_held)
on_payment_then_look = DecisionOn(_held, then=_look)


class PaymentActions:
    """The action methods of `PaymentAdmin`; the permission they name is there."""

    @dialog_action(
        _("Look again now"),
        permission="resolve",
        icon="refresh",
        title=_("Ask both wallets how it stands?"),
        form=LookForm,
        submit=_("Look now"),
    )
    @on_payment_then_look
    def look_again(self, row: Payment, by: User, _form: LookForm) -> Sentence:
        attention.look_again(row.pk, by=by)
        return _("Both wallets are being asked.")

    @dialog_action(
        _("Take care of it"),
        permission="resolve",
        icon="front_hand",
        title=_("Take care of this payment?"),
        form=TakeOverForm,
        submit=_("I take care of it"),
    )
    @on_payment
    def take_over(self, row: Payment, by: User, _form: TakeOverForm) -> Sentence:
        attention.take_over(row.pk, by=by)
        return _("You take care of this payment now.")

    @dialog_action(
        _("Send it again"),
        permission="resolve",
        icon="replay",
        title=_("Close the receiver's side, then send it again?"),
        form=StartAnewForm,
        submit=_("Close it, then send again"),
    )
    @on_payment_then_look
    def start_anew(self, row: Payment, by: User, form: StartAnewForm) -> Sentence:
        attention.start_anew(row.pk, by=by, answer=form.answer)
        return _("It is sent again as soon as the receiver's side is closed.")

    @dialog_action(
        _("Settled outside…"),
        permission="resolve",
        icon="handshake",
        title=_("Was the receiver paid outside the wallets?"),
        form=ReportForm,
        submit=_("Report it"),
    )
    @on_payment
    def report_outside(self, row: Payment, by: User, form: ReportForm) -> Sentence:
        given = form.cleaned_data
        attention.report_outside(row.pk, way=given["way"], evidence=given["evidence"], by=by)
        return _("Reported. A second person must confirm it.")

    @dialog_action(
        _("Confirm: settled outside"),
        permission="resolve",
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        title=_("Confirm that the receiver was paid outside the wallets?"),
        form=ConfirmForm,
        submit=_("I have checked it"),
    )
    @on_payment_then_look
    def confirm_outside(self, row: Payment, by: User, _form: ConfirmForm) -> Sentence:
        attention.confirm_outside(row.pk, by=by)
        return _("Confirmed. It counts as soon as the receiver's side is closed.")

    @dialog_action(
        _("Withdraw the report"),
        permission="resolve",
        icon="undo",
        title=_("Was it not paid outside after all?"),
        form=WithdrawForm,
        submit=_("Withdraw"),
    )
    @on_payment
    def withdraw_outside(self, row: Payment, by: User, form: WithdrawForm) -> Sentence:
        attention.withdraw_outside(row.pk, by=by, why=form.cleaned_data["why"])
        return _("The report was withdrawn.")

    @dialog_action(
        _("Give up"),
        permission="resolve",
        icon="cancel",
        variant=ActionVariant.DANGER,
        title=_("Close the receiver's side, and give up?"),
        form=GiveUpForm,
        submit=_("Close it and give up"),
    )
    @on_payment_then_look
    def give_up(self, row: Payment, by: User, _form: GiveUpForm) -> Sentence:
        attention.give_up(row.pk, by=by)
        return _("It is given up as soon as the receiver's side is closed.")

    @dialog_action(
        _("Take note"),
        permission="resolve",
        icon="done_all",
        variant=ActionVariant.PRIMARY,
        title=_("Was it seen to?"),
        form=NoteForm,
        submit=_("I have seen to it"),
    )
    @on_payment
    def take_note(self, row: Payment, by: User, _form: NoteForm) -> Sentence:
        attention.take_note(row.pk, by=by)
        return _("It is noted who saw to it.")

    @dialog_action(
        _("Send it all the same"),
        permission="override",
        icon="warning",
        variant=ActionVariant.PRIMARY,
        title=_("Send it past the warning?"),
        form=OverrideForm,
        submit=_("Send it"),
    )
    @on_payment_then_look
    def override_warning(self, row: Payment, by: User, form: OverrideForm) -> Sentence:
        attention.override_warning(row.pk, by=by, answer=form.answer)
        return _("It is sent on. The ledger keeps why.")

    @dialog_action(
        _("Refund"),
        permission="refund",
        icon="undo",
        title=_("Refund this payment?"),
        form=RefundForm,
        submit=_("Get the quote"),
    )
    @asks_for_money
    def refund(self, by: User, form: RefundForm) -> PaymentRequest:
        given = form.cleaned_data
        return refunds.refund(form.object_id, given["amount"], by=by, form_id=given["form_id"], seen=given["seen"])
