"""Nobody steers a provider who only shares its machine: that takes the key of this start."""

import os
import subprocess
import sys

import httpx
import pytest

from payments.sandbox.control.api import ROUTES
from tests.sandbox.process import PROJECT, SandboxProcess, free_port

KEY = "SANDBOX_CONTROL_KEY"
LONG_ENOUGH = "k" * 32


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer undefined", "Basic a2V5OmtleQ==", "{key}"])
def test_without_the_key_every_control_is_refused(
    sandbox: SandboxProcess, http: httpx.Client, shown: str | None
) -> None:
    sandbox.create_wallet("sol", balance=100)
    headers = {} if shown is None else {"Authorization": shown.format(key=sandbox.control_key)}
    for route in ROUTES:
        for method in (route.methods or set()) - {"HEAD"}:
            path = route.path.format(name="sol", id="1", decision="approve")
            answer = http.request(method, f"{sandbox.url}{path}", headers=headers, json={"set": "1000"})
            assert (answer.status_code, answer.text) == (403, "Forbidden"), (method, path)
    assert sandbox.balance("sol") == 100


def test_the_key_stands_in_no_list_of_processes(sandbox_process: SandboxProcess) -> None:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"--port {sandbox_process.port}" in listed
    assert sandbox_process.control_key not in listed


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({KEY: ""}, "Set SANDBOX_CONTROL_KEY to 32 random characters or more"),
        ({KEY: "short"}, "Set SANDBOX_CONTROL_KEY to 32 random characters or more"),
        ({KEY: LONG_ENOUGH, "ENVIRONMENT": "production"}, "does not run where ENVIRONMENT is production"),
    ],
)
def test_it_does_not_start_without_a_key_or_in_production(changed: dict[str, str], sentence: str) -> None:
    command = [sys.executable, "-m", "payments.sandbox", "--port", str(free_port())]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **changed}, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
