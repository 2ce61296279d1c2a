"""The looks at keys, proposals, the ledger and what wallets list, scheduled anew after every migrate."""

from typing import Any, Final

from django_q.models import Schedule

from payments.worker.schedules import Planned, plan

CHECK_MINUTES: Final = 5
REMIND_MINUTES: Final = 30
LOOK_MINUTES: Final = 1


def make(using: str, **_kwargs: Any) -> None:
    plan(
        using,
        Planned("payments.keys", "payments.tasks.look_at_keys"),
        Planned("payments.proposals", "payments.tasks.expire_proposals", Schedule.HOURLY),
        Planned(
            "payments.check_ledger_quickly", "payments.tasks.check_ledger_quickly", Schedule.MINUTES, CHECK_MINUTES
        ),
        Planned("payments.check_ledger", "payments.tasks.check_ledger", at_night=True),
        Planned("payments.reconcile", "payments.tasks.reconcile", at_night=True),
        Planned("payments.remind", "payments.tasks.remind_payers", Schedule.MINUTES, REMIND_MINUTES),
        Planned("payments.look_at_expected", "payments.tasks.look_at_expected_money", Schedule.MINUTES, LOOK_MINUTES),
        Planned("payments.forget_old_webhooks", "payments.tasks.forget_old_webhooks", at_night=True),
        # What looked for work before the broker did, in databases that were made then.
        gone=("payments.tick",),
    )
