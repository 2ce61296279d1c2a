"""Mail about payment requests that wait for a second person: to whoever may be that person, and back to who asked."""

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from ledger import clock
from payments.mail.colleagues import Told, name_of, who_may_second, write_to
from payments.models import OutsidePayment, OutsideSettlement, PaymentRequest, WalletAddress
from payments.models.fields import amount_of
from payments.models.messages import Template
from payments.presentation.format_amounts import format_amount
from payments.presentation.rule_words import because_sentences

AUTHORISE = "payments.authorise_paymentrequest"
CONFIRM_OUTSIDE = "payments.confirm_outsidepayment"
#: Receivers that a mail names; its page has all of them.
MOST_NAMES = 5


def ask_to_authorise(request: PaymentRequest) -> None:
    """Everybody who may authorise `request` is asked to, each time that it begins to wait."""
    write_to(
        who_may_second(AUTHORISE, [request.requested_by_id]),
        Template.SECOND_PERSON,
        lambda: _told(request),
        occasion=f"second:{request.pk}:{request.changed_at.timestamp()}",
        subjects={"request": request.pk},
        request_id=request.pk,
    )


def tell_rejected(request: PaymentRequest, by: User, words: str) -> None:
    """Who asked for it is told that a second person did not agree, and why."""
    asked = request.requested_by
    write_to(
        [asked] if asked and asked.is_active else [],
        Template.DECISION,
        lambda: _told(request, _("%(name)s did not agree: “%(words)s”") % {"name": name_of(by), "words": words}),
        occasion=f"rejected:{request.pk}",
        subjects={"request": request.pk},
    )


def _told(request: PaymentRequest, outcome: str = "") -> Told:
    most = amount_of(request.most_debit, request.asset_code, request.asset_scale)
    receivers = list(request.payments.values_list("receiver_name", flat=True))
    rows = [(_("The payer pays at most"), format_amount(most)), (_("Payer"), request.payer_name)]
    if receivers:
        rows.append((_("Receivers"), ", ".join(receivers[:MOST_NAMES]) + (" …" if len(receivers) > MOST_NAMES else "")))
    return Told(
        title=request.shown_title,
        who=name_of(request.requested_by),
        path=reverse("admin:payments_paymentrequest_change", args=[request.pk]),
        rows=rows,
        why=[outcome] if outcome else because_sentences(request.second_person_because),
    )


def ask_to_accept(wallet: WalletAddress) -> None:
    """One person accepted that it is another wallet now: everybody else who may is asked to check that, too."""
    became = f"{wallet.accepted['canonical_id']}, {wallet.accepted['asset_code']}"
    write_to(
        who_may_second("payments.accept_walletaddress", [wallet.accepted_by_id]),
        Template.SECOND_PERSON,
        lambda: Told(
            title=wallet.url,
            who=name_of(wallet.accepted_by),
            path=reverse("admin:payments_walletaddress_change", args=[wallet.pk]),
            rows=[(_("It was"), f"{wallet.canonical_id}, {wallet.asset_code}"), (_("It says it is now"), became)],
            why=[_("It became another wallet, which two people accept.")],
        ),
        occasion=f"accept:{wallet.pk}:{clock.now().timestamp()}",
        subjects={"wallet": str(wallet.pk)},
    )


def ask_to_confirm_outside(claim: OutsideSettlement) -> None:
    """Somebody says that a receiver was paid outside the wallets: everybody else who may confirm it is asked."""
    payment = claim.payment
    write_to(
        who_may_second("payments.resolve_payment", [claim.claimed_by_id]),
        Template.SECOND_PERSON,
        lambda: Told(
            title=payment.request.shown_title,
            who=name_of(claim.claimed_by),
            path=reverse("admin:payments_payment_change", args=[payment.pk]),
            rows=[(_("Receiver"), payment.receiver_name), (_("How"), claim.get_way_display())],
            why=[_("What no wallet says counts on the word of two people.")],
        ),
        occasion=f"outside:{claim.pk}",
        subjects={"payment": payment.pk, "request": payment.request_id},
    )


def ask_to_confirm_outside_payment(row: OutsidePayment) -> None:
    """Somebody says that work was paid outside the wallets: everybody else who may confirm it is asked."""
    write_to(
        who_may_second(CONFIRM_OUTSIDE, [row.claimed_by_id]),
        Template.SECOND_PERSON,
        lambda: Told(
            title=row.title,
            who=name_of(row.claimed_by),
            path=reverse("admin:payments_outsidepayment_change", args=[row.pk]),
            rows=[
                (_("Receiver"), row.receiver_name),
                (_("Paid outside the wallets"), format_amount(row.amount)),
                (_("How"), row.get_way_display()),
            ],
            why=[_("What no wallet says counts on the word of two people.")],
        ),
        occasion=f"paid_outside:{row.pk}",
        subjects={"paid_outside": row.pk},
    )
