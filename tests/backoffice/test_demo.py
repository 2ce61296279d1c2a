"""`make demo` as a newcomer meets it: it starts, is full of history, ends with Ctrl-C, and starts again."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backoffice.demo import environment
from tests.sandbox.process import free_port

PROJECT = Path(__file__).resolve().parents[2]
#: Whoever says nothing for so long hangs; how long all of it takes says how busy the machine is.
SILENT_SECONDS = 60
STOP_SECONDS = 40


class Demo:
    """One run of the demo in a folder of its own."""

    def __init__(self, folder: Path, port: int, wallet_port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        environment |= {"DEMO_FOLDER": str(folder), "DEMO_PORT": str(port), "DEMO_WALLET_PORT": str(wallet_port)}
        self.url = f"http://127.0.0.1:{port}"
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.timer = self._give_time()

    def _give_time(self) -> threading.Timer:
        timer = threading.Timer(SILENT_SECONDS, self.process.terminate)
        timer.start()
        return timer

    def wait_for(self, words: str) -> str:
        """Everything said until a line with `words`."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            self.timer.cancel()
            if words in line:
                return "".join(self.said)
            self.timer = self._give_time()
        pytest.fail(f"“{words}” was never said:\n{''.join(self.said)}")

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=STOP_SECONDS)
        self.timer.cancel()
        return rest


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port(beside=1)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.timer.cancel()
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(STOP_SECONDS)


@pytest.mark.prove
def test_it_starts_full_ends_whole_and_goes_on(tmp_path: Path, ports: tuple[int, int], demos: list[Demo]) -> None:
    demo = Demo(tmp_path, *ports)
    demos.append(demo)
    said = demo.wait_for("Ctrl-C ends")
    assert demo.url in said
    before = said.partition("First start")[0]
    assert all(str(used) in before for used in (*ports, tmp_path, "DEMO_PORT=")), before
    password = re.search(r"rosa\s+(rosa-\S+)", said)
    assert password, said
    with httpx.Client(base_url=demo.url, follow_redirects=True, trust_env=False) as browser:
        page = browser.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"login": "rosa", "password": password[1], "csrfmiddlewaretoken": token[1]}
        answer = browser.post("/admin/login/?next=/admin/jobs/job/", data=form, headers={"Referer": str(page.url)})
        assert "Vaccination reminders" in answer.text
    one_click_as_the_administrator(demo.url)
    the_requests_of_the_api_document_pay_by_curl_alone(demo.url, tmp_path, ports)
    busy = Demo(tmp_path / "other", *ports)
    demos.append(busy)
    assert str(tmp_path / "other") in busy.wait_for("is busy")
    assert "Stopped" in demo.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(demo.url, trust_env=False)
    with sqlite3.connect(tmp_path / "tequio.sqlite3") as database:
        states = {row[0] for row in database.execute("SELECT DISTINCT state FROM payments_paymentrequest")}
        finance_has_work_and_has_done_some(database)
    database.close()
    assert {"settled", "awaiting_approval", "quoted", "declined", "expired", "failed"} <= states
    ledger_and_rows_agree(tmp_path)
    again = Demo(tmp_path, *ports)
    demos.append(again)
    assert "First start" not in again.wait_for("Ctrl-C ends")
    assert password[1] in "".join(again.said)
    again.stop()


def finance_has_work_and_has_done_some(database: sqlite3.Connection) -> None:
    """A closed month and an open one, exceptions of a file and of a wallet, and cash that two people say was paid."""

    def rows(query: str) -> list[Any]:
        return database.execute(query).fetchall()

    closed = {month for (month,) in rows("SELECT month FROM ledger_closing")}
    assert closed
    assert {month for (month,) in rows("SELECT DISTINCT strftime('%Y-%m', day) FROM ledger_movement")} - closed
    found = rows(
        "SELECT kind, type FROM ledger_statementexception e JOIN ledger_statementsource s ON s.id = e.source_id "
        "WHERE resolved_at IS NULL ORDER BY e.id"
    )
    assert sorted(found) == [
        ("file", "missing_here"),
        ("file", "missing_here"),
        ("file", "missing_there"),
        ("file", "over"),
        ("incoming", "missing_here"),
    ]
    assert rows("SELECT state, way, claimed_by_id <> decided_by_id FROM payments_outsidepayment") == [
        ("confirmed", "cash", 1)
    ]


#: The commands that a real installation runs, in one process.
CHECKED = """
from django.core.management import call_command
call_command("check_invariants", quiet=True)
call_command("verify_ledger")
"""


def ledger_and_rows_agree(folder: Path) -> None:
    """What the demo made beside the product's pages would pause it as soon as its worker looks; its books agree."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.manage", "shell", "--command", CHECKED],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'tequio.sqlite3'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr


def the_requests_of_the_api_document_pay_by_curl_alone(url: str, folder: Path, ports: tuple[int, int]) -> None:
    """docs/by-curl.sh, with a key: each answer is what the document says, and in the end the worker is paid."""
    port, wallet_port = map(str, ports)
    environment = {**os.environ, "DEMO_FOLDER": str(folder), "DEMO_PORT": port, "DEMO_WALLET_PORT": wallet_port}
    command = [sys.executable, "-m", "tests.backoffice.demo_programs"]
    made = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    environment |= {**json.loads(made.stdout), "BASE": url}
    ran = subprocess.run(["docs/by-curl.sh"], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    health, sellers, incoming, started, status, pending, offer, finish, webhook, last = map(
        json.loads, ran.stdout.splitlines()
    )
    assert (health["status"], health["service"]) == ("ok", "tequio")
    assert {"id", "walletAddressUrl", "keyId"} <= sellers["sellers"][0].keys()
    assert incoming["success"]
    assert incoming["paymentId"] == incoming["payment_id"] == incoming["data"]["incomingPaymentId"]
    assert {"walletAddress", "amount", "assetCode", "assetScale"} <= incoming["data"].keys()
    assert started["redirectUrl"].startswith(url)
    documented = {"pendingId", "offerId", "status", "buyerWalletAddressUrl", "incomingPaymentId", "quoteId"}
    assert documented <= status.keys()
    assert status == pending["payments"][0] == offer["payments"][0]
    assert (offer["offerId"], status["pendingId"]) == (status["offerId"], started["pendingId"])
    assert (finish["ok"], webhook) == (True, {"ok": True})
    assert (last["pendingId"], last["status"]) == (started["pendingId"], "paid")
    assert last["outgoingPaymentId"].startswith("http")


def one_click_as_the_administrator(url: str) -> None:
    """The page offers everybody, and says what it leaves out. The administrator is one, not a superuser."""
    with httpx.Client(base_url=url, follow_redirects=True, trust_env=False) as browser:
        page = browser.get("/admin/login/")
        assert "no second factor; in a real installation there are both" in page.text
        offered = re.findall(r'action="/admin/login/as/(\w+)/"', page.text)
        assert offered == ["rosa", "luis", "ines", "admin"]
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form, referer = {"csrfmiddlewaretoken": token[1]}, {"Referer": str(page.url)}
        assert "Alma" in browser.post("/admin/login/as/admin/", data=form, headers=referer).text
        assert browser.get("/admin/auth/user/").status_code == 200
        assert browser.get("/admin/django_q/schedule/").status_code == 403


@pytest.mark.parametrize(
    ("site", "wallet", "said"),
    [
        ("eighty", "9100", "DEMO_PORT is “eighty”. It has to be the number of a port, from 1 to 65535."),
        ("8000", "-1", "DEMO_WALLET_PORT is “-1”."),
        ("0", "9100", "from 1 to 65535"),
        ("65536", "9100", "from 1 to 65535"),
        ("8000", "65535", "from 1 to 65534"),
        ("9100", "9100", "Choose three different ports."),
        ("9101", "9100", "Choose three different ports."),
    ],
)
def test_ports_that_cannot_be_are_told_in_a_sentence(
    site: str, wallet: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PORT", site)
    monkeypatch.setenv("DEMO_WALLET_PORT", wallet)
    with pytest.raises(environment.WrongSetting, match=re.escape(said)):
        environment.ports()


def test_a_setting_that_cannot_be_ends_the_start_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, wallet, said in (
        (tmp_path / "demo", "x", "DEMO_WALLET_PORT is “x”. It has to be the number of a port, from 1 to 65534.\n"),
        (tmp_path / "file", "9100", f"The folder of the demo, {tmp_path / 'file'}, can't be used: File exists. "),
    ):
        ended = subprocess.run(
            [sys.executable, "manage.py", "demo"],
            cwd=PROJECT,
            env={**os.environ, "DEMO_FOLDER": str(folder), "DEMO_WALLET_PORT": wallet},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith(said)
