"""What workers are told: that they were selected or let go, and that their money is late or did not come.

That it arrived is told by the engine.
"""

from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from jobs.models import AmountSide, Application, Job
from payments.mail.queue import TO_RECEIVER, queue_message, queue_notice
from payments.models import Message, OutsidePayment, Payment
from payments.models.messages import Template
from payments.states import PaymentState

TOLD: Final = {PaymentState.NEEDS_ATTENTION: Template.LATE, PaymentState.FAILED: Template.NOT_PAID}


def tell_selected(application: Application, job: Job) -> None:
    """In the transaction of the decision. Who is let go and selected once more is told once more."""
    worker = application.worker
    queue_notice(
        Template.SELECTED,
        name=worker.name,
        email=worker.email,
        language=worker.language,
        details={
            "title": job.title,
            "reference": job.reference,
            "amount": {**job.budget.to_wire()},
            "buys": job.amount_side == AmountSide.DEBIT,
            "key": worker.key,
            "subjects": {"job": str(job.pk), "application": str(application.pk), "member": str(worker.pk)},
        },
        occasion=f"{_selected(application)}{application.changed_at.isoformat()}",
    )


def tell_let_go(application: Application, job: Job) -> None:
    """In the transaction of the decision, to who had been selected, and so was told that they were."""
    worker = application.worker
    queue_notice(
        Template.LET_GO,
        name=worker.name,
        email=worker.email,
        language=worker.language,
        details={
            "title": job.title,
            "reference": job.reference,
            "key": worker.key,
            "subjects": {"job": str(job.pk), "application": str(application.pk), "member": str(worker.pk)},
        },
        occasion=f"{_selected(application)}let_go:{application.changed_at.isoformat()}",
    )


def tell_paid_outside(application: Application, paid: OutsidePayment) -> None:
    """In the transaction by which it counts. A worker who did not get it says so."""
    worker = application.worker
    queue_notice(
        Template.PAID_OUTSIDE,
        name=worker.name,
        email=worker.email,
        language=worker.language,
        details={
            "title": paid.title,
            "reference": paid.reference,
            "amount": {**paid.amount.to_wire()},
            "way": paid.way,
            "seller": paid.seller.name,
            "paid_on": paid.paid_on.isoformat(),
            "key": worker.key,
            "subjects": {"paid_outside": paid.pk, "application": str(application.pk), "member": str(worker.pk)},
        },
        occasion=f"{_outside(application)}{paid.pk}",
    )


def messages_to(application: Application) -> QuerySet[Message]:
    """All that its worker was told about this work and its money."""
    found = Message.objects.order_by()
    about_money = found.filter(payment__payout__application=application, template__in=TO_RECEIVER)
    about_work = (found.filter(occasion__startswith=start(application)) for start in (_selected, _outside))
    # Each asked for itself: an OR of a join and a prefix would have the database look at every message there is.
    return Message.objects.filter(pk__in=about_money.values("pk").union(*(each.values("pk") for each in about_work)))


def _selected(application: Application) -> str:
    return f"selected:{application.pk}:"


def _outside(application: Application) -> str:
    return f"paid_outside:{application.pk}:"


def tell_troubles(payments: QuerySet[Payment], most: int | None = None) -> list[str]:
    """Tell the workers whose payments stopped on their way, once for each reason.

    Before the funder approved, nobody has told them of a payment, so neither of its failure. What arrived after its end
    is no trouble of theirs. With `most`, the first so many, in the order of their ids, which are returned.
    """
    stopped = payments.filter(state__in=TOLD, late_at=None, request__approved_at__isnull=False, payout__isnull=False)
    found = list(stopped.select_related("request").order_by("pk")[:most])
    for payment in found:
        template = TOLD[PaymentState(payment.state)]
        with transaction.atomic():
            occasion = f"{template}:{payment.pk}:{payment.reason}"
            queue_message(template, request=payment.request, payment=payment, occasion=occasion)
    return [payment.pk for payment in found]
