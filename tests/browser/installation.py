"""The product as an operator runs it: gunicorn, a worker, a real mail server, two wallet providers, its own database.

Nothing of it lives in the test's process but the mail server. Tests look at it from outside: over HTTP, in the mailbox,
in the files it leaves; rows are prepared and read by a process of their own (`backstage`).
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from subprocess import Popen
from typing import Any, Final

import httpx
from aiosmtpd.controller import Controller
from cryptography.fernet import Fernet

from backoffice import catalogue
from ledger.checkpoints.make_key import make_key
from payments.openpayments.keys import generate_key, private_key_to_pem, public_jwk
from tests.browser.programs import Programs
from tests.databases import fresh_database
from tests.payments.smtp import Postbox
from tests.sandbox.process import SandboxProcess, free_port

MXN: Final = ("MXN", 2)
STAFF: Final = ("admin", "rosa", "luis")
KEY_ID: Final = "tequio-key"
WEB: Final = ("-m", "gunicorn", "backoffice.wsgi", "--config", "python:backoffice.web_server", "--bind")
#: Between two presses of a payer who waits for their wallet's page: slower than what one link may be asked.
PRESS_SECONDS: Final = 0.3
KEPT_FROM_OUTSIDE: Final = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Person:
    """Somebody to make a member of. `wallet` is a wallet address."""

    name: str
    email: str
    language: str
    wallet: str

    @property
    def account(self) -> str:
        """Their account's name at their provider."""
        return self.wallet.rpartition("/")[2]


@dataclass(frozen=True)
class Work:
    """A published job with one selected worker."""

    job_id: int
    title: str
    funder: Person
    worker: Person


class Backstage:
    """The process that has the models; see `tests/browser/backstage.py` for what it can be asked."""

    def __init__(self, process: Popen[bytes]) -> None:
        self._process = process

    def __call__(self, tool: str, /, **arguments: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([tool, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"backstage ended during {tool}"
        told = json.loads(line)
        assert "error" not in told, told.get("error")
        return told["answer"]


@dataclass
class Installation:
    url: str
    database_url: str
    folder: Path
    passwords: dict[str, str]
    #: What must be found nowhere, by what it is.
    secrets: dict[str, str]
    postbox: Postbox
    funders: SandboxProcess
    workers: SandboxProcess
    programs: Programs
    backstage: Backstage
    made: int = 0

    def work(
        self,
        *,
        language: str = "en",
        budget: str = "1250.00",
        balance: int = 500_000_00,
        abroad: bool = True,
        selected: bool = True,
    ) -> Work:
        """A job of a new funder (`balance` in minor units) with a new worker (MXN), both with wallets.

        The worker is `selected`, or applied and waits. A funder `abroad` pays in USD, and their wallet takes a fee.
        """
        self.made += 1
        number = self.made
        fee = {"fixed": 25, "percentBps": 100} if abroad else {}
        asset = "USD" if abroad else "MXN"
        names = f"Endangered Voices {number}", f"Citlali Xochitl {number}"
        accounts = (
            self.funders.create_wallet(f"funder-{number}", asset=asset, balance=balance, public_name=names[0], fee=fee),
            self.workers.create_wallet(f"worker-{number}", asset="MXN", balance=0, public_name=names[1]),
        )
        funder, worker = (
            Person(name, f"{wallet.rpartition('/')[2]}@example.org", language, wallet)
            for name, wallet in zip(names, accounts, strict=True)
        )
        members = [self.backstage("member", **vars(person)) for person in (funder, worker)]
        title = f"Radio spot on water {number}"
        job_id = self.backstage(
            "job",
            title=title,
            reference=f"PO-{number:04}",
            funder=members[0],
            worker=members[1],
            budget=budget,
            asset=MXN,
            selected=selected,
        )
        return Work(job_id, title, funder, worker)

    def one_more_worker(self, work: Work) -> Person:
        """Selected for the same job, with a wallet of their own."""
        self.made += 1
        account = f"worker-{self.made}"
        name = f"Xochitl Ruiz {self.made}"
        wallet = self.workers.create_wallet(account, asset="MXN", balance=0, public_name=name)
        person = Person(name, f"{account}@example.org", work.worker.language, wallet)
        self.backstage("select", job_id=work.job_id, worker=self.backstage("member", **vars(person)))
        return person

    def asked(self, work: Work) -> str:
        """Have staff ask for the money and send the request; the payment request's id."""
        return str(self.backstage("ask", job_id=work.job_id, form_id=f"form-{work.job_id}", send=True))

    def request(self, request_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.backstage("request", request_id=request_id)
        return found

    def wait_for_state(self, request_id: str, *states: str, seconds: float = 40) -> dict[str, Any]:
        """The request once it is in one of `states`; the worker gets it there."""

        def look() -> dict[str, Any] | None:
            found = self.request(request_id)
            return found if found["state"] in states else None

        return self.programs.wait_for(look, f"{request_id} to be {' or '.join(states)}", seconds)

    def mail_to(self, person: Person, about: Callable[[EmailMessage], bool] = lambda _: True) -> EmailMessage:
        """The newest mail to `person` that fits, as soon as it has arrived."""

        def look() -> EmailMessage | None:
            fitting = [mail for mail in self.postbox.mails if person.email in str(mail["to"]) and about(mail)]
            return fitting[-1] if fitting else None

        return self.programs.wait_for(look, f"a mail to {person.email}")

    def wallet_page(self, request_id: str) -> str:
        """What the payer's press on "approve" leads to: their wallet's own page, once the wallet has made it."""
        shown = self.request(request_id)
        form = {"action": "approve", "accepted": str(shown["debit"])}
        with self.http() as http:

            def press() -> str | None:
                answer = http.post(shown["link"], data=form)
                assert answer.status_code == 302, answer.text
                location = answer.headers["location"]
                return location if location.startswith(self.funders.url) else None

            return self.programs.wait_for(press, "the wallet's page", every=PRESS_SECONDS)

    def http(self) -> httpx.Client:
        """A stranger who follows no redirects."""
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    @contextmanager
    def with_settings(self, **settings: str) -> Iterator[str]:
        """The same site once more, with other settings: its address."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.programs.start("another web", *WEB, f"127.0.0.1:{port}", settings={"BASE_URL": url, **settings})
        self.programs.wait_for(lambda: _works(url), "another site")
        yield url
        self.programs.end("another web")

    @contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """A client with the session of a member of staff, got on the sign-in page."""
        with self.http() as http:
            http.get("/admin/login/")
            token = http.cookies["tequio_csrf"]
            form = {"login": name, "password": self.passwords[name], "csrfmiddlewaretoken": token}
            answer = http.post("/admin/login/?next=/admin/", data=form)
            assert answer.status_code == 302, "the sign-in was refused"
            yield http


@contextmanager
def installed(folder: Path, providers: Sequence[SandboxProcess] | None = None) -> Iterator[Installation]:
    """Start it all and stop it again, whatever happens meanwhile. `providers`: of funders and workers, running."""
    catalogue.compile_stale()
    with ExitStack() as stack:
        database_url = stack.enter_context(fresh_database(folder))
        funders, workers = providers or [stack.enter_context(SandboxProcess()) for _ in range(2)]
        for provider in (funders, workers):
            provider.settings(waitSeconds=1, settleDelayMs=1200)
        postbox = Postbox()
        mail_server = Controller(postbox, hostname="127.0.0.1", port=free_port())
        mail_server.start()
        stack.callback(mail_server.stop)
        port = free_port()
        kept = {"SECRET_KEY": secrets.token_urlsafe(64), "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
        checkpoint_key = folder / "checkpoint-key.pem"
        make_key(checkpoint_key)
        environment = {
            **{name: os.environ[name] for name in KEPT_FROM_OUTSIDE if name in os.environ},
            **kept,
            "ENVIRONMENT": "development",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database_url,
            "BASE_URL": f"http://127.0.0.1:{port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
            "DEFAULT_FROM_EMAIL": "Tequio <payments@tequio.example>",
            "OPEN_PAYMENTS_TRUSTED_HOSTS": f"{funders.trusted_host},{workers.trusted_host}",
            "LEDGER_CHECKPOINT_KEY_FILE": str(checkpoint_key),
            "LEDGER_CHECKPOINT_DIR": str(folder / "checkpoints"),
            "WORKERS": "2",
            "PROOF_BEFORE_FIRST_PAYMENT": "false",
            "PYTHONUNBUFFERED": "1",
        }
        programs = Programs(folder, environment)
        stack.callback(programs.stop)
        programs.start("web", *WEB, f"127.0.0.1:{port}")
        programs.start("worker", "manage.py", "qcluster")
        backstage = Backstage(programs.start("backstage", "-m", "tests.browser.backstage", talks=True))
        key = generate_key()
        pem = private_key_to_pem(key)
        jwk = public_jwk(key, KEY_ID).to_wire()
        wallet = workers.create_wallet("tequio", asset="MXN", balance=0, public_name="Tequio Marketplace", keys=[jwk])
        passwords = {name: secrets.token_urlsafe(18) for name in STAFF}
        backstage("people", passwords=passwords)
        backstage("seller", wallet=wallet, key_id=KEY_ID, pem=pem)
        hidden = {
            **{f"the password of {name}": password for name, password in passwords.items()},
            **{f"a line of the seller's key ({number})": line for number, line in enumerate(_key_lines(pem))},
            **kept,
        }
        site = Installation(
            environment["BASE_URL"],
            database_url,
            folder,
            passwords,
            hidden,
            postbox,
            funders,
            workers,
            programs,
            backstage,
        )
        programs.wait_for(lambda: _works(site.url), "the site and its worker")
        yield site


def _key_lines(pem: str) -> list[str]:
    return [line for line in pem.splitlines() if line and not line.startswith("-----")]


def _works(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/health", timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json()["status"] == "ok"
