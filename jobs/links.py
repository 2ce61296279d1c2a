"""Links to people's own pages. Signed, not stored; staff revoke them by raising the member's version."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from jobs.models import Member
from ledger.api import Actor, record
from payments.links import LONGEST_TOKEN, BadLink

WORKER: Final = "worker-page"
FUNDER: Final = "funder-page"


def worker_url(member: Member) -> str:
    """Where `member` sees what they are owed: absolute, good until staff revoke it."""
    return f"{settings.BASE_URL}{reverse('worker', args=[_token(member, WORKER)])}"


def funder_url(member: Member) -> str:
    """Where `member` sees what they were asked for: absolute, good until staff revoke it."""
    return f"{settings.BASE_URL}{reverse('funder', args=[_token(member, FUNDER)])}"


def page_of(key: str, receives: bool) -> str:  # noqa: FBT001 - as `payments.mail.pages.PageOf`
    """The page of whom the money's rows call `key`; empty for who is no member."""
    room, _colon, pk = key.partition(":")
    member = Member.objects.filter(pk=pk).first() if room == "member" and pk.isdecimal() else None
    if member is None:
        return ""
    return worker_url(member) if receives else funder_url(member)


def read_token(token: str, kind: str) -> tuple[int, int]:
    """The member's number and the version of the link. Raises BadLink. An older SECRET_KEY's links still open."""
    if len(token) > LONGEST_TOKEN:
        raise BadLink
    try:
        content = signing.Signer(salt=kind).unsign_object(token)
    except signing.BadSignature as error:
        raise BadLink from error
    match content:
        case [int() as member_id, int() as version]:
            return member_id, version
    raise BadLink


@transaction.atomic
def revoke(member_id: int, *, by: int) -> None:
    """Links that were given out until now open nothing any more; new mails carry a new one."""
    Member.objects.filter(pk=member_id).update(link_version=F("link_version") + 1)
    record("member.link_revoked", actor=Actor.staff(by), subjects={"member": str(member_id)}, data={})


def _token(member: Member, kind: str) -> str:
    return signing.Signer(salt=kind).sign_object([member.pk, member.link_version])
