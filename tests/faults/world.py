"""Everybody in the story of one payment, each doing what they would do from what they can see.

Nobody remembers what a dead process knew: the same people go on after it. Staff look whether their request is there and
press again if it is not. The payer reads their mail, opens the link, presses what the page offers, approves in their
wallet, and loads a page again that did not come. The worker runs what is queued and looks for what is due. When nobody
has anything to do, a minute passes.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from ledger.api import backlog
from ledger.models import Unsealed
from payments import tasks
from payments.desk import asking, wallets
from payments.desk.asking import Contact, Line
from payments.models import Message, PaymentRequest, Seller
from payments.models.messages import MessageState
from payments.openpayments.amounts import Amount, Asset
from payments.running import working
from payments.states import OPEN_REQUESTS, RequestState
from tests.faults import mailbox
from tests.faults.points import instruments
from tests.sandbox.process import SandboxProcess, SandboxRefusedError

if TYPE_CHECKING:
    from email.message import EmailMessage

USD: Final = Asset("USD", 2)
AMOUNT: Final = Amount(100_00, USD)
FEE: Final = 1_00
BALANCE: Final = 1_000_00
PAYER_EMAIL, WORKER_EMAIL = "sol@example.org", "maria@example.org"
FORM: Final = "the-form"
A_MINUTE: Final = 60
#: An hour in which nothing happens: whatever is not done by then waits for a person.
MOST_MINUTES: Final = 60
#: The ticker looks once a second for as long as it lives; here, it is looked once a round.
TICKING: Final = "payments.tasks.tick"
LINK: Final = re.compile(r"https?://\S+/approve/\S+")
OFFER: Final = re.compile(r'name="action" value="approve">\s*<input type="hidden" name="accepted" value="(\d*)"')


@dataclass
class Browser:
    """What the payer has before them, and has done; it outlives every process of ours."""

    #: Where their wallet sent them, as long as that page has not come.
    tab: str = ""
    #: How often they approved in their wallet.
    approvals: int = 0
    #: Of so many letters that ask them for something, they have done what they were asked.
    answered: int = 0

    @classmethod
    def opened(cls, folder: Path) -> Browser:
        path = folder / "browser.json"
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self, folder: Path) -> None:
        new = folder / "browser.new"
        new.write_text(json.dumps(asdict(self)))
        new.replace(folder / "browser.json")


@cache
def browser_client() -> Client:
    """Made once in a runner: its processes are warm, as a web server's are."""
    return Client(SERVER_NAME=str(urlsplit(settings.BASE_URL).hostname))


@dataclass
class World:
    """One payment's people and things. `folder` keeps what lies outside the database; `port` is the wallets'."""

    folder: Path
    port: int
    payer: str
    worker: str
    database: str
    is_patient: bool = True
    sandbox: SandboxProcess = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = SandboxProcess(port=self.port)  # connects by itself; started by the runner

    @property
    def payer_name(self) -> str:
        return self.payer.rpartition("/")[2]

    @property
    def worker_name(self) -> str:
        return self.worker.rpartition("/")[2]

    @property
    def request(self) -> PaymentRequest | None:
        return PaymentRequest.objects.filter(form_id=FORM).first()

    def live(self) -> None:
        """Until everything is at rest, or an hour went by; without patience, until there is nothing to do just now."""
        minutes = 0
        while minutes <= MOST_MINUTES:
            if self._staff_act() | self._payer_acts() | self._worker_acts() | self._money_moves():
                continue
            if not self.is_patient or self.is_at_rest():
                return
            minutes += 1
            pass_time(A_MINUTE)

    def is_at_rest(self) -> bool:
        request = self.request
        return (
            request is not None
            and request.state not in OPEN_REQUESTS
            and request.next_attempt_at is None
            and not Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).exists()
            and not Unsealed.objects.exists()
        )

    def mail(self) -> list[EmailMessage]:
        return mailbox.read(self.folder)

    def _staff_act(self) -> bool:
        request, staff = self.request, User.objects.get(username="rosa")
        if request is None:
            asking.ask(
                payer_wallet=wallets.find_or_add(self.payer),
                payer=Contact("Fundación Sol", PAYER_EMAIL, "es"),
                seller=Seller.objects.get(),
                lines=[Line(wallets.find_or_add(self.worker), Contact("María", WORKER_EMAIL, "es"), AMOUNT)],
                title="Translation into Nahuatl",
                reference="PO-7",
                requested_by=staff,
                form_id=FORM,
            )
            return True
        if request.state == RequestState.QUOTED:
            asking.send(request.pk, by=staff)
            return True
        return False

    def _payer_acts(self) -> bool:
        browser, client = Browser.opened(self.folder), browser_client()
        if browser.tab:
            return self._load_tab(browser, client)
        links = self._links()
        if len(links) == browser.answered:
            return False
        page = client.get(links[-1]).content.decode()
        if " data-done" in page:
            browser.answered = len(links)
            browser.save(self.folder)
        offer = OFFER.search(page)
        if offer is None:
            return False
        answer = client.post(links[-1], {"action": "approve", "accepted": offer[1]})
        if answer.status_code == 302 and answer["Location"].startswith(self.sandbox.url):
            self._approve_in_wallet(answer["Location"], browser, client)
        return True

    def _approve_in_wallet(self, page: str, browser: Browser, client: Client) -> None:
        try:
            browser.tab = self.sandbox.approve(page)
        except SandboxRefusedError:
            return  # they were here before
        browser.approvals += 1
        browser.save(self.folder)
        self._load_tab(browser, client)

    def _load_tab(self, browser: Browser, client: Client) -> bool:
        client.get(browser.tab)
        browser.tab = ""
        browser.answered = len(self._links())
        browser.save(self.folder)
        return True

    def _links(self) -> list[str]:
        """Those in the payer's letters that ask for something, oldest first; the same letter twice counts once."""
        links = {}
        for mail in self.mail():
            text = mail.get_body(("plain",))
            if text and PAYER_EMAIL in mail["To"] and (found := LINK.search(text.get_content())):
                links[mail["Message-ID"]] = found[0]
        return list(links.values())

    def _worker_acts(self) -> bool:
        """What a worker of the queue does, with the ticker's look at what is due."""
        worked = self._run_queue()
        behind = backlog().entries
        tasks.look()
        return self._run_queue() or worked or bool(behind)

    def _run_queue(self) -> bool:
        queued = list(OrmQ.objects.order_by("id"))
        work = [row for row in queued if row.task["func"] != TICKING]
        for row in work:
            import_string(row.task["func"])(*row.task["args"])
            await_threads()
        with instruments.unwatched():
            OrmQ.objects.filter(pk__in=[row.pk for row in queued]).delete()
        return bool(work)

    def _money_moves(self) -> bool:
        """The payer's wallet hands over what it was told to pay."""
        return bool(self.sandbox.control("POST", "/settle")["ended"])


def await_threads() -> None:
    """A worker's turn may end before its threads do; here, nothing goes on beside the story."""
    working._threads().shutdown()
    working._threads.cache_clear()


def pass_time(seconds: int) -> None:
    """Move the one clock that the back office and the wallets of this runner share."""
    path = Path(settings.CLOCK_OFFSET_FILE)
    new = path.with_suffix(".new")
    new.write_text(str(int(path.read_text()) + seconds))
    new.replace(path)
