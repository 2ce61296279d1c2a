"""Everybody in a story, each doing what they would do from what they can see.

Nobody remembers what a dead process knew: the same people go on after it. Staff look what is there and do the next
thing, or press again if it is not. Payers read their mail, open the link, press what the page offers, approve in their
wallet, and load a page again that did not come. The worker runs what is queued and looks for what is due. When nobody
has anything to do, time passes.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from backoffice.front_door import buckets
from jobs.tasks import sweep
from ledger.api import backlog
from ledger.models import Unsealed
from payments.actions import wallets
from payments.engine.planning import cleaning
from payments.models import Message, PaymentRequest, StandingBudget, WalletAddress
from payments.models.messages import MessageState
from payments.models.standing_budgets import BudgetState
from payments.states import OPEN_REQUESTS
from payments.worker import pool
from payments.worker.broker import Broker
from tests.faults import mailbox
from tests.faults.points import instruments
from tests.sandbox.process import SandboxProcess, SandboxRefusedError

if TYPE_CHECKING:  # stories play in worlds
    from tests.faults.stories.base import Person, Story

#: So often time passes, mostly an hour in all: whatever is not done by then waits for a person.
MOST_WAITS: Final = 60
LINK: Final = re.compile(r"https?://\S+/approve/\S+")
OFFER: Final = re.compile(r'name="action" value="approve">\s*<input type="hidden" name="accepted" value="(\d*)"')


@dataclass
class Browser:
    """What a payer has before them, and has done; it outlives every process of ours."""

    #: Where their wallet sent them, as long as that page has not come.
    tab: str = ""
    #: How often they approved in their wallet.
    approvals: int = 0
    #: Of so many letters that ask them for something, they have done what they were asked.
    answered: int = 0

    @classmethod
    def opened(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)


@cache
def browser_client() -> Client:
    """Made once in a runner: its processes are warm, as a web server's are."""
    return Client(SERVER_NAME=str(urlsplit(settings.BASE_URL).hostname))


@dataclass
class World:
    """One story's people and things. `folder` keeps what lies outside the database; `port` is the wallets'."""

    story: Story
    folder: Path
    port: int
    database: str
    is_patient: bool = True
    #: They were told that new payments are paused.
    payers_wait: bool = False
    sandbox: SandboxProcess = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = SandboxProcess(port=self.port)  # connects by itself; started by the runner

    def address(self, person: Person) -> str:
        return f"{self.sandbox.url}/{person.name}"

    def wallet(self, person: Person) -> WalletAddress:
        return wallets.find_or_add(self.address(person))

    def received(self, person: Person) -> int:
        """What their wallet has taken in, in minor units."""
        return int(self.sandbox.wallet(person.name)["received"])

    def paid(self, person: Person) -> int:
        """What has left their wallet, in minor units, its fees included."""
        told = self.sandbox.wallet(person.name)
        return person.balance + int(told["received"]) - int(told["balance"])

    def browser(self, person: Person) -> Browser:
        return Browser.opened(self._browser_file(person))

    def live(self) -> None:
        """Until everything is at rest, or too much time went by; without patience, until nothing is to do just now."""
        waits = 0
        while waits <= MOST_WAITS:
            if self._people_act() | self._worker_acts() | self._money_moves():
                continue
            if not self.is_patient or self.is_at_rest():
                return
            waits += 1
            pass_time(self.story.wait())
            # Scheduled every few minutes, it repeats what a lost task should have done.
            sweep()

    def is_at_rest(self) -> bool:
        requests = list(PaymentRequest.objects.all())
        return (
            {request.form_id for request in requests} == set(self.story.forms)
            and all(is_at_rest(request) for request in requests)
            and not Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).exists()
            and not Unsealed.objects.exists()
            and self.story.is_over()
        )

    def mail(self) -> list[EmailMessage]:
        return mailbox.read(self.folder)

    def _people_act(self) -> bool:
        acted = self.story.staff_act(self)
        for payer in () if self.payers_wait else self.story.payers:
            acted |= self._payer_acts(payer)
        return acted

    def _payer_acts(self, payer: Person) -> bool:
        browser, client = self.browser(payer), browser_client()
        buckets.empty()  # who dies and comes back in a second would be asked to wait
        if browser.tab:
            return self._load_tab(payer, browser, client)
        links = self._links(payer)
        pages = {link: client.get(link).content.decode() for link in links[browser.answered :]}
        if pages and all(" data-done" in page for page in pages.values()):
            browser.answered = len(links)
            browser.save(self._browser_file(payer))
        offers = ((link, offer[1]) for link, page in pages.items() if (offer := OFFER.search(page)))
        link, accepted = next(offers, ("", ""))
        if not link:
            return False
        answer = client.post(link, {"action": "approve", "accepted": accepted})
        if answer.status_code != 302 or not answer["Location"].startswith(self.sandbox.url):
            return False  # it takes its time, as the page says: pressing again and again would only start anew
        self._approve_in_wallet(payer, answer["Location"], browser, client)
        return True

    def _approve_in_wallet(self, payer: Person, page: str, browser: Browser, client: Client) -> None:
        try:
            browser.tab = self.sandbox.approve(page)
        except SandboxRefusedError:
            return  # they were here before
        browser.approvals += 1
        browser.save(self._browser_file(payer))
        self._load_tab(payer, browser, client)

    def _load_tab(self, payer: Person, browser: Browser, client: Client) -> bool:
        client.get(browser.tab)
        browser.tab = ""
        browser.answered = len(self._links(payer))
        browser.save(self._browser_file(payer))
        return True

    def _browser_file(self, payer: Person) -> Path:
        return self.folder / f"{payer.name}.json"

    def _links(self, payer: Person) -> list[str]:
        """Those in the payer's letters that ask for something, oldest first; the same letter twice counts once."""
        links = {}
        for mail in self.mail():
            text = mail.get_body(("plain",))
            if text and payer.email in mail["To"] and (found := LINK.search(text.get_content())):
                links[mail["Message-ID"]] = found[0]
        return list(links.values())

    def _worker_acts(self) -> bool:
        """What a worker of the queue does, with one look at what is due a round."""
        worked = self._run_queue()
        behind = backlog().entries
        Broker().look()
        return self._run_queue() or worked or bool(behind)

    def _run_queue(self) -> bool:
        queued = list(OrmQ.objects.order_by("id"))
        for row in queued:
            import_string(row.task["func"])(*row.task["args"])
            await_threads()
        with instruments.unwatched():
            OrmQ.objects.filter(pk__in=[row.pk for row in queued]).delete()
        return bool(queued)

    def _money_moves(self) -> bool:
        """The payers' wallet hands over what it was told to pay."""
        return bool(self.sandbox.control("POST", "/settle")["ended"])


def is_at_rest(request: PaymentRequest) -> bool:
    """Nobody waits for it: a budget stands by its approval; or it has ended, but for the look a day later."""
    return stands(request) or (request.state not in OPEN_REQUESTS and has_only_the_last_look(request))


def has_only_the_last_look(request: PaymentRequest) -> bool:
    last = (request.finished_at or request.changed_at) + cleaning.LATE
    return request.next_attempt_at is None or request.next_attempt_at >= last


def stands(request: PaymentRequest) -> bool:
    """It is the approval of a standing budget, which lives on."""
    budget = StandingBudget.objects.filter(request=request).first()
    return budget is not None and budget.state == BudgetState.ACTIVE


def await_threads() -> None:
    """A worker's turn may end before its threads do; here, nothing goes on beside the story."""
    pool._threads().shutdown()
    pool._threads.cache_clear()


def pass_time(seconds: int) -> None:
    """Move the one clock that the back office and the wallets of this runner share."""
    path = Path(settings.CLOCK_OFFSET_FILE)
    set_clock(path, int(path.read_text()) + seconds)


def set_clock(path: Path, offset: int) -> None:
    """`offset` in seconds of real time."""
    new = path.with_suffix(".new")
    new.write_text(str(offset))
    new.replace(path)
