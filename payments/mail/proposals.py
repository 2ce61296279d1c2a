"""Mail about proposals: to whoever may decide on one, back to who proposed it, and to all when nobody else could."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from payments.mail.colleagues import Told, name_of, who_may_second, with_permission, write_to
from payments.mail.second_person import AUTHORISE
from payments.models import Proposal
from payments.models.messages import Template
from payments.models.proposals import ProposalState
from payments.presentation.dates import moment
from payments.presentation.proposal_words import changed_rows, title


def ask_to_decide(proposal: Proposal, permission: str) -> None:
    """Everybody else with the permission is asked, once."""
    _write(
        proposal,
        who_may_second(permission, [proposal.proposed_by_id]),
        Template.SECOND_PERSON,
        lambda: [_("It can be decided until %(when)s.") % {"when": moment(proposal.expires_at)}],
        proposal_id=proposal.pk,
    )


def tell_outcome(proposal: Proposal) -> None:
    """Who proposed it is told what became of it, unless it was they who decided."""
    if proposal.decided_by_id != proposal.proposed_by_id and proposal.proposed_by.is_active:
        _write(proposal, [proposal.proposed_by], Template.DECISION, lambda: [_outcome(proposal)])


def tell_alone(proposal: Proposal, permission: str) -> None:
    """It took effect without a second person: all who look after the money are told, who decided it, too."""
    told = {user.pk: user for user in (*with_permission(permission), *with_permission(AUTHORISE))}
    _write(
        proposal,
        list(told.values()),
        Template.ALONE,
        lambda: [_("There is nobody else who could decide on it, so it took effect at once.")],
    )


def _outcome(proposal: Proposal) -> str:
    told = {"name": name_of(proposal.decided_by), "words": proposal.words}
    match ProposalState(proposal.state):
        case ProposalState.APPROVED:
            return _("%(name)s agreed: it counts from now on.") % told
        case ProposalState.REJECTED:
            return _("%(name)s did not agree: “%(words)s”") % told
        case ProposalState.EXPIRED:
            return _("Nobody decided on it in time, so nothing was changed. Propose it again if it is still needed.")
        case ProposalState.SUPERSEDED:
            return _("Something it was based on was changed meanwhile, so it was not carried out. Look at it again.")
        case ProposalState.WITHDRAWN:
            return _("It was withdrawn.")
        case ProposalState.WAITING:
            raise AssertionError("nothing was decided yet")


def _write(
    proposal: Proposal, users: list[User], template: Template, why: Callable[[], list[str]], **details: str
) -> None:
    def told() -> Told:
        rows = changed_rows(proposal.kind, proposal.before, proposal.after)
        return Told(
            title=title(proposal.kind, proposal.subject),
            who=name_of(proposal.proposed_by),
            path=reverse("admin:payments_proposal_change", args=[proposal.pk]),
            rows=[(row.label, f"{row.before} → {row.after}") for row in rows],
            why=why(),
        )

    subjects = {"proposal": proposal.pk}
    write_to(users, template, told, occasion=f"{template}:{proposal.pk}", subjects=subjects, **details)
