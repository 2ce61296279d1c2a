from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

LEDGER_CHECK_SECONDS = 2 * 60 * 60
RECONCILE_SECONDS = 15 * 60


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from django_q.signals import post_execute  # noqa: PLC0415 - as below

        from ledger.api import checkpoint_kept, declare  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments import call_counts, closed_months, ledger_kinds, ledger_rows, upgrade  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.actions import guarded  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.actions.colleagues import remember_language  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.mail.auditor import queue_checkpoint  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.worker import queue_guard, schedule  # noqa: PLC0415 - models can only be imported once every app is loaded
        from payments.worker.allowed_tasks import allow_tasks_of  # noqa: PLC0415 - as above

        declare(ledger_kinds.KINDS)
        ledger_rows.declare()
        closed_months.declare()
        # A check of millions of rows may be given out again meanwhile: one is at it.
        longer = {"check_ledger": LEDGER_CHECK_SECONDS, "reconcile": RECONCILE_SECONDS}
        allow_tasks_of("payments.tasks", seconds=longer)
        queue_guard.install()
        guarded.declare()
        post_execute.connect(call_counts.write, dispatch_uid="payments.call_counts")
        user_logged_in.connect(remember_language, dispatch_uid="payments.colleagues")
        checkpoint_kept.connect(queue_checkpoint, dispatch_uid="payments.mail.auditor")
        post_migrate.connect(schedule.make, sender=self, dispatch_uid="payments.worker.schedule")
        post_migrate.connect(upgrade.tell_new_states, sender=self, dispatch_uid="payments.upgrade")
        post_migrate.connect(upgrade.carry_rows_over, sender=self, dispatch_uid="payments.carry_over")
        post_migrate.connect(upgrade.book_all, sender=self, dispatch_uid="payments.books")
