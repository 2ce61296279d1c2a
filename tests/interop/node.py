"""Runs our small Node programs, which speak with the official Interledger packages."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SPECIFICATIONS = HERE.parents[1] / "node_modules" / "@interledger" / "open-payments" / "dist" / "openapi" / "specs"
SECONDS = 60


def require_packages() -> None:
    """These tests prove that we speak what the official packages speak: without them the test is skipped."""
    if not SPECIFICATIONS.is_dir():
        pytest.skip("The official packages were not found in node_modules: nothing was held against them. Run npm ci.")


def require_node() -> None:
    """Skips the test where no Node.js runs our programs."""
    if shutil.which("node") is None:
        pytest.skip("Node.js was not found: nothing was tried with the official packages.")


def run(program: str, given: Any, *arguments: str) -> dict[str, Any]:
    """Runs `program` (a file beside this one) with `given` as JSON on its standard input.

    It writes one line of JSON per step, `{"step": name, "value": anything}`; they are returned by name.
    """
    require_packages()
    require_node()
    finished = subprocess.run(
        ["node", str(HERE / program), *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert finished.returncode == 0, f"{program} broke off after {finished.stdout[-500:]}\n{finished.stderr}"
    steps: dict[str, Any] = {}
    for line in finished.stdout.rstrip("\n").split("\n"):  # not splitlines: JSON may hold U+2028
        said = json.loads(line)
        assert said["step"] not in steps, f"{program} took the step {said['step']!r} twice"
        steps[said["step"]] = said.get("value")
    return steps
