"""What members do on their own page: give their wallet, ask for another, say that something isn't right. No network."""

from datetime import timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django_q.tasks import async_task

from jobs import wallet_changes
from jobs.models import Member, MemberNote
from jobs.models.members import LONGEST_NOTE
from jobs.reasons import JobRefusal
from ledger import clock
from ledger.api import Actor, record, timeline
from payments.actions import wallets
from payments.actions.shown_links import tell_use
from payments.links import LinkUse
from payments.locking import lock

DAY: Final = timedelta(days=1)
#: So many in a day are a conversation; more are a script.
MOST_NOTES: Final = 5
MOST_WALLETS: Final = 10
RECENT_ENTRIES: Final = 100
WALLET_KINDS: Final = frozenset({"member.wallet_changed", "member.wallet_change_proposed"})


def may_give_wallet(member: Member) -> bool:
    """Only who has none that ever answered: no money can have gone to it. Any other change is for two people."""
    return member.wallet is None or not member.wallet.is_known


@transaction.atomic
def give_wallet(member_id: int, text: str, shown_to: User | None = None) -> Member:
    """The member's wallet address, as they typed it; it is looked up soon. Raises Refusal.

    The first is theirs at once. Another than one that is in use waits for a second person, and the member is told by
    email: whoever has the link may not be them. `shown_to` is of staff, whose copy of the link it came through: for two
    people, they proposed it, and no wallet that is there is replaced at once.
    """
    member = lock(Member.objects.select_related("wallet"), member_id)
    if _given_today(member) >= MOST_WALLETS:
        raise JobRefusal("too_often")
    wallet = wallets.find_or_add(text)
    if Member.objects.filter(wallet=wallet).exclude(pk=member.pk).exists():
        raise JobRefusal("wallet_of_another", wallet=wallet.url)
    if shown_to:
        tell_use("member", str(member.pk), Actor.member(member.pk), shown_to, LinkUse.WALLET)
    if not may_give_wallet(member) or (shown_to and member.wallet):
        wallet_changes.propose(member, wallet.url, by="member", shown_to=shown_to)
        return member
    before, member.wallet = member.wallet, wallet
    Member.objects.filter(pk=member.pk).update(wallet=wallet, changed_at=clock.now())
    record(
        "member.wallet_changed",
        actor=Actor.member(member.pk),
        subjects={"member": str(member.pk)},
        data={"before": before.url if before else "", "after": wallet.url},
        private={"name": member.name},
    )
    async_task("payments.tasks.check_wallet", wallet.pk)
    return member


@transaction.atomic
def write_note(member_id: int, text: str, shown_to: User | None = None) -> MemberNote:
    """Keep what the member says isn't right, for staff to see to. The same words twice are one note. Raises Refusal.

    `shown_to` is of staff, whose copy of the link it came through.
    """
    member = lock(Member.objects.select_related("wallet"), member_id)
    words = "\n".join(" ".join(line.split()) for line in text.replace("\0", "").strip().splitlines())[:LONGEST_NOTE]
    if not words:
        raise JobRefusal("note_empty")
    if waiting := member.notes.filter(text=words, handled_at=None).first():
        return waiting
    if member.notes.filter(written_at__gt=clock.now() - DAY).count() >= MOST_NOTES:
        raise JobRefusal("too_often")
    note = MemberNote.objects.create(member=member, text=words)
    record(
        "member.note_written",
        actor=Actor.member(member.pk),
        subjects={"member": str(member.pk), "note": str(note.pk)},
        data={},
        private={"name": member.name, "words": words},
    )
    if shown_to:
        tell_use("member", str(member.pk), Actor.member(member.pk), shown_to, LinkUse.NOTE)
    return note


@transaction.atomic
def handle_note(note_id: int, *, by: User) -> MemberNote:
    """Somebody has seen to it. Raises Refusal when somebody had before."""
    if not MemberNote.objects.filter(pk=note_id, handled_at=None).update(handled_at=clock.now(), handled_by=by):
        raise JobRefusal("note_handled")
    note = MemberNote.objects.select_related("member").get(pk=note_id)
    record(
        "member.note_handled",
        actor=Actor.staff(by.pk),
        subjects={"member": str(note.member_id), "note": str(note.pk)},
        data={},
        private={"name": note.member.name},
    )
    return note


def _given_today(member: Member) -> int:
    since = clock.now() - DAY
    rows = timeline([("member", str(member.pk))], RECENT_ENTRIES)
    own = Actor.member(member.pk)
    return sum(row.kind in WALLET_KINDS and row.actor == own and row.recorded_at > since for row in rows)
