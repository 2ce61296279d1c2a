"""What must hold of amounts and orders: nobody pays twice, or more than they approved."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from payments.invariants.base import Invariant

MONEY: Final = (
    Invariant(
        "one_live_order",
        _("A payment has at most one order to pay that is under way or done."),
        # No exception. A unique index keeps it, too: this notices a database that lost the index.
        """
        SELECT payment_id FROM payments_outgoingpayment
        WHERE state IN ('intended', 'unknown', 'open', 'done')
        GROUP BY payment_id HAVING COUNT(*) > 1
        """,
    ),
    Invariant(
        "closed_before_another",
        _("An outgoing payment is created only once nothing can arrive any more by an earlier one elsewhere."),
        # To one and the same incoming payment there may be several: it takes no more than its own amount.
        """
        SELECT placed.payment_id FROM payments_outgoingpayment placed
        JOIN payments_quote quote ON quote.id = placed.quote_id
        JOIN payments_outgoingpayment earlier
            ON earlier.payment_id = placed.payment_id AND earlier.created_at < placed.created_at
        JOIN payments_quote earlier_quote ON earlier_quote.id = earlier.quote_id
        JOIN payments_incomingpayment incoming ON incoming.id = earlier_quote.incoming_id
        WHERE incoming.id <> quote.incoming_id AND incoming.closed_at IS NULL
        GROUP BY placed.payment_id
        """,
    ),
    Invariant(
        "within_what_was_shown",
        _("What was ordered under an approval is not more than the payer was shown when they approved."),
        # Refused and failed orders took nothing from the payer, so they don't count. The limit of a standing budget is
        # per period: see within_the_period.
        """
        SELECT payer.id FROM payments_grant payer
        JOIN payments_outgoingpayment placed ON placed.grant_id = payer.id
        JOIN payments_quote quote ON quote.id = placed.quote_id
        WHERE placed.state IN ('intended', 'unknown', 'open', 'done') AND payer.interval = ''
        GROUP BY payer.id, payer.limit_debit, payer.asset_code, payer.asset_scale
        HAVING SUM(quote.debit_value) > COALESCE(payer.limit_debit, 0)
            OR SUM(CASE WHEN quote.debit_code = payer.asset_code AND quote.debit_scale = payer.asset_scale
                        THEN 0 ELSE 1 END) > 0
        """,
    ),
    Invariant(
        "outside_by_two_and_owed",
        _("What counts as paid outside the wallets was confirmed by a second person, and was owed when they did."),
        # No exception. A constraint keeps it, too: this notices a database that lost it.
        """
        SELECT id FROM payments_outsidepayment
        WHERE state = 'confirmed' AND (decided_by_id IS NULL OR decided_by_id = claimed_by_id
            OR owed_value IS NULL OR value > owed_value OR value <= 0)
        """,
    ),
    Invariant(
        "within_the_period",
        _("What is reserved in a period of a standing budget is within its limit, and is the sum of its payments."),
        # No exception. What was given back counts no more.
        """
        SELECT DISTINCT period.budget_id FROM payments_budgetperiod period
        WHERE period.reserved_value > period.limit_value OR period.reserved_value <> COALESCE((
            SELECT SUM(draw.value) FROM payments_draw draw
            WHERE draw.period_id = period.id AND draw.given_back_at IS NULL), 0)
        """,
    ),
    Invariant(
        "drawn_is_reserved",
        _("What was ordered under a standing budget is reserved in it, to the same amount."),
        # Refused and failed orders took nothing; what they had reserved may have been given back.
        """
        SELECT placed.id FROM payments_outgoingpayment placed
        JOIN payments_grant payer ON payer.id = placed.grant_id AND payer.interval <> ''
        JOIN payments_quote quote ON quote.id = placed.quote_id
        LEFT JOIN payments_draw draw ON draw.payment_id = placed.payment_id AND draw.given_back_at IS NULL
        WHERE placed.state IN ('intended', 'unknown', 'open', 'done')
          AND COALESCE(draw.value, -1) <> quote.debit_value
        """,
    ),
    Invariant(
        "within_the_ceiling",
        _("All that was ordered under a payment request is not more than its ceiling."),
        # No exception: who agrees to pay more raises the ceiling first.
        """
        SELECT request.id FROM payments_paymentrequest request
        JOIN payments_payment payment ON payment.request_id = request.id
        JOIN payments_outgoingpayment placed ON placed.payment_id = payment.id
        JOIN payments_quote quote ON quote.id = placed.quote_id
        WHERE placed.state IN ('intended', 'unknown', 'open', 'done')
        GROUP BY request.id, request.ceiling_debit
        HAVING SUM(quote.debit_value) > COALESCE(request.ceiling_debit, 0)
        """,
    ),
    Invariant(
        "within_what_the_payer_fixed",
        _("Where the payer pays exactly so much, what was ordered takes no more, and brings what was told."),
        # No exception; the place for the money, too, takes exactly what the receiver is to get.
        """
        SELECT payment.id FROM payments_payment payment
        JOIN payments_outgoingpayment placed ON placed.payment_id = payment.id
        JOIN payments_quote quote ON quote.id = placed.quote_id
        JOIN payments_incomingpayment incoming ON incoming.id = quote.incoming_id
        WHERE placed.state IN ('intended', 'unknown', 'open', 'done') AND (
            quote.probe OR incoming.probe OR incoming.value <> payment.value
            OR (payment.fixed_debit IS NOT NULL AND (
                quote.debit_value > payment.fixed_debit OR quote.debit_code <> payment.debit_code
                OR quote.debit_scale <> payment.debit_scale)))
        """,
    ),
    Invariant(
        "held_is_not_ordered",
        _("Nothing was ordered for a payment that waits for its work to be accepted."),
        # No exception: it is released first, in a transaction of its own.
        """
        SELECT DISTINCT payment.id FROM payments_payment payment
        JOIN payments_outgoingpayment placed ON placed.payment_id = payment.id
        WHERE payment.held AND (payment.released_at IS NULL OR placed.created_at < payment.released_at)
        """,
    ),
    Invariant(
        "settled_has_arrived",
        _("A settled payment has arrived in full at the receiver's wallet."),
        # Settled outside is a state of its own and stands in no total of settled payments.
        """
        SELECT payment.id FROM payments_payment payment
        WHERE payment.state IN ({arrived}) AND payment.value > COALESCE((
            SELECT SUM(incoming.received_value) FROM payments_incomingpayment incoming
            WHERE incoming.payment_id = payment.id), 0)
        """,
    ),
    Invariant(
        "arrived_is_settled",
        _("A payment whose order brought the whole amount did not end as failed, cancelled or settled outside."),
        # One that is still being watched may have arrived a moment ago. Money that came from somebody else, to a
        # payment that we never ordered, does not settle it.
        """
        SELECT payment.id FROM payments_payment payment
        JOIN payments_outgoingpayment placed ON placed.payment_id = payment.id AND placed.remote_id <> ''
        JOIN payments_quote quote ON quote.id = placed.quote_id
        JOIN payments_incomingpayment incoming ON incoming.id = quote.incoming_id
        WHERE payment.state NOT IN ('sent', 'unknown', 'needs_attention', {arrived})
          AND incoming.received_value >= payment.value
        """,
    ),
    Invariant(
        "never_more_than_asked",
        _("No receiver got more for a payment than was asked for it."),
        # No exception: a stranger who pays into it as well is something a person should look at.
        """
        SELECT payment.id FROM payments_payment payment
        JOIN payments_incomingpayment incoming ON incoming.payment_id = payment.id
        GROUP BY payment.id, payment.value HAVING SUM(incoming.received_value) > payment.value
        """,
    ),
    Invariant(
        "received_adds_up",
        _("What a payment has received is the sum of what its places to receive have."),
        # No exception: both are written in one transaction.
        """
        SELECT payment.id FROM payments_payment payment
        WHERE payment.received_value <> COALESCE((
            SELECT SUM(incoming.received_value) FROM payments_incomingpayment incoming
            WHERE incoming.payment_id = payment.id), 0)
        """,
    ),
    Invariant(
        "outside_by_two",
        _("What was settled outside was reported by one person and confirmed by another, and not paid by wallet, too."),
        # A part may have come by wallet before the rest was paid by bank: only the whole amount would be twice.
        """
        SELECT payment.id FROM payments_payment payment
        WHERE payment.state = 'settled_outside' AND (
            payment.received_value >= payment.value
            OR NOT EXISTS (
                SELECT 1 FROM payments_outsidesettlement claim
                WHERE claim.payment_id = payment.id AND claim.withdrawn_at IS NULL AND claim.confirmed_at IS NOT NULL
                  AND claim.confirmed_by_id <> claim.claimed_by_id))
        """,
    ),
    Invariant(
        "fee_is_ours",
        _("A platform fee that is still to be paid goes to the wallet of a seller."),
        # A seller may have moved to another wallet since a fee was paid.
        """
        SELECT payment.id FROM payments_payment payment
        WHERE payment.purpose = 'fee' AND payment.state NOT IN ({finished})
          AND NOT EXISTS (
              SELECT 1 FROM payments_seller seller WHERE seller.wallet_id = payment.receiver_wallet_id)
        """,
    ),
    Invariant(
        "authorised_by_another",
        _("Nobody authorised their own payment request, but where they broke the glass, for all to see."),
        # What no rule asks a second person for is authorised by nobody.
        """
        SELECT request.id FROM payments_paymentrequest request
        WHERE request.authorised_by_id = request.requested_by_id
          AND NOT EXISTS (SELECT 1 FROM payments_brokenglass glass WHERE glass.about = 'request'
                          AND glass.about_id = request.id AND glass.person_id = request.authorised_by_id)
        """,
    ),
    Invariant(
        "refunded_within_received",
        _("No more goes back of a payment than arrived by it, and no refund is refunded."),
        # What ended without money gave nothing back; of what ended in part, only an exact amount to receive is counted.
        # Wallets may count one currency in units of different size; between two, what the sender pays counts.
        """
        WITH moved AS (
            SELECT original.id AS id, original.asset_scale AS scale, original.received_value AS value
            FROM payments_payment original
            UNION ALL
            SELECT refund.of_id, COALESCE(back.debit_scale, back.asset_scale),
                CASE WHEN back.state IN ({dead}) OR (back.state IN ({unapproved})
                          AND request.state IN ({dead_requests}))
                     THEN CASE WHEN back.fixed_debit IS NULL THEN -back.received_value ELSE 0 END
                     WHEN back.state IN ({arrived}) AND back.fixed_debit IS NULL THEN -back.received_value
                     ELSE -COALESCE(back.fixed_debit, back.value) END
            FROM payments_refund refund
            JOIN payments_payment back ON back.id = refund.payment_id
            JOIN payments_paymentrequest request ON request.id = back.request_id
        ), finest AS (SELECT id, MAX(scale) AS scale FROM moved GROUP BY id)
        SELECT moved.id FROM moved JOIN finest ON finest.id = moved.id
        GROUP BY moved.id
        HAVING SUM(moved.value * CAST('1e' || (finest.scale - moved.scale) AS NUMERIC)) < 0
        UNION
        SELECT refund.of_id FROM payments_refund refund
        JOIN payments_refund earlier ON earlier.payment_id = refund.of_id
        """,
    ),
    Invariant(
        "proposals_by_two",
        _("Nobody approved what they proposed, but where the proposal says that it was decided alone."),
        # Whoever withdraws their own, or overtakes it by another change, decides on it, too.
        """
        SELECT id FROM payments_proposal
        WHERE state = 'approved' AND (decided_by_id IS NULL OR (decided_by_id = proposed_by_id AND NOT alone))
        """,
    ),
    Invariant(
        "always_by_two",
        _("What always needs two people was not sent to its payer before the second one authorised that much."),
        # No exception, whatever the amount.
        """
        SELECT id FROM payments_paymentrequest
        WHERE two_people AND sent_at IS NOT NULL
          AND (authorised_by_id IS NULL OR authorised_debit IS NULL OR authorised_debit < ceiling_debit)
        """,
    ),
)
