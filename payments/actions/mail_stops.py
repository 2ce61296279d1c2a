"""What stops mail to an address, and starts it again: staff who saw it come back, or whoever reads it."""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger import clock
from ledger.api import Actor, record
from payments.mail.stops import CAN_BE_STOPPED, normal
from payments.models import MailStop, Message
from payments.models.mail_stops import StopKind
from payments.presentation.reasons import Refusal

LONGEST_WORDS: Final = 500  # characters
#: Whoever holds the link of a mail.
READER: Final = Actor.system("mail reader")


@transaction.atomic
def mark_bounced(email: str, why: str, *, by: User, about: Mapping[str, str]) -> MailStop:
    """Nothing is mailed to `email` from now on. `about` are what else the entry is about, by the ledger's names.

    Marked already, it stays as it is. Raises Refusal without words.
    """
    stop, is_new = MailStop.objects.get_or_create(
        email=normal(email), kind=StopKind.BOUNCED, lifted_at=None, defaults={"why": _words(why), "made_by": by}
    )
    if is_new:
        _tell("set", stop, Actor.staff(by.pk), stop.why, about)
    return stop


@transaction.atomic
def lift(stop: MailStop, why: str, *, by: User) -> None:
    """Mail goes to its address again. Raises Refusal without words."""
    _lift(stop, Actor.staff(by.pk), _words(why), {})


@transaction.atomic
def unsubscribe(message: Message) -> None:
    """Its reader wants no more of this kind. Pressed twice, the second changes nothing."""
    kind = CAN_BE_STOPPED[message.template]
    stop, is_new = MailStop.objects.get_or_create(email=normal(message.to_email), kind=kind, lifted_at=None)
    if is_new:
        _tell("set", stop, READER, "", {"message": message.pk})


@transaction.atomic
def subscribe_again(message: Message) -> None:
    """Its reader wants them after all."""
    kind = CAN_BE_STOPPED[message.template]
    stop = MailStop.objects.filter(email=normal(message.to_email), kind=kind, lifted_at=None).first()
    if stop:
        _lift(stop, READER, "", {"message": message.pk})


def subscribe_digests_again(person: User) -> None:
    """Somebody who works here chose to get summaries after all. Must run in a transaction."""
    for stop in MailStop.objects.filter(email=normal(person.email), kind=StopKind.NO_DIGESTS, lifted_at=None):
        _lift(stop, Actor.staff(person.pk), "", {"user": str(person.pk)})


def _lift(stop: MailStop, actor: Actor, why: str, about: Mapping[str, str]) -> None:
    if MailStop.objects.filter(pk=stop.pk, lifted_at=None).update(lifted_at=clock.now()):
        _tell("lifted", stop, actor, why, about)


def _words(why: str) -> str:
    words = " ".join(why.split())[:LONGEST_WORDS]
    if not words:
        raise Refusal("no_words")
    return words


def _tell(event: str, stop: MailStop, actor: Actor, why: str, about: Mapping[str, str]) -> None:
    private = {"email": stop.email, **({"words": why} if why else {})}
    subjects = {"mail_stop": str(stop.pk), **about}
    record(f"mail_stop.{event}", actor=actor, subjects=subjects, data={"kind": stop.kind}, private=private)
