"""The amounts above which a second person decides. Every change of a limit is in the ledger."""

from typing import TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from payments.limits import limit_of
from payments.models import AuthorisationLimit, ProofLimit
from payments.openpayments.amounts import Amount

Limit = TypeVar("Limit", AuthorisationLimit, ProofLimit)


def set_limit(limit: Amount, by: User) -> AuthorisationLimit:
    """Let one person send payment requests up to `limit`, inclusive, in its currency and scale."""
    return _set(AuthorisationLimit, limit, by)


def set_proof_limit(limit: Amount, by: User) -> ProofLimit:
    """Pay up to `limit`, inclusive, to a wallet whose owner did not prove that it is theirs."""
    return _set(ProofLimit, limit, by)


def remove_limit(row: AuthorisationLimit | ProofLimit, by: User) -> None:
    """From now on any amount in that currency and scale may be sent without it."""
    with transaction.atomic():
        _tell("removed", row, by)
        row.delete()


def _set(model: type[Limit], limit: Amount, by: User) -> Limit:
    with transaction.atomic():
        row, _created = model._default_manager.update_or_create(  # noqa: SLF001 - Django's public name
            asset_code=limit.asset.code, asset_scale=limit.asset.scale, defaults={"limit": limit.value}
        )
        _tell("set", row, by)
    return row


def _tell(event: str, row: AuthorisationLimit | ProofLimit, by: User) -> None:
    name = "limit" if isinstance(row, AuthorisationLimit) else "proof_limit"
    amount = dict(limit_of(row).to_wire())
    record(f"{name}.{event}", actor=Actor.staff(by.pk), subjects={name: str(row.pk)}, data={"limit": amount})
