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
