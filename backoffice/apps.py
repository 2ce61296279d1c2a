from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from backoffice.installation.deploy_checks import check_installation


class BackofficeConfig(AppConfig):
    name = "backoffice"
    verbose_name = _("Back office")

    def ready(self) -> None:
        from backoffice import roles  # noqa: PLC0415 - models can only be imported once every app is loaded

        checks.register(check_installation, checks.Tags.security, deploy=True)
        post_migrate.connect(roles.make_when_all_permissions_exist, dispatch_uid="backoffice.roles")


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site in the place of `admin.site`, so that every app registers with it."""

    default = False
    default_site = "backoffice.admin_site.BackofficeAdminSite"
