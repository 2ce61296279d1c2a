"""Whose money goes where is changed by two people: one proposes another wallet, the member is told, a second confirms.

Only a member who has none that ever worked gets one at once: no money can have gone to it. Payments that were asked
for keep the wallet they were asked with. Whoever's wallet is another one from now on is told so.
"""

from datetime import datetime
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from jobs import member_emails
from jobs.models import Member, WalletChange, WalletChangeState
from jobs.models.wallet_changes import WALLET_CHANGE_MOVES
from jobs.reasons import JobRefusal
from ledger import clock
from ledger.api import Actor, record
from payments.actions import wallets
from payments.locking import lock
from payments.mail.colleagues import Told, name_of, who_may_second, write_to
from payments.mail.queue import queue_notice
from payments.models import WalletAddress
from payments.models.messages import Template
from payments.moving import swap
from payments.second_person import objection

CHECK_TASK = "payments.tasks.check_wallet"


@transaction.atomic
def propose(
    member: Member, url: str, *, by: Literal["member", "staff"], user: User | None = None, shown_to: User | None = None
) -> WalletChange | None:
    """Give `member` the wallet at `url`, or let it wait for a second person when they have another one that worked.

    Returns the change that waits; None when there is nothing to wait for. `user` is the member of staff, `shown_to`
    whose copy of the member's link was used. The member is told at once, at the address they have now and at those they
    had lately. Raises Refusal for what can't be a wallet address.
    """
    assert (by == "staff") == (user is not None)
    actor = Actor.staff(user.pk) if user else Actor.member(member.pk)
    after = wallets.find_or_add(url)
    locked = lock(Member.objects.select_related("wallet"), member.pk)
    if locked.wallet == after:
        return None
    if after.checked_at is None:
        async_task(CHECK_TASK, after.pk)
    before = locked.wallet
    # One that was asked and never answered is a mistake to put right: nothing could be paid to it.
    if before is None or (by == "staff" and never_worked(before)):
        if waiting := waiting_change(locked):
            _decide(waiting, WalletChangeState.SUPERSEDED, actor, user)
        _give(locked, before, after, actor)
        return None
    if waiting := waiting_change(locked):
        if waiting.after == after:
            return waiting
        _decide(waiting, WalletChangeState.SUPERSEDED, actor, user)
    change = WalletChange.objects.create(member=locked, before=before, after=after, proposed_by=user, shown_to=shown_to)
    _tell("member.wallet_change_proposed", change, actor)
    _write(Template.WALLET_CHANGE, locked, before, after, f"wallet_change:{change.pk}")
    _ask_to_confirm(change)
    return change


def never_worked(wallet: WalletAddress) -> bool:
    """It was asked, and nothing is known of it: nothing can have been paid to it."""
    return bool(wallet.problem) and not wallet.is_known


def _ask_to_confirm(change: WalletChange) -> None:
    """Everybody who may confirm it, but for who proposed it, is asked to."""
    write_to(
        who_may_second("jobs.confirm_walletchange", [change.proposed_by_id]),
        Template.SECOND_PERSON,
        lambda: Told(
            title=_("Wallet of %(name)s") % {"name": change.member.name},
            who=name_of(change.proposed_by),
            path=reverse("admin:jobs_member_change", args=[change.member_id]),
            rows=[(_("Wallet until now"), change.before.url), (_("New wallet"), change.after.url)],
            why=[_("Whose money goes where is changed by two people.")],
        ),
        occasion=f"confirm_wallet:{change.pk}",
        subjects={"member": str(change.member_id)},
    )


@transaction.atomic
def confirm(change_id: int, *, by: User) -> WalletChange:
    """The second person agrees: new payments go to the new wallet. Raises JobRefusal."""
    change = _lock_waiting(change_id)
    own = "own_wallet_change" if change.proposed_by_id == by.pk else "shown_wallet_change"
    if reason := objection(by, _proposers(change), own=own):
        raise JobRefusal(reason)
    if change.after.problem:
        problem = {"code": change.after.problem, "params": change.after.problem_params}
        raise JobRefusal("receiver_wallet", name=change.member.name, problem=problem)
    if not change.after.is_known:
        raise JobRefusal("wallet_not_checked", name=change.member.name)
    actor = Actor.staff(by.pk)
    _decide(change, WalletChangeState.CONFIRMED, actor, by)
    _give(change.member, change.before, change.after, actor)
    return change


@transaction.atomic
def refuse(change_id: int, *, by: User, why: str) -> WalletChange:
    """The wallet stays as it is, for what `by` writes. Whoever proposed the change may take it back so."""
    words = " ".join(why.split())
    if not words:
        raise JobRefusal("no_words")
    change = _lock_waiting(change_id)
    _decide(change, WalletChangeState.REFUSED, Actor.staff(by.pk), by, words)
    return change


def _proposers(change: WalletChange) -> set[int | None]:
    """Whoever may be behind it: also who was shown the link, and who says where the member's mail, and links, go."""
    return {change.proposed_by_id, change.shown_to_id, *member_emails.changed_by(change.member)}


def waiting_change(member: Member) -> WalletChange | None:
    """The change of the member's wallet that waits for a second person."""
    found = WalletChange.objects.filter(member=member, state=WalletChangeState.WAITING)
    return found.select_related("member", "before", "after", "proposed_by").first()


def check_settled(member: Member) -> None:
    """No new money moves from or to a member while nobody has decided which wallet is theirs. Raises JobRefusal.

    Reads the member's `wallet_changes`.
    """
    if any(change.state == WalletChangeState.WAITING for change in member.wallet_changes.all()):
        raise JobRefusal("wallet_change_waits", name=member.name)


def changed_at(member: Member) -> datetime | None:
    """When the member last got another wallet; None when they have their first. Reads `wallet_changes`."""
    confirmed = [each for each in member.wallet_changes.all() if each.state == WalletChangeState.CONFIRMED]
    return max((each.decided_at for each in confirmed if each.decided_at), default=None)


def others_with(member: Member, wallet: WalletAddress | None) -> list[Member]:
    """Other members whose wallet is this one, under whichever address it was typed."""
    if wallet is None:
        return []
    same = Q(pk=wallet.pk)
    if wallet.canonical_id:
        same |= Q(canonical_id=wallet.canonical_id)
    # First the few wallets: an OR over the join would have the database look at every member there is.
    members = Member.objects.filter(wallet__in=WalletAddress.objects.filter(same).values("pk"))
    return list(members.exclude(pk=member.pk).order_by("name"))


def _lock_waiting(change_id: int) -> WalletChange:
    member_id = WalletChange.objects.values_list("member_id", flat=True).get(pk=change_id)
    lock(Member.objects.all(), member_id)
    change = WalletChange.objects.select_related("member", "before", "after").get(pk=change_id)
    if change.state != WalletChangeState.WAITING:
        raise JobRefusal("wallet_change_over", state=str(WalletChangeState(change.state).label))
    return change


def _decide(change: WalletChange, state: WalletChangeState, actor: Actor, by: User | None, words: str = "") -> None:
    swap(change, state, WALLET_CHANGE_MOVES, decided_by=by, decided_at=clock.now())
    _tell(f"member.wallet_change_{state}", change, actor, words)


def _give(member: Member, before: WalletAddress | None, after: WalletAddress, actor: Actor) -> None:
    Member.objects.filter(pk=member.pk).update(wallet=after, changed_at=clock.now())
    member.wallet = after
    entry = record(
        "member.wallet_changed",
        actor=actor,
        subjects={"member": str(member.pk), "wallet": str(after.pk)},
        data={"before": before.url if before else "", "after": after.url},
        private={"name": member.name},
    )
    # Who gave their first one themselves knows it.
    if before or actor.kind == "staff":
        _write(Template.WALLET_CHANGED, member, before, after, f"wallet_changed:{entry.pk}")


def _write(template: Template, member: Member, before: WalletAddress | None, after: WalletAddress, once: str) -> None:
    """To the member, at the address they have now and at those they had lately; `once` names the occasion."""
    for number, email in enumerate([member.email, *member_emails.earlier(member)]):
        queue_notice(
            template,
            name=member.name,
            email=email,
            language=member.language,
            details={"before": before.url if before else "", "after": after.url, "key": member.key},
            occasion=f"{once}:{number}",
        )


def _tell(kind: str, change: WalletChange, actor: Actor, words: str = "") -> None:
    record(
        kind,
        actor=actor,
        subjects={"member": str(change.member_id), "wallet_change": str(change.pk)},
        data={"change": change.pk, "before": change.before.url, "after": change.after.url},
        private={"name": change.member.name, **({"words": words} if words else {})},
    )
