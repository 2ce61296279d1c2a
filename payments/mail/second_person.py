"""Mail about payment requests that wait for a second person: to whoever may be that person, and back to who asked."""

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from payments.mail.colleagues import Told, name_of, who_may_second, write_to
from payments.models import PaymentRequest
from payments.models.fields import amount_of
from payments.models.messages import Template
from payments.presentation.format_amounts import format_amount
from payments.presentation.rule_words import because_sentences

AUTHORISE = "payments.authorise_paymentrequest"
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
        title=request.title,
        who=name_of(request.requested_by),
        path=reverse("admin:payments_paymentrequest_change", args=[request.pk]),
        rows=rows,
        why=[outcome] if outcome else because_sentences(request.second_person_because),
    )
