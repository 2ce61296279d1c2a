"""axe-core in the page: what keeps people out, by the rules of WCAG 2.2 AA that a program can check."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.sandbox.process import PROJECT

SOURCE: Final = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def source() -> str:
    """The program itself; skips the test where npm has not brought it."""
    if not SOURCE.exists():
        pytest.skip("node_modules/axe-core was not found: accessibility was not checked. Run npm ci.")
    return _read()


@cache
def _read() -> str:
    return SOURCE.read_text(encoding="utf-8")


def violations(
    page: Page, excepted: Mapping[str, tuple[str, ...]], only: Sequence[str] = TAGS, kind: str = "tag"
) -> list[str]:
    """Every violation as one line. `excepted`: by rule, texts of the HTML of elements that may break it.

    `only`: the tags whose rules are asked, or with the kind `rule` the rules themselves.
    """
    page.evaluate(source())
    found: list[dict[str, Any]] = page.evaluate(
        "runOnly => axe.run(document, {runOnly, resultTypes: ['violations']}).then(result => result.violations)",
        {"type": kind, "values": list(only)},
    )
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))} {node['html'][:200]} | {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
        if not any(text in node["html"] for text in excepted.get(rule["id"], ()))
    ]
