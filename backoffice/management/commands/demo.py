"""`make demo`: the site, its worker and two wallet providers on this machine, until Ctrl-C."""

import secrets
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from backoffice import catalogue
from backoffice.demo import environment, story
from backoffice.demo.processes import CannotStart, Children, check_ports
from backoffice.demo.seeding import Seeding
from backoffice.demo.wallets import DemoProvider

LOOK_SECONDS = 1.0
GUNICORN = ("--config", "python:backoffice.web_server", "--timeout", "60")


class Stopped(Exception):
    """Somebody asked us to end."""


class Command(BaseCommand):
    help = "Run everything on this machine with invented people and a sandbox's money, until Ctrl-C."

    def handle(self, *_args: Any, **_options: Any) -> None:
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._stop)
        children = Children()
        try:
            self._run(children)
        except CannotStart as why:
            raise CommandError(str(why)) from why
        except Stopped:
            self._say("\nStopping …")
        finally:
            children.stop()
        self._say("Stopped. What happened is kept; “make demo” goes on from here.")

    def _say(self, text: str) -> None:
        """At once, also into a pipe."""
        self.stdout.write(text)
        self.stdout.flush()

    def _stop(self, *_signal: object) -> None:
        raise Stopped

    def _run(self, children: Children) -> None:
        ports = environment.ports()
        self._announce(ports)
        check_ports(ports.all())
        catalogue.compile_stale()
        is_new = environment.begin_anew_unless_complete()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        control_key = secrets.token_urlsafe(32)
        for name, port in (("Maguey Wallet", ports.funders_wallet), ("Banco Jícara", ports.workers_wallet)):
            slug = f"wallet-{port}"
            data = str(environment.FOLDER / f"{slug}.sqlite3")
            arguments = ["-m", "payments.sandbox", "--port", str(port), "--name", name, "--data", data]
            clock = ["--clock-file", settings.CLOCK_OFFSET_FILE]
            children.start(slug, [*arguments, *clock], SANDBOX_CONTROL_KEY=control_key)
        for port in ports.all()[1:]:
            children.wait_for(f"http://127.0.0.1:{port}/")
        if is_new:
            self._seed(*(DemoProvider(port, control_key) for port in (ports.funders_wallet, ports.workers_wallet)))
            environment.mark_complete()
        bind = f"127.0.0.1:{ports.site}"
        children.start("web", ["-m", "gunicorn", "backoffice.wsgi", "--bind", bind, *GUNICORN])
        children.start("worker", ["manage.py", "qcluster"])
        children.wait_for(f"{settings.BASE_URL}/health")
        self._welcome(ports)
        while True:
            children.check()
            time.sleep(LOOK_SECONDS)

    def _announce(self, ports: environment.Ports) -> None:
        site, *wallets = ports.all()
        self._say(
            f"""\
The demo listens on 127.0.0.1, ports {site} (the site), {wallets[0]} and {wallets[1]} (its wallets).
It keeps its data in {environment.FOLDER}
To choose others: {environment.ELSEWHERE}
"""
        )

    def _seed(self, funders: DemoProvider, workers: DemoProvider) -> None:
        self._say("First start: making people, jobs and payments. This takes some seconds.")
        Seeding(funders, workers).run(lambda title: self._say(f"  · {title}"))

    def _welcome(self, ports: environment.Ports) -> None:
        keys = environment.passwords()
        site = settings.BASE_URL
        self._say(
            f"""
Tequio is running:  {site}/admin/

  Sign in with one click, on the page that opens there, as any of these, or with their passwords:

                    platform staff   rosa    {keys["rosa"]}
                    finance          luis    {keys["luis"]}
                    auditor          ines    {keys["ines"]}
                    administrator    admin   {keys["admin"]}

  Sent mail         {site}/admin/payments/message/
  The funders' wallet   http://127.0.0.1:{ports.funders_wallet}/
  The workers' wallet   http://127.0.0.1:{ports.workers_wallet}/

Try this: sign in as rosa, open the job “{story.FIRST_JOB}”, choose “Quote & request approval”, look at the amounts and
send. Then open Sent mail, follow the link as the funder would, approve in the wallet, and watch the money arrive.

Ctrl-C ends all of it. To begin anew, delete {environment.FOLDER}.
"""
        )
