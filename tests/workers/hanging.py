"""Payers who press at once while their wallet hangs, and how long everybody else waits for a page meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.browser.installation import Installation

HANG: Final = {"match": {"operation": "*", "from": "any"}, "do": "hang", "times": None}
PAGES: Final = ("/health", "/admin/")


@dataclass(frozen=True)
class Waits:
    """Seconds that each of the pages took, time after time, and that each press was kept."""

    pages: dict[str, list[float]]
    presses: list[float]
    #: How often all pages were answered before the first press was.
    rounds_before: int


def waits_beside(site: Installation, presses: int) -> Waits:
    """Ask `/health` and the admin over and over, while so many payers wait for their wallet."""
    asked = [site.request(site.asked(site.work())) for _ in range(presses)]
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    site.funders.clear_requests()
    site.funders.faults(HANG)
    try:
        with ThreadPoolExecutor(presses) as pool, site.signed_in("admin") as staff:
            waiting = [pool.submit(_press, site, shown) for shown in asked]
            site.programs.wait_for(site.funders.requests, "the first press to reach the wallet")
            rounds = 0
            while not all(press.done() for press in waiting):
                for page, seconds in took.items():
                    began = time.monotonic()
                    assert staff.get(page).status_code == 200, page
                    seconds.append(time.monotonic() - began)
                rounds += not any(press.done() for press in waiting)
            return Waits(took, [press.result() for press in waiting], rounds)
    finally:
        site.funders.clear_faults()


def _press(site: Installation, shown: dict[str, str]) -> float:
    began = time.monotonic()
    with site.http() as http:
        answer = http.post(shown["link"], data={"action": "approve", "accepted": str(shown["debit"])})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith("/approve/"), answer.headers["location"]
    return time.monotonic() - began
