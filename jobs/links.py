"""Links to people's own pages. Signed, not stored; staff revoke them by raising the member's version."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from jobs.models import Member
from ledger.api import Actor, record
from payments.links import BadLink, mark, read_object

WORKER: Final = "worker-page"
FUNDER: Final = "funder-page"


def worker_url(member: Member, shown_to: int | None = None) -> str:
    """Where `member` sees what they are owed: absolute, good until staff revoke it. `shown_to` as `payments.links`."""
    return f"{settings.BASE_URL}{reverse('worker', args=[_token(member, WORKER, shown_to)])}"


def funder_url(member: Member, shown_to: int | None = None) -> str:
    """Where `member` sees what they were asked for: absolute, good until staff revoke it."""
    return f"{settings.BASE_URL}{reverse('funder', args=[_token(member, FUNDER, shown_to)])}"


def page_of(key: str, email: str, receives: bool, shown_to: int | None) -> str:  # noqa: FBT001 - as `PageOf`
    """The page of whom the money's rows call `key`, for a mail to `email`; empty for who is no member.

    Empty, too, where the address is not theirs: a payment keeps the one of when it was asked for, and whoever reads
    that mailbox today would be given the link that staff may have revoked because of them.
    """
    room, _colon, pk = key.partition(":")
    found = Member.objects.filter(pk=pk) if room == "member" and pk.isdecimal() else Member.objects.none()
    member = found.select_related("organisation").first()
    if member is None or email.lower() not in _addresses(member, receives=receives):
        return ""
    return worker_url(member, shown_to) if receives else funder_url(member, shown_to)


def read_token(token: str, kind: str) -> tuple[int, int, int | None]:
    """The member's number, the version of the link, and to whom of staff it was shown.

    Raises BadLink. An older SECRET_KEY's links still open.
    """
    match read_object(token, kind):
        case [int() as member_id, int() as version]:
            return member_id, version, None
        case [int() as member_id, int() as version, int() as shown_to]:
            return member_id, version, shown_to
    raise BadLink


@transaction.atomic
def revoke(member_id: int, *, by: int) -> None:
    """Links that were given out until now open nothing any more; new mails carry a new one."""
    Member.objects.filter(pk=member_id).update(link_version=F("link_version") + 1)
    record("member.link_revoked", actor=Actor.staff(by), subjects={"member": str(member_id)}, data={})


def _addresses(member: Member, *, receives: bool) -> set[str]:
    """Where links to the member's page may go today: to themselves and, for what they pay, to who approves for them."""
    approves = "" if receives or not hasattr(member, "organisation") else member.organisation.approver_email
    return {address.lower() for address in (member.email, approves) if address}


def _token(member: Member, kind: str, shown_to: int | None) -> str:
    return signing.Signer(salt=kind).sign_object([member.pk, member.link_version, *mark(shown_to)])
