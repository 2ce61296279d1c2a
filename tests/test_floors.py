"""Inside `payments/`, too, imports run one way: from the pages down to the protocol client."""

from pathlib import Path

import pytest

from tests.floors import BESIDE, floor_of, upward_within

ROOT = Path(__file__).resolve().parents[1]
FILES = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "payments").rglob("*.py"))]


def test_every_file_stands_on_a_floor() -> None:
    nowhere = [path for path in FILES if floor_of(path) is None and not path.startswith(BESIDE)]
    assert nowhere == ["payments/__init__.py"]


def test_no_file_reaches_a_floor_above_its_own() -> None:
    found = [str(reach) for path in FILES for reach in upward_within(path, (ROOT / path).read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("payments/engine/advance.py", "from payments.actions import requests"),
        ("payments/presentation/reasons.py", "from payments.actions.pausing import pause"),
        ("payments/models/payments.py", "import payments.presentation.status"),
        ("payments/mail/queue.py", "def f():\n    from payments.engine.advance import advance"),
        ("payments/openpayments/types.py", "from payments.states import PaymentState"),
    ],
)
def test_the_check_sees(path: str, source: str) -> None:
    assert list(upward_within(path, source))


def test_the_check_lets_pass_what_runs_down() -> None:
    source = (
        "from payments.engine.advance import advance\nfrom payments.models import Payment\nfrom ledger import clock"
    )
    assert not list(upward_within("payments/worker/pool.py", source))
