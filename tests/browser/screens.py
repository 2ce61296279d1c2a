"""Taking pictures of pages, and the few moves that every browser test makes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.installation import Installation

Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
WIDTHS: Final = {"wide": (1280, 900), "narrow": (390, 844)}
LOCALES: Final = {"en": "en-US", "es": "es-MX"}
PATIENCE: Final = 30_000  # milliseconds
#: How often Tab is pressed before a button counts as out of reach.
MOST_TABS: Final = 60
LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/approve/\S+")


@dataclass
class Camera:
    """Each page is taken light and dark, wide and narrow; none without a `folder`: pictures are for somebody to see."""

    folder: Path | None

    def take(self, page: Page, name: str) -> None:
        if self.folder is None:
            return
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        now: Scheme = "dark" if dark else "light"
        for scheme in SCHEMES:
            wear(page, scheme)
            for width, (across, down) in WIDTHS.items():
                page.set_viewport_size({"width": across, "height": down})
                page.screenshot(path=self.folder / f"{name}-{scheme}-{width}.png", full_page=True)
        wear(page, now)
        page.set_viewport_size({"width": WIDTHS["wide"][0], "height": WIDTHS["wide"][1]})


def wear(page: Page, scheme: Scheme) -> None:
    """Show the open page light or dark. The admin reads what the person prefers only while it loads."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")


@contextmanager
def fresh_page(browser: Browser, language: str, scheme: Scheme = "light") -> Iterator[Page]:
    """A page of somebody who was never here: no cookies, their own language. An error in its console fails the test."""
    context = browser.new_context(
        locale=LOCALES[language], color_scheme=scheme, reduced_motion="reduce", viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        yield page
        assert not errors, f"the pages' scripts complained: {errors}"
    finally:
        context.close()


def sign_in(page: Page, site: Installation, name: str = "rosa") -> None:
    """On the sign-in page, as a person does; ends on the dashboard."""
    page.goto(f"{site.url}/admin/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", site.passwords[name])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{site.url}/admin/")


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


def open_dialog(page: Page, label: str) -> None:
    """Press the action and wait for its dialog."""
    page.get_by_role("link", name=label).or_(page.get_by_role("button", name=label)).first.click()
    expect(page.locator("#dialog")).to_be_visible(timeout=PATIENCE)


def submit_dialog(page: Page) -> None:
    """The dialog's own button; the page changes by it."""
    with page.expect_navigation():
        page.locator("#dialog [type=submit]").last.click()


def tab_to(page: Page, label: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if label in page.evaluate("document.activeElement.innerText || ''").split("\n"):
            return
    raise AssertionError(f"Tab never comes to “{label}”.")


def open_by_keyboard(page: Page, label: str) -> None:
    """An action's dialog, without a mouse: it has a name, keeps the focus, and gives it back when it is left."""
    tab_to(page, label)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name(page.locator("#dialog-title").inner_text())
    for _press in range(MOST_TABS // 4):
        assert not page.evaluate("!!document.activeElement.closest('#page')"), "the focus went behind the dialog"
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert label in page.evaluate("document.activeElement.innerText"), "the focus did not come back"
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()


def confirm_by_keyboard(page: Page, label: str) -> None:
    """The button of the dialog that is open; the page changes by it."""
    tab_to(page, label)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def decide_at_wallet(page: Page, decision: Literal["approve", "reject"]) -> None:
    """The payer's click on the wallet's own page, which sends them back to us."""
    page.wait_for_url("**/auth/interact/**")
    page.click(f"button[value={decision}]")
    page.wait_for_url("**/approve/**")


def link_in(text: str) -> str:
    """The approval link of a mail's text."""
    found = LINK.search(text)
    assert found, f"no link in:\n{text}"
    return found.group()
