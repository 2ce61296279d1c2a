"""One name for one thing, no circles, and no decision by what is only there to be read."""

from pathlib import Path

import pytest

from tests.architecture import ROOMS
from tests.house import branches_on_reason, in_circles, repeated_classes, whole_rows

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "migrations" not in path.parts
}


def test_a_class_is_the_only_one_of_its_name() -> None:
    assert not repeated_classes(SOURCES)


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert not in_circles(SOURCES)


def test_no_code_decides_by_a_reason() -> None:
    found = [str(reach) for path, source in SOURCES.items() for reach in branches_on_reason(path, source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "if row.reason == 'fenced':\n    pass",
        "rows.filter(reason='expired')",
        "rows.exclude(reason__in=['expired'])",
        "match row.reason:\n    case 'expired':\n        pass",
        "x = ENDS[row.reason]",
        "x = row.reason.startswith('rest_')",
        "x = row.reason in {'expired'}",
    ],
)
def test_the_check_sees_a_decision_by_a_reason(source: str) -> None:
    assert list(branches_on_reason("payments/engine/advance.py", source))


def test_a_reason_may_be_written_and_shown() -> None:
    source = "move(row, state, reason='expired')\nx = sentence(row.reason, row.reason_params) if row.reason else ''"
    assert not list(branches_on_reason("payments/engine/advance.py", source))


def test_no_row_is_saved_whole() -> None:
    # The demo makes its people before anybody else is there.
    product = {path: source for path, source in SOURCES.items() if not path.startswith("backoffice/demo/")}
    found = [str(reach) for path, source in product.items() for reach in whole_rows(path, source)]
    assert not found, "\n".join(found)


def test_the_check_sees_a_row_that_is_saved_whole() -> None:
    assert list(whole_rows("a/b.py", "row.save()"))
    assert not list(whole_rows("a/b.py", "row.save(force_insert=True)\nrow.save(update_fields=['name'])"))


def test_the_check_sees_a_circle_and_a_second_class() -> None:
    one, other = "import a.c\nclass Line: ...", "def f():\n    from a import b\nclass Line: ..."
    assert in_circles({"a/b.py": one, "a/c.py": other, "a/d.py": "from a import b"}) == ["a.b", "a.c"]
    assert repeated_classes({"a/b.py": one, "a/c.py": other}) == {"Line": ["a/b.py", "a/c.py"]}
