"""The cache in the database, which gives back plain data only.

Django pickles what it caches, and a pickle may name any function to call: whoever can write to the cache's table would
run their own code in every process that reads it. A value that holds more than data counts as missing.
"""

import base64
import logging
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections, models, router
from django.utils import timezone

from payments.worker import plain_pickles

log = logging.getLogger(__name__)


class PlainDatabaseCache(DatabaseCache):
    _table: str  # Django's, with the setting LOCATION

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """As Django's, which unpickles whatever stands in the row."""
        by_name = {self.make_and_validate_key(key, version=version): key for key in keys}
        if not by_name:
            return {}
        alive, over = {}, []
        now = timezone.now()
        for name, value, expires in self._rows(list(by_name)):
            if expires < now:
                over.append(by_name[name])
            elif (found := _plain(value)) is not None:
                alive[by_name[name]] = found[0]
        self.delete_many(over, version=version)
        return alive

    def _rows(self, names: list[str]) -> Iterable[tuple[str, str, Any]]:
        database = connections[router.db_for_read(self.cache_model_class)]
        quote, marks = database.ops.quote_name, ", ".join(["%s"] * len(names))
        moment = models.Expression(output_field=models.DateTimeField())
        converters = [*database.ops.get_db_converters(moment), *moment.get_db_converters(database)]
        columns = ", ".join(quote(column) for column in ("cache_key", "value", "expires"))
        with database.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM {quote(self._table)} WHERE {quote('cache_key')} IN ({marks})",  # noqa: S608 - names of ours
                names,
            )
            rows = cursor.fetchall()
        for name, value, expires in rows:
            for converter in converters:
                expires = converter(expires, moment, database)  # noqa: PLW2901 - as Django does it
            yield name, database.ops.process_clob(value), expires


def _plain(value: str) -> tuple[Any] | None:
    try:
        return (plain_pickles.loads(base64.b64decode(value.encode())),)
    except Exception:
        log.exception("A row of the cache holds what this program never puts there. It is left out.")
        return None
