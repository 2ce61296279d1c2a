"""All that is stored, to compare before and after."""

from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model

#: The marks that make the engine look once more.
MARKS = {"payments.PaymentRequest": {"needs_replan", "next_attempt_at"}}


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours, but for the marks. Read without models: it is asked for before and after."""
    tables = [model for model in apps.get_models() if not model._meta.proxy]
    rooms = [model for model in tables if model._meta.app_label in {"payments", "ledger", "django_q"}]
    with connection.cursor() as cursor:
        return {model._meta.label: _rows(cursor, model) for model in rooms}


def _rows(cursor: Any, model: type[Model]) -> list[Any]:
    quote, marks = connection.ops.quote_name, MARKS.get(model._meta.label, set())
    columns = ", ".join(quote(field.column) for field in model._meta.local_concrete_fields if field.name not in marks)
    cursor.execute(f"SELECT {columns} FROM {quote(model._meta.db_table)}")
    return sorted(cursor.fetchall(), key=repr)
