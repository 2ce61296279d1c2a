"""Encrypts every secret in the database anew under the newest of FIELD_ENCRYPTION_KEYS, while everything else runs.

Row by row, and only where nobody wrote meanwhile: what somebody else stores is newer than what we read, and they have
sealed it themselves. It can be stopped anywhere and begun again: what is under the newest key is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models import Model, QuerySet

from ledger.api import Actor, record
from payments.encryption import fingerprint, key_of, reseal
from payments.models.fields import SealedField

BATCH = 200
#: A row that is written by somebody else each time it is read is left for the next run.
TRIES = 5


@dataclass(frozen=True, slots=True)
class SealedColumn:
    model: type[Model]
    name: str

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.name}"  # noqa: SLF001 - Django's public name


@dataclass
class Tally:
    """How many secrets each key opens, in the order of the setting, and where those are that none opens."""

    under: list[int] = field(default_factory=lambda: [0] * len(settings.FIELD_ENCRYPTION_KEYS))
    unreadable: list[str] = field(default_factory=list)
    resealed: int = 0

    @property
    def left(self) -> int:
        """Secrets for which an earlier key is still needed."""
        return sum(self.under[1:])


def sealed_columns() -> list[SealedColumn]:
    """Every column of every room that holds secrets."""
    return [
        SealedColumn(model, column.name)
        for model in apps.get_models()
        for column in model._meta.local_fields  # noqa: SLF001 - Django's public name
        if isinstance(column, SealedField)
    ]


def count() -> Tally:
    """Which key opens how many, changing nothing."""
    tally = Tally()
    for column in sealed_columns():
        for primary_key, sealed in _values(column):
            _add(tally, column, primary_key, key_of(sealed))
    return tally


def sample() -> Tally:
    """Which key opens how many of the newest secrets of each kind: a quick look, however many there are."""
    tally = Tally()
    for column in sealed_columns():
        for primary_key, sealed in _sealed_rows(column).order_by("-pk").values_list("pk", column.name)[:BATCH]:
            _add(tally, column, primary_key, key_of(sealed))
    return tally


def reseal_all() -> Tally:
    """Seal all that is under an earlier key anew, outside a transaction; how it stood right afterwards."""
    tally = Tally()
    for column in sealed_columns():
        for primary_key, sealed in _values(column):
            _add(tally, column, primary_key, _resealed(tally, column, primary_key, sealed))
    if tally.resealed:
        with transaction.atomic():
            _tell(tally)
    return tally


def _values(column: SealedColumn) -> Iterator[tuple[object, str]]:
    """Primary key and sealed text of each row that has secrets, read in batches so that no transaction stays open."""
    rows = _sealed_rows(column).order_by("pk")
    batch = list(rows.values_list("pk", column.name)[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", column.name)[:BATCH])


def _sealed_rows(column: SealedColumn) -> QuerySet[Any]:
    return column.model._default_manager.exclude(**{column.name: ""})  # noqa: SLF001 - Django's public name


def _resealed(tally: Tally, column: SealedColumn, primary_key: object, sealed: str) -> int | None:
    """The place of the key that opens the row's secrets now; None when none does."""
    row = column.model._default_manager.filter(pk=primary_key)  # noqa: SLF001 - Django's public name
    for _ in range(TRIES):
        place = key_of(sealed)
        if not place:
            return place
        if row.filter(**{column.name: sealed}).update(**{column.name: reseal(sealed)}):
            tally.resealed += 1
            return 0
        # Somebody wrote meanwhile: what they wrote counts, and may be under the earlier key once more.
        found = row.values_list(column.name, flat=True).first()
        if not found:
            return 0
        sealed = str(found)
    return key_of(sealed)


def _add(tally: Tally, column: SealedColumn, primary_key: object, place: int | None) -> None:
    if place is None:
        tally.unreadable.append(f"{column} {primary_key}")
    else:
        tally.under[place] += 1


def _tell(tally: Tally) -> None:
    record(
        "installation.resealed",
        actor=Actor.system("rotate_keys"),
        subjects={"installation": "1"},
        data={
            "key": fingerprint(settings.FIELD_ENCRYPTION_KEYS[0]),
            "resealed": tally.resealed,
            "left": tally.left,
            "unreadable": len(tally.unreadable),
        },
    )
