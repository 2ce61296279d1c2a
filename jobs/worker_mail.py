"""What workers are told: that they were selected, and that their money is late or did not come.

That it arrived is told by the engine.
"""

from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from jobs.models import AmountSide, Application, Job
from payments.mail.queue import TO_RECEIVER, queue_message, queue_notice
from payments.models import Message, Payment
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


def messages_to(application: Application) -> QuerySet[Message]:
    """All that its worker was told about this work and its money."""
    about_money = Q(payment__payout__application=application, template__in=TO_RECEIVER)
    return Message.objects.filter(about_money | Q(occasion__startswith=_selected(application)))


def _selected(application: Application) -> str:
    return f"selected:{application.pk}:"


def tell_troubles(payments: QuerySet[Payment]) -> None:
    """Tell the workers whose payments stopped on their way, once for each reason.

    Before the funder approved, nobody has told them of a payment, so neither of its failure. What arrived after its end
    is no trouble of theirs.
    """
    stopped = payments.filter(state__in=TOLD, late_at=None, request__approved_at__isnull=False, payout__isnull=False)
    for payment in stopped.select_related("request"):
        template = TOLD[PaymentState(payment.state)]
        with transaction.atomic():
            occasion = f"{template}:{payment.pk}:{payment.reason}"
            queue_message(template, request=payment.request, payment=payment, occasion=occasion)
