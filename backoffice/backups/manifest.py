"""What a backup says of itself: of which version and database it is, and up to where its ledger reaches."""

import tomllib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from ledger import clock
from ledger.models import Checkpoint, Link

FORMAT: Final = 1


class UnusableBackup(Exception):
    """It can't be put back here; the message is a sentence that says why."""


@dataclass(frozen=True)
class Manifest:
    """`links` and `link` are the length of the chain and its last hash when the backup began; it may hold more.

    `checkpoint` is the newest signed note in the database, `migrations` which of each app are applied.
    """

    format: int
    version: str
    vendor: str
    made_at: str
    links: int
    link: str
    checkpoint: str
    migrations: dict[str, list[str]]
    sha256: str = ""
    bytes: int = 0

    @classmethod
    def of_database(cls) -> "Manifest":
        """Of the one that is connected, before it is read."""
        last = Link.objects.order_by("-index").first()
        signed = Checkpoint.objects.order_by("-size").values_list("note", flat=True).first()
        return cls(
            format=FORMAT,
            version=_version(),
            vendor=connection.vendor,
            made_at=clock.instant(clock.now()),
            links=last.index if last else 0,
            link=last.hash if last else "",
            checkpoint=signed or "",
            migrations=applied(),
        )

    @classmethod
    def read(cls, told: object) -> "Manifest":
        """Raises UnusableBackup for what is no manifest of ours."""
        if not isinstance(told, dict) or told.get("format") != FORMAT or set(told) != set(cls.__annotations__):
            raise UnusableBackup(_("This is no backup that this version can read."))
        return cls(**told)

    def told(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.made_at)


def applied() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def beyond(migrations: dict[str, list[str]], known: dict[str, list[str]]) -> list[str]:
    """Those of `migrations` that are not among `known`."""
    return [f"{app}.{name}" for app, names in migrations.items() for name in names if name not in known.get(app, [])]


def _version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
