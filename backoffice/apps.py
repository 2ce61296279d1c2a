from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from backoffice.installation.deploy_checks import check_installation

EXPORT_SECONDS = 2 * 60 * 60


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        # Models can only be imported once every app is loaded.
        from backoffice import access_proposals, ledger_kinds, ledger_words, people_words, roles  # noqa: PLC0415
        from backoffice.audit import access  # noqa: PLC0415
        from backoffice.digests import schedule as digests_schedule  # noqa: PLC0415
        from backoffice.finance.closing import own_checks, reopening, words  # noqa: PLC0415
        from backoffice.finance.evidence.pages import link_to_evidence  # noqa: PLC0415
        from backoffice.finance.exports import forgetting  # noqa: PLC0415
        from backoffice.finance.exports import schedule as exports_schedule  # noqa: PLC0415
        from backoffice.sign_in import checks as sign_in_checks  # noqa: F401, PLC0415 - they register themselves
        from backoffice.sign_in import schedule, signal_receivers  # noqa: PLC0415
        from backoffice.to_do import schedule as to_do_schedule  # noqa: PLC0415
        from jobs.signals import member_erased  # noqa: PLC0415
        from jobs.unanswered import unanswered  # noqa: PLC0415
        from ledger.api import declare  # noqa: PLC0415
        from payments.admin.filters import also_unanswered  # noqa: PLC0415
        from payments.admin.more_links import also_link  # noqa: PLC0415
        from payments.presentation.timeline_text import also_ask  # noqa: PLC0415
        from payments.worker.allowed_tasks import allow_tasks_of  # noqa: PLC0415

        declare(ledger_kinds.KINDS)
        access_proposals.declare()
        access.declare()
        own_checks.declare()
        reopening.declare()
        allow_tasks_of("backoffice.sign_in.tasks")
        allow_tasks_of("backoffice.to_do.tasks")
        allow_tasks_of("backoffice.digests.tasks")
        # Of millions of rows. It may be given out again meanwhile: one is at it.
        allow_tasks_of("backoffice.finance.exports.tasks", seconds={"make_export": EXPORT_SECONDS})
        also_ask(people_words.describe_own)
        also_ask(ledger_words.describe_own)
        also_ask(words.describe_own)
        also_link(link_to_evidence)
        also_unanswered(unanswered)
        signal_receivers.connect()
        member_erased.connect(forgetting.forget, dispatch_uid="backoffice.finance.exports.forgetting")
        checks.register(check_installation, checks.Tags.security, deploy=True)
        post_migrate.connect(schedule.make, sender=self, dispatch_uid="backoffice.sign_in.schedule")
        post_migrate.connect(digests_schedule.make, sender=self, dispatch_uid="backoffice.digests")
        post_migrate.connect(exports_schedule.make, sender=self, dispatch_uid="backoffice.finance.exports")
        post_migrate.connect(to_do_schedule.make, sender=self, dispatch_uid="backoffice.to_do.schedule")
        post_migrate.connect(roles.make_when_all_permissions_exist, dispatch_uid="backoffice.roles")


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site in the place of `admin.site`, so that every app registers with it."""

    default = False
    default_site = "backoffice.admin_site.BackofficeAdminSite"
