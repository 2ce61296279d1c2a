"""Mail to who asked: the payer declined, with their words, or did not approve in time."""

from typing import Final

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from payments.mail.colleagues import Told, name_of, with_permission, write_to
from payments.models import PaymentRequest
from payments.models.messages import Template
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import sentence

#: They are told where who asked can't be: they no longer work here, or have no address.
MAY_ASK_AGAIN: Final = "payments.request_paymentrequest"


def tell_not_approved(request: PaymentRequest, reason: str, words: str = "") -> None:
    """Once for each `reason`, which says what happened to all of it or to the rest; `words` are the payer's, or empty.

    Must run in the transaction in which it happened.
    """

    def told() -> Told:
        why = sentence(reason, {"words": f"“{words}”" if words else ""}).strip()
        return Told(
            title=request.shown_title,
            who=name_of(request.requested_by),
            path=reverse("admin:payments_paymentrequest_change", args=[request.pk]),
            rows=[(_("Payer"), request.payer_name), (_("The payer pays at most"), format_amount(request.ceiling))],
            why=[why, _("What was not paid can be asked for again.")],
        )

    subjects = {"request": request.pk}
    occasion = f"not_approved:{request.pk}:{reason}"
    write_to(_who_asked(request), Template.NOT_APPROVED, told, occasion=occasion, subjects=subjects)


def _who_asked(request: PaymentRequest) -> list[User]:
    asked = request.requested_by
    return [asked] if asked and asked.is_active and asked.email else with_permission(MAY_ASK_AGAIN)
