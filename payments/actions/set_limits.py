"""The amounts above which a second person decides. Every change of a limit is in the ledger."""

from copy import copy
from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from ledger.content import Json
from payments.limits import EVERY_OTHER, code_of, limit_of
from payments.models import AuthorisationLimit, ProofLimit
from payments.openpayments.amounts import Amount

Limit = TypeVar("Limit", AuthorisationLimit, ProofLimit)


def set_limit(limit: Amount, by: User) -> AuthorisationLimit:
    """Let one person send payment requests up to `limit`, inclusive, in its currency.

    Under the code `limits.EVERY_OTHER`: in each currency that has no limit of its own.
    """
    return _set(AuthorisationLimit, limit, by)


def set_proof_limit(limit: Amount, by: User) -> ProofLimit:
    """Pay up to `limit`, inclusive, to a wallet whose owner did not prove that it is theirs; codes as `set_limit`."""
    return _set(ProofLimit, limit, by)


def remove_limit(row: AuthorisationLimit | ProofLimit, by: User) -> None:
    """From now on that currency has the limit of every other one, or none."""
    with transaction.atomic():
        removed = copy(row)
        row.delete()
        _tell("removed", removed, by)


def _set(model: type[Limit], limit: Amount, by: User) -> Limit:
    with transaction.atomic():
        row, _created = model._default_manager.update_or_create(  # noqa: SLF001 - Django's public name
            asset_code=code_of(limit.asset), defaults={"asset_scale": limit.asset.scale, "limit": limit.value}
        )
        _tell("set", row, by)
    return row


def _tell(event: str, row: AuthorisationLimit | ProofLimit, by: User) -> None:
    name = "limit" if isinstance(row, AuthorisationLimit) else "proof_limit"
    limit = limit_of(row)
    told: dict[str, Json] = (
        {"every_other": str(limit.to_major())} if row.asset_code == EVERY_OTHER else {"limit": dict(limit.to_wire())}
    )
    record(f"{name}.{event}", actor=Actor.staff(by.pk), subjects={name: str(row.pk)}, data=told)
