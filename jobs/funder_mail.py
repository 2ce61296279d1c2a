"""What funders are told beside their requests: that somebody was paid on their behalf outside the wallets."""

from jobs.contacts import payer_of
from jobs.models import Application
from payments.mail.queue import queue_notice
from payments.models import OutsidePayment
from payments.models.messages import Template


def tell_paid_for_payer(application: Application, paid: OutsidePayment) -> None:
    """In the transaction by which it counts. What a seller paid out of held money was charged before: no news."""
    if paid.from_held:
        return
    funder = application.job.funder
    contact = payer_of(funder)
    queue_notice(
        Template.PAID_FOR_PAYER,
        name=contact.name,
        email=contact.email,
        language=contact.language,
        details={
            "title": paid.title,
            "reference": paid.reference,
            "amount": {**paid.amount.to_wire()},
            "way": paid.way,
            "seller": paid.seller.name,
            "receiver": paid.receiver_name,
            "paid_on": paid.paid_on.isoformat(),
            "key": funder.key,
            "subjects": {"paid_outside": paid.pk, "application": str(application.pk), "member": str(funder.pk)},
        },
        occasion=f"paid_for_payer:{paid.pk}",
    )
