"""Changes of what guards the money, as one administrator proposes them: they wait for a second one."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, ulid_field


class ProposalState(models.TextChoices):
    WAITING = "waiting", _("Waits for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Not decided in time")
    SUPERSEDED = "superseded", _("Overtaken by another change")


PROPOSAL_MOVES: dict[str, set[str]] = {
    ProposalState.WAITING: {
        ProposalState.APPROVED,
        ProposalState.REJECTED,
        ProposalState.WITHDRAWN,
        ProposalState.EXPIRED,
        ProposalState.SUPERSEDED,
    },
    ProposalState.APPROVED: set(),
    ProposalState.REJECTED: set(),
    ProposalState.WITHDRAWN: set(),
    ProposalState.EXPIRED: set(),
    ProposalState.SUPERSEDED: set(),
}


class Proposal(Dated):
    """What something is, and what it is to be: carried out as it stands here, or not at all.

    `before` and `after` are as the kind's snapshot tells them, empty where there is nothing. It is carried out only
    while the thing is still as `before` says. Moved only by `payments.actions.proposals`.
    """

    id = ulid_field(verbose_name=_("proposal"))
    kind = models.CharField(_("what"), max_length=32, editable=False)
    # Which one: a seller's id, or what a rule is about.
    subject = models.CharField(_("of"), max_length=120, editable=False)
    before = models.JSONField(_("until now"), default=dict, editable=False)
    after = models.JSONField(_("from then on"), default=dict, editable=False)
    state = models.CharField(
        _("state"), max_length=16, choices=ProposalState, default=ProposalState.WAITING, editable=False
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(_("to be decided by"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    # Why it was rejected.
    words = models.TextField(_("why"), blank=True)
    # Nobody else could decide on it, so it took effect at once.
    alone = models.BooleanField(_("without a second person"), default=False)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["state", "created_at"])]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.id)


class BrokenGlass(Dated):
    """One person decided alone what needs two, though somebody else could have: open until another one has seen it."""

    id = ulid_field(verbose_name=_("decision"))
    # What the ledger calls the row that was decided on, and its id.
    about = models.CharField(_("what"), max_length=32, editable=False)
    about_id = models.CharField(max_length=64, editable=False)
    title = models.CharField(_("title"), max_length=200, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.PROTECT, related_name="+"
    )
    words = models.TextField(_("why"))
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("seen by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    seen_at = models.DateTimeField(_("seen"), null=True)

    class Meta:
        verbose_name = _("decision by one person alone")
        verbose_name_plural = _("decisions by one person alone")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        permissions = [("break_glass", _("Can decide alone, in an emergency, what needs two people"))]

    def __str__(self) -> str:
        return self.title
