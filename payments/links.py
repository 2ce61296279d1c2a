"""The links we hand out. They are signed, not stored: nothing in the database opens anything."""

from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse

from payments.identifiers import LENGTH
from payments.models import PaymentRequest

APPROVE_SALT: Final = "approve"
FINISH_SALT: Final = "finish"
PROVE_SALT: Final = "prove"
PROVEN_SALT: Final = "proven"
LONGEST_TOKEN: Final = 500  # characters; ours have about 90


class BadLink(Exception):
    """Not made by us, or garbled on its way."""


def site_url(path: str) -> str:
    """A page of ours for whoever signs in to see it: `path` is the whole path, as `reverse` gives it."""
    return f"{settings.BASE_URL}{path}"


def approval_url(request: "PaymentRequest") -> str:
    """The durable page of `request` for whoever should approve it: absolute, good until a newer link is sent.

    The same link each time it is asked for: it carries no date, its expiry stands in the row.
    """
    token = signing.Signer(salt=APPROVE_SALT).sign_object([request.id, request.link_version])
    return f"{settings.BASE_URL}{reverse('approve', args=[token])}"


def read_token(token: str) -> tuple[str, int]:
    """The request's id and the version of its link. Raises BadLink. An older SECRET_KEY's links still open."""
    if len(token) > LONGEST_TOKEN:
        raise BadLink
    try:
        content = signing.Signer(salt=APPROVE_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise BadLink from error
    match content:
        case [str() as request_id, int() as version] if len(request_id) == LENGTH:
            return request_id, version
    raise BadLink


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


def proof_url(proof_id: str) -> str:
    """The durable page on which the owner of a wallet proves that it is theirs: absolute, the same each time."""
    return f"{settings.BASE_URL}{reverse('prove', args=[signing.Signer(salt=PROVE_SALT).sign(proof_id)])}"


def read_proof_token(token: str) -> str:
    """The proof's id. Raises BadLink."""
    if len(token) > LONGEST_TOKEN:
        raise BadLink
    try:
        return signing.Signer(salt=PROVE_SALT).unsign(token)
    except signing.BadSignature as error:
        raise BadLink from error


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
