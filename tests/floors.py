"""The floors inside `payments/`: each file may use its own floor and those below it."""

import ast
from collections.abc import Iterator

from tests.architecture import Reach

#: From the top. What stands in no list is found by the longest prefix; the ground floor is the protocol client.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "payments/pages",
        "payments/admin",
        "payments/api",
        "payments/templatetags",
        "payments/management",
        "payments/tasks.py",
        "payments/apps.py",
        "payments/upgrade.py",
    ),
    ("payments/worker",),
    ("payments/reconciliation",),
    ("payments/actions",),
    ("payments/engine",),
    ("payments/webhooks",),
    ("payments/mail",),
    # Warnings say amounts as people read them, and proposals name warnings.
    ("payments/presentation", "payments/risk"),
    (
        "payments/find_money.py",
        "payments/limits.py",
        "payments/authorisation.py",
        "payments/rolling_sums.py",
        "payments/second_person.py",
        "payments/pauses.py",
        "payments/tokens.py",
        "payments/api_tokens.py",
        "payments/buckets.py",
        "payments/links.py",
        "payments/client.py",
        "payments/call_counts.py",
        "payments/invariants",
        "payments/state_diagram.py",
    ),
    ("payments/books",),
    ("payments/locking.py", "payments/moving.py"),
    (
        "payments/models",
        "payments/migrations",
        "payments/states.py",
        "payments/ledger_kinds.py",
        "payments/ledger_rows.py",
        "payments/closed_months.py",
        "payments/signals.py",
        "ledger/compiled.py",
        "payments/encryption.py",
        "payments/identifiers.py",
    ),
    ("payments/openpayments",),
)
#: Stands beside the floors, on the protocol client alone; `tests.architecture` sees to it.
BESIDE = "payments/sandbox"


def floor_of(path: str) -> int | None:
    """How many floors `path` stands below the top; None outside them."""
    for depth, places in enumerate(FLOORS):
        if any(path == place or path.startswith(f"{place}/") for place in places):
            return depth
    return None


def upward_within(path: str, source: str) -> Iterator[Reach]:
    """Every import of one Python file (`path` is relative to the root) from a floor above its own."""
    here = floor_of(path)
    if here is None:
        return
    for node in ast.walk(ast.parse(source, filename=path)):
        for name in _imported(node):
            there = floor_of(f"{name.replace('.', '/')}.py")
            if there is not None and there < here:
                yield Reach(path, getattr(node, "lineno", 0), f"up to {name}")


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        # Of a package a module, or of a module what it defines.
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield node.module
