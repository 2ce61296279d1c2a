"""Where the secrets of second factors lie: sealed, each for its own row, and gone with what they are for."""

from typing import Any

from allauth.mfa.models import Authenticator

from backoffice.models import FactorSecret
from payments.encryption import seal, unseal


def keep(text: str) -> str:
    """Seal `text` in a row of its own; the name of the row."""
    row = FactorSecret()
    row.sealed = seal(row.id, {"text": text})
    row.save(force_insert=True)
    return str(row.id)


def read(name: str) -> str:
    """What `keep` was given. Raises SecretUnreadable when no configured key opens it."""
    row = FactorSecret.objects.get(pk=name)
    return unseal(row.id, row.sealed)["text"]


def forget(instance: Authenticator, **_kwargs: Any) -> None:
    """Signal receiver: a factor was deleted, and so is what it was computed from."""
    names = [instance.data[field] for field in ("secret", "seed") if field in instance.data]
    FactorSecret.objects.filter(pk__in=names).delete()
