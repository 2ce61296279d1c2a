"""Lists as somebody filters, searches and orders them again and again, by a name."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models.exports import LONGEST_QUERY
from payments.models.fields import Dated, ulid_field

#: Characters: what fits into a menu.
LONGEST_NAME = 60


class SavedView(Dated):
    """One address of one list. Who opens it sees what they themselves may see."""

    id = ulid_field(verbose_name=_("saved view"))
    # As `payments.payment`: the model whose list it is.
    model = models.CharField(_("list"), max_length=64, editable=False)
    # Its filters, search and order, without its page.
    query = models.CharField(max_length=LONGEST_QUERY, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("saved by"), on_delete=models.CASCADE, related_name="+"
    )
    is_shared = models.BooleanField(_("shared"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "id"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["owner", "model", "name"], name="one_view_of_a_name")]
        indexes = [models.Index(fields=["model", "is_shared"])]

    def __str__(self) -> str:
        return self.name
