"""Deciding alone, in an emergency, what needs two people: loud at once, and until another person has seen it.

Switched off by the setting BREAK_GLASS. Never for a payment to oneself.
"""

from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from ledger import clock
from ledger.api import Actor, record
from payments.actions import proposals, requests
from payments.locking import lock
from payments.mail.colleagues import Told, name_of, with_permission, write_to
from payments.mail.second_person import AUTHORISE
from payments.models import BrokenGlass, PaymentRequest, Proposal
from payments.models.messages import Template
from payments.presentation.proposal_words import changed_rows, title
from payments.presentation.reasons import Refusal
from payments.risk.answers import NO_ANSWER, RiskAnswer
from payments.second_person import objection

BREAK_GLASS = "payments.break_glass"
LONGEST_WORDS = 500  # characters


@transaction.atomic
def authorise_alone(request_id: str, *, by: User, why: str, answer: RiskAnswer = NO_ANSWER) -> PaymentRequest:
    """Authorise one's own payment request. Raises Refusal where it is switched off, pays oneself, or needs no glass."""
    request = requests.lock_waiting(request_id)
    words = _checked(by, [request.requested_by_id], why)
    if requests.pays(request, by):
        raise Refusal("own_payment")
    requests.authorise_locked(request, by, answer)
    _break("request", request.pk, request.title, by, words)
    return request


@transaction.atomic
def approve_alone(proposal_id: str, *, by: User, why: str) -> Proposal:
    """Approve one's own proposal. Raises Refusal where it is switched off, or needs no glass."""
    proposal = proposals.lock_waiting(proposal_id)
    if by.pk in proposals.kind_of(proposal).about(proposal.subject):
        raise Refusal("own_proposal")
    words = _checked(by, [proposal.proposed_by_id], why)
    proposals.decide(proposal, by, alone=True)
    _break("proposal", proposal.pk, title(proposal.kind, proposal.subject), by, words)
    return proposal


@transaction.atomic
def see(glass_id: str, *, by: User) -> BrokenGlass:
    """Another person has looked at what was decided alone. Seeing it twice is seeing it once. Raises Refusal."""
    glass = lock(BrokenGlass.objects.all(), glass_id)
    if code := objection(by, [glass.person_id], own="own_glass"):
        raise Refusal(code)
    if glass.seen_at is None:
        glass.seen_by, glass.seen_at = by, clock.now()
        BrokenGlass.objects.filter(pk=glass.pk).update(seen_by=by, seen_at=glass.seen_at)
        _tell("glass.seen", glass, by, "")
    return glass


def _checked(by: User, proposers: Sequence[int | None], why: str) -> str:
    """What was written, if `by` may decide alone now."""
    words = " ".join(why.split())[:LONGEST_WORDS]
    if not settings.BREAK_GLASS:
        raise Refusal("no_glass")
    if not words:
        raise Refusal("no_words")
    if objection(by, proposers) is None:
        raise Refusal("glass_not_needed")
    return words


def _break(about: str, about_id: str, what: str, by: User, words: str) -> None:
    glass = BrokenGlass(about=about, about_id=about_id, title=what, person=by, words=words)
    glass.save(force_insert=True)
    _tell("glass.broken", glass, by, words)
    told = {user.pk: user for user in (*with_permission(BREAK_GLASS), *with_permission(AUTHORISE))}
    write_to(
        told.values(),
        Template.ALONE,
        lambda: _told(glass),
        occasion=f"glass:{glass.pk}",
        subjects={"glass": glass.pk, about: about_id},
    )


def _told(glass: BrokenGlass) -> Told:
    rows: list[tuple[str, str]] = []
    if glass.about == "proposal":
        proposal = Proposal.objects.get(pk=glass.about_id)
        changed = changed_rows(proposal.kind, proposal.before, proposal.after)
        rows = [(row.label, f"{row.before} → {row.after}") for row in changed]
    path = reverse("admin:payments_brokenglass_change", args=[glass.pk])
    return Told(title=glass.title, who=name_of(glass.person), path=path, rows=rows, why=[f"“{glass.words}”"])


def _tell(kind: str, glass: BrokenGlass, by: User, words: str) -> None:
    record(
        kind,
        actor=Actor.staff(by.pk),
        subjects={"glass": glass.pk, glass.about: glass.about_id, "user": str(glass.person_id)},
        data={"about": glass.about},
        private={"words": words} if words else None,
    )
