"""What movements and exceptions are about: a payment by wallets, or one outside of them, each with its own page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from payments.models import OutsidePayment, Payment


@dataclass(frozen=True)
class SubjectPage:
    title: str
    payer: str
    receiver: str
    link: str


def pages_of(subjects: Iterable[str]) -> dict[str, SubjectPage]:
    """By their ids, in two queries; one that is neither is left out."""
    wanted = set(subjects)
    found = {}
    for payment in Payment.objects.filter(pk__in=wanted).select_related("request"):
        asked, link = payment.request, reverse("admin:payments_payment_change", args=[payment.pk])
        found[payment.pk] = SubjectPage(asked.shown_title, asked.payer_name, payment.receiver_name, link)
    for outside in OutsidePayment.objects.filter(pk__in=wanted - found.keys()):
        link = reverse("admin:payments_outsidepayment_change", args=[outside.pk])
        found[outside.pk] = SubjectPage(outside.title, outside.payer_name, outside.receiver_name, link)
    return found
