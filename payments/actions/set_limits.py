"""The amounts above which a receiver must prove their wallet. Every change of a limit is in the ledger."""

from copy import copy
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from payments.authorisation import EVERY_OTHER, code_of
from payments.limits import limit_of
from payments.models import ProofLimit
from payments.openpayments.amounts import Amount


def set_proof_limit(limit: Amount, by: User) -> ProofLimit:
    """Pay up to `limit`, inclusive, to a wallet whose owner did not prove that it is theirs.

    Under the code `authorisation.EVERY_OTHER`: in each currency that has no limit of its own.
    """
    with transaction.atomic():
        before = ProofLimit.objects.filter(asset_code=code_of(limit.asset)).first()
        row, _created = ProofLimit.objects.update_or_create(
            asset_code=code_of(limit.asset), defaults={"asset_scale": limit.asset.scale, "limit": limit.value}
        )
        _tell("set", row, by, before)
    return row


def remove_limit(row: ProofLimit, by: User) -> None:
    """From now on that currency has the limit of every other one, or none."""
    with transaction.atomic():
        removed = copy(row)
        row.delete()
        _tell("removed", removed, by, None)


def _tell(event: str, row: ProofLimit, by: User, before: ProofLimit | None) -> None:
    data = {**snapshot_of(row), **({"before": snapshot_of(before)} if before else {})}
    record(f"proof_limit.{event}", actor=Actor.staff(by.pk), subjects={"proof_limit": str(row.pk)}, data=data)


def snapshot_of(row: ProofLimit) -> dict[str, Any]:
    """What a limit says, as exact JSON: its amount as it was written."""
    limit = limit_of(row)
    if row.asset_code == EVERY_OTHER:
        return {"every_other": str(limit.to_major())}
    return {"limit": dict(limit.to_wire())}
