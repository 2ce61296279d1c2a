from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from ledger.api import checkpoint_kept, declare  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments import ledger_kinds, ledger_rows, upgrade  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.mail.auditor import queue_checkpoint  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.worker import schedule  # noqa: PLC0415 - models can only be imported once every app is loaded

        declare(ledger_kinds.KINDS)
        ledger_rows.declare()
        checkpoint_kept.connect(queue_checkpoint, dispatch_uid="payments.mail.auditor")
        post_migrate.connect(schedule.make, sender=self, dispatch_uid="payments.worker.schedule")
        post_migrate.connect(upgrade.tell_new_states, sender=self, dispatch_uid="payments.upgrade")
        post_migrate.connect(upgrade.carry_rows_over, sender=self, dispatch_uid="payments.carry_over")
