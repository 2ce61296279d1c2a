"""One installation for these tests, with somebody between it and its wallets. No browser is needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.browser.installation import Installation, installed
from tests.security.between import Between

GROUP: Final = pytest.mark.xdist_group("security")
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one process (with `--dist loadgroup`), so that everything is started once."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(GROUP)


@dataclass(frozen=True)
class Watched:
    """The site, and what stands between it and the wallets of funders and of workers."""

    site: Installation
    funders: Between
    workers: Between

    def honest(self) -> None:
        self.funders.lies.clear()
        self.workers.lies.clear()


# One for each file: what an address may ask for in an hour is little beside what one of them asks for.
@pytest.fixture(scope="module")
def watched_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with Between() as funders, Between() as workers, installed(folder, [funders.provider, workers.provider]) as site:
        yield Watched(site, funders, workers)


@pytest.fixture
def watched(watched_installation: Watched) -> Iterator[Watched]:
    """With honest wallets before and after each test."""
    watched_installation.honest()
    yield watched_installation
    watched_installation.honest()
    for between in (watched_installation.funders, watched_installation.workers):
        between.provider.clear_faults()
