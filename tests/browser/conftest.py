"""One running installation and one browser for all of these tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.installation import Installation, installed
from tests.browser.screens import Camera

CHROMIUM: Final = shutil.which("chromium-headless-shell") or shutil.which("chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-smooth-scrolling",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
GROUP: Final = pytest.mark.xdist_group("browser")
WITHOUT_CHROMIUM: Final = pytest.mark.skip("Chromium was not found: nothing was tried in a real browser.")
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one process (with `--dist loadgroup`), so that everything is started once."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(GROUP)
            if not CHROMIUM and "browser" in getattr(item, "fixturenames", ()):
                # Said here, before an installation is started for nothing.
                item.add_marker(WITHOUT_CHROMIUM)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


# Only for this folder's tests: while Playwright runs, the ORM refuses to work in the same process.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def camera() -> Camera:
    """Screenshots go to the folder that SCREENSHOTS names."""
    chosen = os.environ.get("SCREENSHOTS")
    if chosen:
        Path(chosen).mkdir(parents=True, exist_ok=True)
    return Camera(Path(chosen) if chosen else None)
