"""Reading one list of a wallet, page by page, from its newest row back to where nothing can have changed.

Each page is kept before the next is asked for, so that whatever happens in between loses nothing: what was begun goes
on at the next run, from the page where it stopped. A list that does not end, or brings the same page again, is called
unusable, and begun anew the next time. No call is made inside a transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from ledger.models import StatementImport, StatementSource
from ledger.models.statements import LONGEST_ID, ImportState, SourceKind
from ledger.statements import readings
from ledger.statements.lines import ToldRow, keep_listed
from payments.openpayments.client import Client, incoming_access
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken
from payments.presentation.reasons import why
from payments.reconciliation.accounts import LOOKS_BACK, Account
from payments.reconciliation.listed import received, sent

PAGE_SIZE: Final = 100
#: Of one reading, however many runs it takes: a list of more than 100,000 rows is one that does not end.
MOST_PAGES: Final = 1000
#: Seconds that one call may take.
CALL_SECONDS: Final = 12.0
#: Clocks differ: so much earlier than where a reading may stop, it still looks.
TOLERANCE: Final = timedelta(hours=1)


@dataclass(frozen=True)
class _Page:
    rows: list[ToldRow]
    cursor: str  # of the next page; empty when this is the last


class UnusableListError(Exception):
    """What the wallet lists is no list that can be read to its end. `code`: repeats_a_page, never_ends."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code: Final = code


def access_token(client: Client, account: Account) -> AccessToken:
    """The right to list what was received, which the wallet gives without asking anybody. Raises OpenPaymentsError."""
    answer = client.request_grant(
        account.wallet.auth_server,
        signer=account.signer,
        access=[incoming_access(["read", "list"])],
        deadline=Deadline.after(CALL_SECONDS),
    )
    assert answer.token, "the client insists on a token where no interaction was asked for"
    return answer.token


def read(client: Client, account: Account, token: AccessToken, until: Deadline) -> StatementImport:
    """Read on until all is read, `until` has passed, or the wallet has no more of use to say; never raises for it."""
    source = account.source()
    statement = readings.go_on(source) or _begin(source)
    try:
        while statement.state == ImportState.READING:
            if until.has_passed:
                return readings.stop(statement, ImportState.INTERRUPTED, "no_time")
            page = _ask(client, account, token, statement.cursor)
            _keep(statement, page)
    except UnusableListError as unusable:
        return readings.stop(statement, ImportState.REFUSED, unusable.code)
    except OpenPaymentsError as error:
        return _failed(statement, error)
    return statement


def refuse(account: Account, error: OpenPaymentsError) -> StatementImport:
    """The list could not even be asked for."""
    source = account.source()
    return _failed(readings.go_on(source) or _begin(source), error)


def _begin(source: StatementSource) -> StatementImport:
    whole = source.imports.filter(state=ImportState.COMPLETE).order_by("-began_at", "-id").first()
    return readings.begin(source, whole.began_at - LOOKS_BACK if whole else None)


def _ask(client: Client, account: Account, token: AccessToken, cursor: str) -> _Page:
    asked: dict[str, Any] = {
        "signer": account.signer,
        "token": token,
        "wallet_address": account.wallet.canonical_id,
        "deadline": Deadline.after(CALL_SECONDS),
        "first": PAGE_SIZE,
        "cursor": cursor or None,
    }
    server = account.wallet.resource_server
    match account.kind:
        case SourceKind.INCOMING:
            incoming = client.list_incoming_payments(server, **asked)
            rows, has_next, end = [received(item) for item in incoming.items], incoming.has_next, incoming.end_cursor
        case SourceKind.OUTGOING:
            outgoing = client.list_outgoing_payments(server, **asked)
            rows, has_next, end = [sent(item) for item in outgoing.items], outgoing.has_next, outgoing.end_cursor
        case SourceKind.FILE:
            raise AssertionError("a file is no list of a wallet")
        case never:
            assert_never(never)
    if has_next and (end == cursor or not end or len(end) > LONGEST_ID):
        raise UnusableListError("repeats_a_page")
    return _Page(rows, (end or "") if has_next else "")


def _keep(statement: StatementImport, page: _Page) -> None:
    kept = keep_listed(statement, page.rows)
    statement.pages += 1
    statement.fresh += kept.fresh
    statement.known += kept.known
    statement.cursor = page.cursor
    statement.save(update_fields=["pages", "fresh", "known", "cursor"])
    if not page.cursor or _reaches(statement.reaches_back_to, page.rows):
        readings.stop(statement, ImportState.COMPLETE)
        # What was read before and had nothing new says nothing any more.
        empty = StatementImport.objects.filter(source=statement.source_id, state=ImportState.COMPLETE, fresh=0)
        empty.exclude(pk=statement.pk).delete()
    elif kept.fresh + kept.known <= kept.again:
        # Nothing but what this very reading was told before, and still more to come.
        raise UnusableListError("repeats_a_page")
    elif statement.pages >= MOST_PAGES:
        raise UnusableListError("never_ends")


def _reaches(back_to: datetime | None, rows: list[ToldRow]) -> bool:
    return back_to is not None and bool(rows) and min(told.row.at for told in rows) < back_to - TOLERANCE


def _failed(statement: StatementImport, error: OpenPaymentsError) -> StatementImport:
    """It goes on there the next time; a wallet that refuses the place where it stopped is read anew from the top."""
    code, params = why(error)
    lost_its_place = isinstance(error, Refused) and bool(statement.cursor) and not error.token_is_dead
    return readings.stop(statement, ImportState.REFUSED if lost_its_place else ImportState.INTERRUPTED, code, params)
