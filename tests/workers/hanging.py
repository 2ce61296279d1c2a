"""Payers who press at once while their wallet hangs, and how long everybody else waits for a page meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tests.browser.installation import Installation

HANG: Final = {"match": {"operation": "*", "from": "any"}, "do": "hang", "times": None}
PAGES: Final = ("/health", "/admin/")


def waits_beside(site: Installation, presses: int) -> dict[str, list[float]]:
    """Seconds that `/health` and the admin took, each asked over and over while so many payers wait for their wallet.

    Under "press": how long each of these was kept.
    """
    asked = [site.request(site.asked(site.work())) for _ in range(presses)]
    took: dict[str, list[float]] = {page: [] for page in PAGES}
    site.funders.clear_requests()
    site.funders.faults(HANG)
    try:
        with ThreadPoolExecutor(presses) as pool, site.signed_in("admin") as staff:
            waiting = [pool.submit(_press, site, shown) for shown in asked]
            site.programs.wait_for(site.funders.requests, "the first press to reach the wallet")
            while not all(press.done() for press in waiting):
                for page, seconds in took.items():
                    began = time.monotonic()
                    assert staff.get(page).status_code == 200, page
                    seconds.append(time.monotonic() - began)
            took["press"] = [press.result() for press in waiting]
    finally:
        site.funders.clear_faults()
    return took


def _press(site: Installation, shown: dict[str, str]) -> float:
    began = time.monotonic()
    with site.http() as http:
        answer = http.post(shown["link"], data={"action": "approve", "accepted": str(shown["debit"])})
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith("/approve/"), answer.headers["location"]
    return time.monotonic() - began
