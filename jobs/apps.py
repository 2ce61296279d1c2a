from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        # Models can only be imported once every app is loaded.
        from jobs import (  # noqa: PLC0415
            contacts,
            invariants,
            job_payments,
            ledger_kinds,
            ledger_rows,
            links,
            risk_checks,
            schedule,
            signal_receivers,
            state_tables,
            timeline_text,
            upgrade,
        )
        from jobs.personal_data import erasing  # noqa: PLC0415
        from ledger.api import declare  # noqa: PLC0415
        from payments.api import offers  # noqa: PLC0415
        from payments.invariants import also_hold  # noqa: PLC0415
        from payments.mail.pages import provide  # noqa: PLC0415
        from payments.mail.quiet_hours import provide_zones  # noqa: PLC0415
        from payments.presentation.timeline_text import also_ask  # noqa: PLC0415
        from payments.risk.checks import declare as also_look  # noqa: PLC0415
        from payments.signals import request_moved  # noqa: PLC0415
        from payments.state_diagram import also_draw  # noqa: PLC0415
        from payments.worker.allowed_tasks import allow_tasks_of  # noqa: PLC0415

        declare(ledger_kinds.KINDS)
        allow_tasks_of("jobs.tasks")
        ledger_rows.declare()
        erasing.declare()
        also_ask(timeline_text.describe_own)
        also_hold(invariants.ESCROW_IS_ENOUGH, invariants.OUTSIDE_WITHIN_BUDGET)
        also_draw(*state_tables.TABLES)
        also_look(*risk_checks.CHECKS)
        provide(links.page_of)
        provide_zones(contacts.zone_of)
        offers.declare(job_payments.offers_of)
        request_moved.connect(signal_receivers.queue_sync, dispatch_uid="jobs.derive_status")
        post_migrate.connect(schedule.make, sender=self, dispatch_uid="jobs.schedule")
        post_migrate.connect(upgrade.carry_rows_over, sender=self, dispatch_uid="jobs.carry_over")
