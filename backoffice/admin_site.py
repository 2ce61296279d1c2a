"""The admin site that every app registers with, as `django.contrib.admin.site`."""

from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite


class BackofficeAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold ships no types
    index_title = _("Overview")
