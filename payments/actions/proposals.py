"""What guards the money is changed by two: one administrator proposes, a second one decides. No network.

Where there is nobody else who may decide, it takes effect at once, and the ledger and a mail say so. It is carried out
by the function that the change always had, in the transaction of the decision, if the thing is still as it was when it
was proposed; otherwise it is overtaken, and nothing is changed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.actions.kept_from_deciding import kept_from_deciding
from payments.locking import lock
from payments.mail import proposals as mail
from payments.mail.colleagues import who_may_second
from payments.models import Proposal
from payments.models.proposals import PROPOSAL_MOVES, ProposalState
from payments.moving import swap
from payments.presentation.reasons import Refusal
from payments.second_person import objection

#: How long a proposal can be decided on.
LIFETIME: Final = timedelta(days=14)
LONGEST_WORDS = 500  # characters
SYSTEM: Final = Actor.system("proposals")

Snapshot = Mapping[str, Any]


@dataclass(frozen=True)
class ProposalKind:
    """One kind of change. `permission` is to propose it and to decide on it.

    `now` tells the thing as it is, empty where there is none; `carry_out` makes it so, empty to remove it. Both take
    what `Proposal.subject` names. Of a snapshot, `private` names are kept out of what the ledger can't erase. `about`
    whom it is: they decide on it no more than who proposed it.
    """

    permission: str
    now: Callable[[str], dict[str, Any]]
    carry_out: Callable[[str, Snapshot, User], None]
    private: frozenset[str] = frozenset()
    about: Callable[[str], Iterable[int]] = lambda _subject: ()


_kinds: Final[dict[str, ProposalKind]] = {}


def declare(name: str, kind: ProposalKind) -> None:
    """Let changes of this kind be proposed; called when the program starts."""
    _kinds[name] = kind


def permissions() -> dict[str, str]:
    """Of each kind of change the permission to propose it, and to decide on it."""
    return {name: kind.permission for name, kind in _kinds.items()}


def one_side(proposal: Proposal) -> list[int]:
    """Who proposed it, and whom it is about: none of them decides on it."""
    return [proposal.proposed_by_id, *kind_of(proposal).about(proposal.subject)]


def kind_of(proposal: Proposal) -> ProposalKind:
    return _kinds[proposal.kind]


@transaction.atomic
def propose(name: str, subject: str, after: Snapshot, *, by: User) -> Proposal:
    """Let `subject` become `after`: at once where nobody else may decide, else when a second person agrees.

    That nobody else may is not enough where `by` has made it so: then it waits.
    An earlier proposal of the same person for the same thing is overtaken. Raises Refusal when nothing would change.
    """
    kind, wanted = _kinds[name], dict(after)
    before = kind.now(subject)
    if before == wanted:
        raise Refusal("nothing_changes")
    for earlier in _waiting(name, subject).filter(proposed_by=by):
        _move(earlier, ProposalState.SUPERSEDED, by)
    proposal = Proposal(
        kind=name, subject=subject, before=before, after=wanted, proposed_by=by, expires_at=clock.now() + LIFETIME
    )
    proposal.save(force_insert=True)
    _tell(proposal, Actor.staff(by.pk))
    if deciders := who_may_second(kind.permission, one_side(proposal)):
        mail.ask_to_decide(proposal, deciders)
    elif not kept_from_deciding(kind.permission, by=by):
        _carry_out(proposal, by, alone=True)
        mail.tell_alone(proposal, kind.permission)
    return proposal


@transaction.atomic
def approve(proposal_id: str, *, by: User) -> Proposal:
    """The second person agrees: it is carried out, or overtaken where the thing is no longer as it was then.

    Raises Refusal for whoever proposed it, or counts as them, and once it is over.
    """
    proposal = lock_waiting(proposal_id)
    if code := objection(by, one_side(proposal)):
        raise Refusal(code)
    decide(proposal, by)
    return proposal


def decide(proposal: Proposal, by: User, *, alone: bool = False) -> None:
    """Carry out a waiting `proposal` that the caller has locked, or let it be overtaken. Its proposer is told."""
    if kind_of(proposal).now(proposal.subject) == proposal.before:
        _carry_out(proposal, by, alone=alone)
    else:
        _move(proposal, ProposalState.SUPERSEDED, by)
    mail.tell_outcome(proposal)


@transaction.atomic
def reject(proposal_id: str, *, by: User, why: str) -> Proposal:
    """The second person does not agree, and says why. Who proposed it withdraws it instead. Raises Refusal."""
    words = " ".join(why.split())[:LONGEST_WORDS]
    if not words:
        raise Refusal("no_words")
    proposal = lock_waiting(proposal_id)
    if proposal.proposed_by_id == by.pk:
        raise Refusal("own_proposal")
    _move(proposal, ProposalState.REJECTED, by, words=words)
    mail.tell_outcome(proposal)
    return proposal


@transaction.atomic
def withdraw(proposal_id: str, *, by: User) -> Proposal:
    """Who proposed it takes it back. Raises Refusal for anybody else, and once it is over."""
    proposal = lock_waiting(proposal_id)
    if proposal.proposed_by_id != by.pk:
        raise Refusal("not_own_proposal")
    _move(proposal, ProposalState.WITHDRAWN, by)
    return proposal


def expire_due() -> None:
    """What nobody decided on in time is over; its proposer is told. Any number of times."""
    for pk in _all_waiting().filter(expires_at__lte=clock.now()).values_list("pk", flat=True):
        with transaction.atomic():
            proposal = lock(Proposal.objects.select_related("proposed_by"), pk)
            if proposal.state == ProposalState.WAITING:
                _move(proposal, ProposalState.EXPIRED, None)
                mail.tell_outcome(proposal)


def lock_waiting(proposal_id: str) -> Proposal:
    """The proposal, while it waits; it and all others about the same are locked until the transaction ends."""
    proposal = locked(proposal_id)
    if proposal.state != ProposalState.WAITING or proposal.expires_at <= clock.now():
        over = ProposalState.EXPIRED if proposal.state == ProposalState.WAITING else ProposalState(proposal.state)
        raise Refusal("proposal_over", state=str(over.label))
    return proposal


def locked(proposal_id: str) -> Proposal:
    """The proposal, and all others about the same thing that wait, locked until the caller's transaction ends."""
    about = Proposal.objects.only("kind", "subject").get(pk=proposal_id)
    # Together and in one order: of two about the same thing only one is carried out on what both were based on.
    for pk in _waiting(about.kind, about.subject).order_by("pk").values_list("pk", flat=True):
        lock(Proposal.objects.all(), pk)
    return Proposal.objects.select_related("proposed_by").get(pk=proposal_id)


def _all_waiting() -> Any:
    return Proposal.objects.filter(state=ProposalState.WAITING)


def _waiting(name: str, subject: str) -> Any:
    return _all_waiting().filter(kind=name, subject=subject)


def _carry_out(proposal: Proposal, by: User, *, alone: bool) -> None:
    kind_of(proposal).carry_out(proposal.subject, proposal.after, by)
    _move(proposal, ProposalState.APPROVED, by, alone=alone)
    for other in _waiting(proposal.kind, proposal.subject).select_related("proposed_by"):
        _move(other, ProposalState.SUPERSEDED, by)
        mail.tell_outcome(other)


def _move(proposal: Proposal, to: ProposalState, by: User | None, **columns: Any) -> None:
    swap(proposal, to, PROPOSAL_MOVES, decided_by=by, decided_at=clock.now(), **columns)
    _tell(proposal, Actor.staff(by.pk) if by else SYSTEM)


def _tell(proposal: Proposal, actor: Actor) -> None:
    """The entry has the snapshot of what was decided."""
    secret = kind_of(proposal).private
    snapshots = {"was": proposal.before, "becomes": proposal.after}
    private = {
        f"{name}_{when}": str(snapshot[name])
        for when, snapshot in snapshots.items()
        for name in secret & snapshot.keys()
        if snapshot[name]
    }
    record(
        f"proposal.{proposal.state}",
        actor=actor,
        subjects={"proposal": proposal.pk, "user": str(proposal.proposed_by_id)},
        data={
            "what": proposal.kind,
            "of": proposal.subject,
            "alone": proposal.alone,
            **{when: {k: v for k, v in shot.items() if k not in secret} for when, shot in snapshots.items()},
        },
        private={**private, **({"words": proposal.words} if proposal.words else {})} or None,
    )
