"""How strictly the warnings before money is sent count. Every change is in the ledger, with what it was before."""

from copy import copy

from django.contrib.auth.models import User
from django.db import transaction

from ledger.api import Actor, record
from ledger.content import Json
from payments.models import RiskLevel, RiskSetting


def set_risk_level(check_name: str, level: RiskLevel, by: User) -> RiskSetting:
    """From now on the check named `check_name` counts as `level` says, for whatever is not sent yet."""
    with transaction.atomic():
        before = RiskSetting.objects.filter(check_name=check_name).first()
        row, _created = RiskSetting.objects.update_or_create(check_name=check_name, defaults={"level": level})
        _tell("set", row, by, before)
    return row


def remove_risk_level(row: RiskSetting, by: User) -> None:
    """From now on it counts as its declaration says."""
    with transaction.atomic():
        removed = copy(row)
        row.delete()
        _tell("removed", removed, by, None)


def _tell(event: str, row: RiskSetting, by: User, before: RiskSetting | None) -> None:
    data: dict[str, Json] = {"check": row.check_name, **snapshot_of(row)}
    if before:
        data["before"] = {**snapshot_of(before)}
    record(f"risk_level.{event}", actor=Actor.staff(by.pk), subjects={"risk_level": str(row.pk)}, data=data)


def snapshot_of(row: RiskSetting) -> dict[str, str]:
    """What a row says of the check that it names."""
    return {"level": str(row.level)}
