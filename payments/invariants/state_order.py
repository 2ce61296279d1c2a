"""What must hold of states: rows agree with each other and with the ledger, and nothing waits forgotten."""

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.invariants.base import Invariant
from payments.states import AttemptState, GrantState, PaymentState, RequestState

#: After the end of a request its approvals are given back within this time, or are being given back.
TIME_TO_CLEAN = timedelta(hours=1)


def _told(subject: str, table: str, states: type[TextChoices], holds: Promise) -> Invariant:
    """The latest entry about a row's state says the state that the row has."""
    kinds = ", ".join(f"'{subject}.{state}'" for state in states)
    # Entries of the same subject that tell something else (a decision, a growing amount) are no states.
    return Invariant(
        f"{subject}_is_in_the_ledger",
        holds,
        f"""
        SELECT subject.id FROM {table} subject
        WHERE '{subject}.' || subject.state <> COALESCE((
            SELECT entry.kind FROM ledger_entrysubject about JOIN ledger_entry entry ON entry.id = about.entry_id
            WHERE about.subject_kind = '{subject}' AND about.subject_id = subject.id AND entry.kind IN ({kinds})
            ORDER BY about.recorded_at DESC, about.entry_id DESC LIMIT 1), '')
        """,  # noqa: S608 - nothing but the names above
    )


ORDER: Final = (
    Invariant(
        "orders_and_payments_agree",
        _("A payment that is being sent, is sent or is unclear has the order that says so, and no other payment has."),
        # An order that the payer's wallet gave up may belong to a payment that is still watched, for it may have
        # delivered before. A payment that needs attention may have an order in any state.
        """
        SELECT payment.id FROM payments_payment payment
        LEFT JOIN payments_outgoingpayment placed
            ON placed.payment_id = payment.id AND placed.state IN ('intended', 'unknown', 'open', 'done')
        WHERE CASE
            WHEN payment.state = 'sending' THEN COALESCE(placed.state, '') <> 'intended'
            WHEN payment.state = 'unknown' THEN COALESCE(placed.state, '') <> 'unknown'
            WHEN payment.state IN ({arrived}) THEN COALESCE(placed.state, 'done') <> 'done'
            WHEN payment.state IN ('sent', 'needs_attention') THEN placed.state = 'intended'
            ELSE placed.state IS NOT NULL END
        """,
    ),
    Invariant(
        "sending_under_an_approval",
        _("A payment that may be sent, or was, has an approval of the payer that was collected."),
        # The approval may have ended since: the next step then goes back to the payer. What comes after a payment has
        # ended may be somebody else's money, which needs no approval of our payer; its orders had theirs, each.
        """
        SELECT payment.id FROM payments_payment payment
        LEFT JOIN payments_grant payer ON payer.id = payment.grant_id
        WHERE payment.state IN ('approved', {in_flight}, {arrived})
          AND ((payment.late_at IS NULL
                AND (payer.id IS NULL OR payer.kind <> 'outgoing-payment'
                     OR payer.state NOT IN ('active', 'cancelling', 'ended')))
               OR (payment.late_at IS NOT NULL
                   AND EXISTS (SELECT 1 FROM payments_outgoingpayment placed
                               JOIN payments_grant given ON given.id = placed.grant_id
                               WHERE placed.payment_id = payment.id
                                 AND (given.kind <> 'outgoing-payment'
                                      OR given.state NOT IN ('active', 'cancelling', 'ended')))))
        """,
    ),
    Invariant(
        "ended_together",
        _("A request has ended when all its payments have, and is settled only when every receiver was paid."),
        # While the last payment has ended and the request has not, the engine is about to look: see next_look. Who
        # fell out before the payer was asked was no part of what they approved. What arrived after the end needs a
        # person, while its request stays over.
        """
        SELECT request.id FROM payments_paymentrequest request
        JOIN payments_payment payment ON payment.request_id = request.id
        WHERE payment.late_at IS NULL AND (
              (request.state IN ({dead_requests}) AND payment.state NOT IN ({finished}))
           OR (request.state IN ({paid_requests}) AND payment.state NOT IN ({paid})
               AND NOT (payment.state = 'failed' AND payment.changed_at <= request.sent_at))
           OR (request.state IN ('declined', 'cancelled', 'expired')
               AND payment.state IN ({paid})))
        GROUP BY request.id
        """,
    ),
    Invariant(
        "approvals_given_back",
        _("An hour after a request ended its approvals have ended, too, or another try to end them is coming."),
        # A wallet that can't be reached keeps an approval in “being cancelled” for as long as it is away.
        """
        SELECT payer.id FROM payments_grant payer
        JOIN payments_paymentrequest request ON request.id = payer.request_id
        WHERE payer.kind = 'outgoing-payment' AND request.finished_at < %(cleaned)s AND (
            payer.state IN ('intended', 'pending', 'returned', 'continuing', 'active')
            OR (payer.state = 'cancelling' AND request.next_attempt_at IS NULL))
        """,
    ),
    Invariant(
        "next_look",
        _("Every request that is open has a time of its next look, and so has every message that waits."),
        # No exception: even what waits for a person ends at some time by itself.
        """
        SELECT id FROM payments_paymentrequest
        WHERE state IN ({open_requests})
          AND next_attempt_at IS NULL
        UNION ALL SELECT id FROM payments_message WHERE state IN ('queued', 'sending') AND next_attempt_at IS NULL
        """,
    ),
    Invariant(
        "times_of_the_end",
        _("What has ended says when: requests, settled payments and sent messages, and nothing else does."),
        # A failed payment that was sent has a time of sending and none of settling.
        """
        SELECT id FROM payments_paymentrequest
        WHERE (state IN ({paid_requests}, {dead_requests}))
            <> (finished_at IS NOT NULL)
        UNION ALL SELECT id FROM payments_payment
        WHERE (state IN ({paid})) <> (settled_at IS NOT NULL)
           OR (state IN ('sent', {arrived}) AND sent_at IS NULL)
        UNION ALL SELECT id FROM payments_message WHERE (state = 'sent') <> (sent_at IS NOT NULL)
        """,
    ),
    _told(
        "request",
        "payments_paymentrequest",
        RequestState,
        _("The ledger's latest word on a payment request is its state."),
    ),
    _told("payment", "payments_payment", PaymentState, _("The ledger's latest word on a payment is its state.")),
    _told("grant", "payments_grant", GrantState, _("The ledger's latest word on a grant is its state.")),
    _told(
        "incoming",
        "payments_incomingpayment",
        AttemptState,
        _("The ledger's latest word on an incoming payment is its state."),
    ),
    _told("quote", "payments_quote", AttemptState, _("The ledger's latest word on a quote is its state.")),
    _told(
        "outgoing",
        "payments_outgoingpayment",
        AttemptState,
        _("The ledger's latest word on an outgoing payment is its state."),
    ),
)
