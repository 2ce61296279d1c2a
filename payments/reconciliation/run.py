"""One run: every list that can be read is read as far as there is time, and compared. Any number at once."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.db.models import Q

from ledger import clock
from ledger.models import StatementImport, StatementSource
from ledger.models.statements import ImportState
from ledger.statements.exceptions import Outcome, open_exceptions
from payments.client import client
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.reconciliation import reading
from payments.reconciliation.accounts import Account, accounts
from payments.reconciliation.comparing import compare_list

log = logging.getLogger(__name__)

#: Whoever holds a list for longer has died.
HELD: Final = timedelta(minutes=10)
#: Seconds that one list may take of a run, so that one that is slow leaves time for others.
ONE_LIST_SECONDS: Final = 120.0


@dataclass
class Run:
    """What came of it: readings with what was found, and how many lists were left for the next run."""

    readings: list[tuple[StatementImport, Outcome]] = field(default_factory=list)
    left: int = 0

    @property
    def unfinished(self) -> list[StatementImport]:
        return [statement for statement, _outcome in self.readings if statement.state != ImportState.COMPLETE]


def reconcile(seconds: float) -> Run:
    """Read and compare for so long at most; what is left is first the next time. Never inside a transaction."""
    until, run = Deadline.after(seconds), Run()
    tokens = _Tokens(client())
    waiting = accounts()
    try:
        for number, account in enumerate(waiting):
            if until.has_passed:
                run.left += len(waiting) - number
                break
            if _hold(account.source()):
                _read_one(run, account, tokens, until)
    finally:
        tokens.give_back()
    return run


def open_count() -> int:
    """How many exceptions wait for a person."""
    return open_exceptions().count()


def _read_one(run: Run, account: Account, tokens: "_Tokens", until: Deadline) -> None:
    """What goes wrong with one list keeps nobody from the others: it is left for the next run, and the log says why."""
    try:
        run.readings.append(_one(account, tokens, until))
    except Exception:
        log.exception("A wallet's list could not be read and compared: %s", account.wallet.url)
        run.left += 1


def _one(account: Account, tokens: "_Tokens", until: Deadline) -> tuple[StatementImport, Outcome]:
    source = account.source()
    try:
        try:
            token = account.token or tokens.of(account)
        except OpenPaymentsError as error:
            statement = reading.refuse(account, error)
        else:
            share = Deadline.after(min(ONE_LIST_SECONDS, until.remaining()))
            statement = reading.read(tokens.client, account, token, share)
        return statement, compare_list(statement)
    finally:
        StatementSource.objects.filter(pk=source.pk).update(held_until=None)


def _hold(source: StatementSource) -> bool:
    """Whether it is ours to read: another run may be at it."""
    now = clock.now()
    free = StatementSource.objects.filter(Q(held_until=None) | Q(held_until__lte=now), pk=source.pk)
    return bool(free.update(held_until=now + HELD))


class _Tokens:
    """The right to list what was received: one for all wallets of a server, kept for this run and then given back."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._given: dict[tuple[str, str], tuple[AccessToken, Account]] = {}
        self._refused: dict[tuple[str, str], OpenPaymentsError] = {}

    def of(self, account: Account) -> AccessToken:
        """Raises OpenPaymentsError; a server that did not give it is not asked again in this run."""
        server = (account.seller.pk, account.wallet.auth_server)
        if server in self._refused:
            raise self._refused[server]
        if server not in self._given:
            try:
                self._given[server] = (reading.access_token(self.client, account), account)
            except OpenPaymentsError as error:
                self._refused[server] = error
                raise
        return self._given[server][0]

    def give_back(self) -> None:
        for token, account in self._given.values():
            try:
                self.client.revoke_token(token, signer=account.signer, deadline=Deadline.after(reading.CALL_SECONDS))
            except OpenPaymentsError as error:
                log.info("a token to read was not given back: %s", error)
