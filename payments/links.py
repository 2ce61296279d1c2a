"""The links we hand out. They are signed, not stored: nothing in the database opens anything.

A copy that a member of staff is shown is marked with who they are, inside of what is signed (`shown_to`, a user's id):
what is done through it says so. Mails carry the unmarked link.
"""

from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from payments.identifiers import LENGTH
from payments.models import PaymentRequest

APPROVE_SALT: Final = "approve"
FINISH_SALT: Final = "finish"
PROVE_SALT: Final = "prove"
PROVEN_SALT: Final = "proven"
NO_MAIL_SALT: Final = "no-mail"
LONGEST_TOKEN: Final = 500  # characters; ours have about 90


class LinkUse(models.TextChoices):
    """What can be done through a link."""

    APPROVE = "approve", _("the wallet's page was asked for, to approve")
    DECLINE = "decline", _("it was declined")
    STOP = "stop", _("an approval was stopped")
    PROVE = "prove", _("the wallet's page was asked for, to prove whose it is")
    WALLET = "wallet", _("a wallet was given")
    NOTE = "note", _("a note was written")
    STATEMENTS = "statements", _("monthly statements were switched on or off")


class BadLink(Exception):
    """Not made by us, or garbled on its way."""


def site_url(path: str) -> str:
    """A page of ours for whoever signs in to see it: `path` is the whole path, as `reverse` gives it."""
    return f"{settings.BASE_URL}{path}"


def approval_url(request: "PaymentRequest", shown_to: int | None = None) -> str:
    """The durable page of `request` for whoever should approve it: absolute, good until a newer link is sent.

    The same link each time it is asked for: it carries no date, its expiry stands in the row.
    """
    token = signing.Signer(salt=APPROVE_SALT).sign_object([request.id, request.link_version, *mark(shown_to)])
    return f"{settings.BASE_URL}{reverse('approve', args=[token])}"


def mark(shown_to: int | None) -> list[int]:
    """What a token ends with, so that the link of mails stays as short as it is."""
    return [] if shown_to is None else [shown_to]


def read_token(token: str) -> tuple[str, int, int | None]:
    """The request's id, the version of its link, and to whom of staff it was shown.

    Raises BadLink. An older SECRET_KEY's links still open.
    """
    match read_object(token, APPROVE_SALT):
        case [str() as request_id, int() as version] if len(request_id) == LENGTH:
            return request_id, version, None
        case [str() as request_id, int() as version, int() as shown_to] if len(request_id) == LENGTH:
            return request_id, version, shown_to
    raise BadLink


def read_object(token: str, salt: str) -> Any:
    """What was signed. Raises BadLink."""
    if len(token) > LONGEST_TOKEN:
        raise BadLink
    try:
        return signing.Signer(salt=salt).unsign_object(token)
    except signing.BadSignature as error:
        raise BadLink from error


def finish_url(request_id: str, grant_id: str) -> str:
    """Where the payer's wallet sends them back to, for one grant. The wallet adds `hash` and `interact_ref`."""
    back = signing.Signer(salt=FINISH_SALT).sign(grant_id)
    return f"{settings.BASE_URL}{reverse('finish')}?{urlencode({'pendingId': request_id, 'return': back})}"


def read_return(value: str) -> str | None:
    """The grant's id that `finish_url` signed; None for anything else."""
    if len(value) > LONGEST_TOKEN:
        return None
    try:
        return signing.Signer(salt=FINISH_SALT).unsign(value)
    except signing.BadSignature:
        return None


def proof_url(proof_id: str, shown_to: int | None = None) -> str:
    """The durable page on which the owner of a wallet proves that it is theirs: absolute, the same each time."""
    token = signing.Signer(salt=PROVE_SALT).sign_object([proof_id, *mark(shown_to)])
    return f"{settings.BASE_URL}{reverse('prove', args=[token])}"


def read_proof_token(token: str) -> tuple[str, int | None]:
    """The proof's id, and to whom of staff the link was shown. Raises BadLink."""
    match read_object(token, PROVE_SALT):
        case [str() as proof_id]:
            return proof_id, None
        case [str() as proof_id, int() as shown_to]:
            return proof_id, shown_to
    raise BadLink


def no_mail_url(message_id: str) -> str:
    """Where whoever reads this mail stops those of its kind: absolute, the same each time."""
    token = signing.Signer(salt=NO_MAIL_SALT).sign_object([message_id])
    return f"{settings.BASE_URL}{reverse('no-mail', args=[token])}"


def read_no_mail_token(token: str) -> str:
    """The message's id. Raises BadLink."""
    match read_object(token, NO_MAIL_SALT):
        case [str() as message_id]:
            return message_id
    raise BadLink


def proof_finish_url(proof_id: str) -> str:
    """Where their wallet sends the owner back to. The wallet adds `hash` and `interact_ref`."""
    back = signing.Signer(salt=PROVEN_SALT).sign(proof_id)
    return f"{settings.BASE_URL}{reverse('finish')}?{urlencode({'proof': back})}"


def read_proof_return(value: str) -> str | None:
    """The proof's id that `proof_finish_url` signed; None for anything else."""
    if len(value) > LONGEST_TOKEN:
        return None
    try:
        return signing.Signer(salt=PROVEN_SALT).unsign(value)
    except signing.BadSignature:
        return None
