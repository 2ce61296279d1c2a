"""Every column of every table of the program is vouched for by the ledger, or listed with the reason why not."""

from django.apps import apps
from django.db.models import Model

from ledger.management.commands.list_ledger_rows import PAGE
from ledger.rows.page import page
from ledger.rows.vouching import Vouched, left, vouched

ROOMS = ("payments", "jobs")


def models() -> list[type[Model]]:
    return [model for room in ROOMS for model in apps.get_app_config(room).get_models(include_auto_created=True)]


def decided(table: Vouched) -> list[str]:
    """Each column as often as something was decided about it."""
    return [*table.once, *table.changing, *table.present, *table.reckoned, *table.left, table.model._meta.pk.column]


def test_every_table_is_vouched_for_or_left_with_a_reason() -> None:
    tables = [table.model for table in vouched()] + [each.model for each in left()]
    assert sorted(map(str, models())) == sorted(str(model) for model in tables if model._meta.app_label in ROOMS)
    assert all(each.why for each in left())


def test_each_column_is_decided_upon_once() -> None:
    for table in vouched():
        columns = [field.column for field in table.model._meta.concrete_fields]
        # A payment's own row as the key of another: it is both the name of the row and what it is about.
        key = {table.model._meta.pk.column} & {*table.once}
        assert sorted(decided(table)) == sorted([*columns, *key]), table.name
        assert {*table.private} <= {*table.once, *table.changing}, table.name
        assert all(table.left.values()), table.name


def test_the_page_in_the_docs_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python manage.py list_ledger_rows`"
