"""Mail: a row per message, rendered when it is sent or looked at, so that no link stands in the database."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, Reasoned, ulid_field
from payments.models.payments import Payment
from payments.models.proofs import WalletProof
from payments.models.requests import PaymentRequest


class MessageState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not delivered")


MESSAGE_MOVES: dict[str, set[str]] = {
    MessageState.QUEUED: {MessageState.SENDING},
    # Back into the queue: the mail server did not take it now, or whoever was handing it over died.
    MessageState.SENDING: {MessageState.SENT, MessageState.QUEUED, MessageState.FAILED},
    MessageState.SENT: set(),
    MessageState.FAILED: set(),
}


class Template(models.TextChoices):
    APPROVAL = "approval", _("Approval request")
    APPROVAL_AGAIN = "approval_again", _("Approval needed again")
    REMINDER = "reminder", _("Reminder to approve")
    LAST_DAY = "last_day", _("Last day to approve")
    EXPIRED = "expired", _("Not approved in time, told to the payer")
    RECEIPT = "receipt", _("Receipt for the payer")
    PAID = "paid", _("Notice to the receiver")
    FAILED = "failed", _("Payment failed")
    CANCELLED = "cancelled", _("Request cancelled")
    BUDGET = "budget", _("Standing budget: approval request")
    BUDGET_DRAW = "budget_draw", _("Standing budget: a payment from it")
    BUDGET_OVER = "budget_over", _("Standing budget: it is over")
    PAID_OUTSIDE = "paid_outside", _("Paid outside the wallet")
    PAID_FOR_PAYER = "paid_for_payer", _("Paid outside the wallets, told to the payer")
    STATEMENT = "statement", _("Monthly statement")
    SELECTED = "selected", _("Selected for work")
    LET_GO = "let_go", _("No longer selected for work")
    LATE = "late", _("Delay told to the receiver")
    NOT_PAID = "not_paid", _("Failure told to the receiver")
    WALLET_CHANGE = "wallet_change", _("Wallet about to change")
    WALLET_CHANGED = "wallet_changed", _("Wallet has changed")
    EMAIL_CHANGE = "email_change", _("Email address changed")
    PROOF = "proof", _("Is this wallet yours?")
    ACCOUNT = "account", _("An account here was changed")
    SECOND_PERSON = "second_person", _("A second person is needed")
    DECISION = "decision", _("What was decided")
    NOT_APPROVED = "not_approved", _("Declined or not approved in time")
    ALONE = "alone", _("Decided by one person alone")
    CHECKPOINT = "checkpoint", _("Checkpoint of the ledger")
    PAUSED = "paused", _("Paused by the program")
    EXPORT = "export", _("Regular export")
    MENTION = "mention", _("Named in a note")
    DIGEST = "digest", _("Summary of what waits")
    WEBHOOK_OFF = "webhook_off", _("Webhook switched off")


class Message(Dated, Reasoned):
    id = ulid_field(verbose_name=_("message"))
    template = models.CharField(_("what"), max_length=32, choices=Template)
    state = models.CharField(
        _("state"), max_length=16, choices=MessageState, default=MessageState.QUEUED, editable=False
    )
    to_name = models.CharField(_("to"), max_length=200)
    to_email = models.EmailField(_("email"))
    language = models.CharField(_("language"), max_length=8)
    # None: it is about a person, not about a payment; `details` then holds what it tells.
    request = models.ForeignKey(
        PaymentRequest, verbose_name=_("payment request"), on_delete=models.PROTECT, null=True, related_name="messages"
    )
    proof = models.ForeignKey(
        WalletProof, verbose_name=_("proof"), on_delete=models.PROTECT, null=True, related_name="messages"
    )
    details = models.JSONField(default=dict, editable=False)
    payment = models.ForeignKey(
        Payment, verbose_name=_("payment"), on_delete=models.PROTECT, null=True, related_name="messages"
    )
    # The same occasion never mails twice.
    occasion = models.CharField(max_length=120, unique=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, db_index=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="message_newest"),
            # The few that are not done with: workers ask for them every second.
            models.Index(fields=["state", "created_at"], condition=~models.Q(state="sent"), name="message_not_sent"),
        ]

    @property
    def title(self) -> str:
        """What it is about, in the words of whoever asked; what the program added to them, in the reader's language."""
        return (
            self.request.shown_title if self.request else str(self.details.get("title") or self.get_template_display())
        )

    def __str__(self) -> str:
        return f"{self.get_template_display()} → {self.to_name}"
