"""`make screenshot`: the pictures in the README, of a demo that is started and filled for them. Not a test."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.screens import fresh_page
from tests.sandbox.process import free_port

ROOT: Final = Path(__file__).parent.parent.parent
DOCS: Final = ROOT / "docs"
SIZE: Final[ViewportSize] = {"width": 1400, "height": 1130}
#: As many days as the demo has a past.
REPORTED: Final = timedelta(days=40)
START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.5


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A demo of its own in `folder`; its address, once it answers."""
    site = free_port()
    # The second wallet provider listens one port above the first.
    ports = {"DEMO_PORT": str(site), "DEMO_WALLET_PORT": str(free_port())}
    command = [sys.executable, "manage.py", "demo"]
    environment = {**os.environ, **ports, "DEMO_FOLDER": str(folder)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{site}"
        wait_for(f"{url}/health", process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False).json()["status"] == "ok":
                return
        except httpx.TransportError:
            pass
        time.sleep(LOOK_SECONDS)
    raise SystemExit("The demo did not start.")


@dataclass(frozen=True)
class Picture:
    """What `who` sees under `path`, in the file `name`."""

    name: str
    who: str
    path: str

    @property
    def file(self) -> Path:
        return DOCS / self.name


def pictures() -> list[Picture]:
    since = datetime.now(UTC).date() - REPORTED
    report = f"/admin/reports/payments/?from={since}&currency=MXN"
    return [Picture("screenshot.png", "rosa", "/admin/"), Picture("report.png", "luis", report)]


def take(picture: Picture, browser: Browser, url: str, password: str) -> None:
    with fresh_page(browser, "en") as page:
        page.set_viewport_size(SIZE)
        page.goto(f"{url}/admin/")
        page.fill("input[name=login]", picture.who)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{url}/admin/")
        page.goto(url + picture.path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=picture.file)
    sys.stdout.write(f"{picture.file.relative_to(ROOT)}: {picture.file.stat().st_size // 1024} KB\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, demo(Path(name)) as url, sync_playwright() as playwright:
        passwords = json.loads((Path(name) / "secrets.json").read_text(encoding="utf-8"))["passwords"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for picture in pictures():
            take(picture, browser, url, passwords[picture.who])
        browser.close()


if __name__ == "__main__":
    main()
