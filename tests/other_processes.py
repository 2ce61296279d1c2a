"""The database of a transactional test, for processes of their own."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from django.db import connection


def environment_for_others(folder: Path) -> dict[str, str]:
    """Our environment, with the test's database: of an SQLite one a copy as it is now, as a file in `folder`."""
    if connection.vendor == "sqlite":
        file = folder / "copied.sqlite3"
        connection.ensure_connection()
        copy = sqlite3.connect(file)
        connection.connection.backup(copy)
        copy.close()
        return {**os.environ, "DATABASE_URL": f"sqlite:///{file}"}
    at = connection.settings_dict
    login = f"{quote(at['USER'])}:{quote(at['PASSWORD'])}" if at["PASSWORD"] else quote(at["USER"])
    address = f"{quote(at['HOST'], safe='')}:{at['PORT']}" if at["PORT"] else quote(at["HOST"], safe="")
    return {**os.environ, "DATABASE_URL": f"postgres://{login}@{address}/{at['NAME']}"}
