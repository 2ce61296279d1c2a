"""What must hold of a job's money, beside what holds of every payment (`payments.invariants`)."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from payments.invariants.base import Invariant

ESCROW_IS_ENOUGH: Final = Invariant(
    "escrow_is_enough",
    _("No more was paid, or may still be paid, from the money held for a job than arrived for it."),
    # What ended without money took nothing; of what ended in part, only an exact amount to receive is counted.
    # Wallets may count one currency in units of different size.
    """
    WITH moved AS (
        SELECT funding.id AS id, payment.asset_scale AS scale,
            CASE WHEN payment.state IN ({paid}) THEN payment.value
                 ELSE payment.received_value END AS value
        FROM jobs_jobfunding funding
        JOIN payments_payment payment ON payment.request_id = funding.request_id
        UNION ALL
        SELECT payout.funding_id, COALESCE(payment.debit_scale, payment.asset_scale),
            CASE WHEN payment.state IN ({dead}) OR (payment.state IN ({unapproved})
                      AND request.state IN ({dead_requests}))
                 THEN CASE WHEN payment.fixed_debit IS NULL THEN -payment.received_value ELSE 0 END
                 ELSE -COALESCE(payment.fixed_debit, payment.value) END
        FROM jobs_payout payout
        JOIN payments_payment payment ON payment.id = payout.payment_id
        JOIN payments_paymentrequest request ON request.id = payment.request_id
        WHERE payout.funding_id IS NOT NULL
        UNION ALL
        SELECT payout.funding_id, outside.asset_scale, -outside.value
        FROM jobs_outsidepayout payout
        JOIN payments_outsidepayment outside ON outside.id = payout.outside_id
        WHERE payout.funding_id IS NOT NULL AND outside.state IN ('waiting', 'confirmed')
        UNION ALL
        SELECT funding.id, COALESCE(back.debit_scale, back.asset_scale),
            CASE WHEN back.state IN ({dead}) OR (back.state IN ({unapproved})
                      AND request.state IN ({dead_requests}))
                 THEN CASE WHEN back.fixed_debit IS NULL THEN -back.received_value ELSE 0 END
                 ELSE -COALESCE(back.fixed_debit, back.value) END
        FROM jobs_jobfunding funding
        JOIN payments_payment payment ON payment.request_id = funding.request_id
        JOIN payments_refund refund ON refund.of_id = payment.id
        JOIN payments_payment back ON back.id = refund.payment_id
        JOIN payments_paymentrequest request ON request.id = back.request_id
        UNION ALL
        SELECT payout.funding_id, back.asset_scale,
            CASE WHEN back.state IN ({paid}) THEN back.value ELSE back.received_value END
        FROM jobs_payout payout
        JOIN payments_refund refund ON refund.of_id = payout.payment_id
        JOIN payments_payment back ON back.id = refund.payment_id
        WHERE payout.funding_id IS NOT NULL
    ), finest AS (SELECT id, MAX(scale) AS scale FROM moved GROUP BY id)
    SELECT moved.id FROM moved JOIN finest ON finest.id = moved.id
    GROUP BY moved.id
    HAVING SUM(moved.value * CAST('1e' || (finest.scale - moved.scale) AS NUMERIC)) < 0
    """,
)

OUTSIDE_WITHIN_BUDGET: Final = Invariant(
    "outside_within_budget",
    _("What was paid to a worker outside the wallets, with all that had been paid before, was not above the budget."),
    # The budget of that day: it may be lowered afterwards. What ended in part is left out, as is another currency.
    """
    WITH paid AS (
        SELECT payout.application_id AS application_id, outside.asset_code AS code, outside.asset_scale AS scale,
            outside.value AS value, outside.decided_at AS at
        FROM jobs_outsidepayout payout JOIN payments_outsidepayment outside ON outside.id = payout.outside_id
        WHERE outside.state = 'confirmed'
        UNION ALL
        SELECT payout.application_id, payment.asset_code, payment.asset_scale, payment.received_value,
            payment.settled_at
        FROM jobs_payout payout JOIN payments_payment payment ON payment.id = payout.payment_id
        WHERE payment.state IN ({arrived}) AND payment.fixed_debit IS NULL
    )
    SELECT outside.id FROM jobs_outsidepayout payout
    JOIN payments_outsidepayment outside ON outside.id = payout.outside_id
    LEFT JOIN paid ON paid.application_id = payout.application_id AND paid.at <= outside.decided_at
        AND paid.code = outside.asset_code
    WHERE outside.state = 'confirmed'
    GROUP BY outside.id, outside.asset_scale, payout.budget_value
    HAVING payout.budget_value IS NULL
        OR SUM(paid.value * CAST('1e' || (outside.asset_scale - paid.scale) AS NUMERIC)) > payout.budget_value
    """,
)
