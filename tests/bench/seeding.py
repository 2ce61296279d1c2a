"""Fills a PostgreSQL database that is there to be measured with as many rows as years of work leave behind.

The database makes the rows itself (`INSERT … SELECT generate_series`). Nobody vouches for them: no engine made them,
and the ledger's entries carry none of them. So a database that holds anything of money is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, models

from jobs.models import Application, Job, JobFunding, Member, Payout, Submission
from ledger.models import Entry, EntrySubject, Link, Movement
from payments.models import (
    Grant,
    IncomingPayment,
    Message,
    OutgoingPayment,
    Payment,
    PaymentRequest,
    Quote,
    Seller,
    WalletAddress,
)

#: So many of the newest jobs are still under way, however many came before them. All others are over.
OPEN: Final = 200
#: From one job to the next, backwards from now: 28,800 a month.
SECONDS_APART: Final = 90
SELLER: Final = "bench"

# SQL, of which `n` is the number of a job, or of whatever else a table counts; job 1 is the newest.
_NOW: Final = "NOW"
_MADE: Final = f"(TIMESTAMPTZ '{_NOW}' - n * INTERVAL '{SECONDS_APART} seconds')"
_OVER: Final = f"(n > {OPEN})"
_SETTLED: Final = f"({_OVER} AND n % 25 <> 0 AND n % 50 <> 1)"
_WORKER: Final = "(n / 10 + 1)"  # has ten jobs
_FUNDER: Final = "(CASE WHEN n % 20 = 0 THEN 1 ELSE 2 + n / 1000 END)"  # the first pays for every twentieth
_NAME: Final = (
    "(ARRAY['Maria Lopez', 'Juan Hernandez', 'Rosa Cruz', 'Ana Martinez', 'Pedro Xolo', 'Lucia Can'])[1 + n % 6]"
    " || ' ' || n"
)
_TITLE: Final = (
    "(ARRAY['Radio spot', 'Story book', 'Leaflet', 'Song', 'Road sign'])[1 + n % 5]"
    " || ' ' || n || ' for town ' || n % 977"
)
_DATED: Final = {"created_at": _MADE, "changed_at": f"{_MADE} + INTERVAL '80 seconds'"}
_AMOUNT: Final = {"value": "125000", "asset_code": "'MXN'", "asset_scale": "2"}
_TEMPLATE: Final = "(ARRAY['approval', 'receipt', 'paid', 'selected'])[1 + n % 4]"


@dataclass(frozen=True)
class Rows:
    """Of one table: SQL of its columns, of which each job has `each` rows (numbered `each * job` and up), `where` so.

    A column that nothing is told of is as its model makes it.
    """

    model: type[models.Model]
    columns: Mapping[str, str]
    each: int = 1
    where: str = "TRUE"
    from_first: bool = False  # whatever the call begins at

    def statement(self, first: int, last: int, now: datetime) -> str:
        columns = {each.column: _default(each) for each in self.model._meta.concrete_fields} | dict(self.columns)
        names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(columns.values())
        first = 1 if self.from_first else first
        series = f"generate_series({self.each * first}, {self.each * (last + 1) - 1}) n"
        made = f"INSERT INTO {self.model._meta.db_table} ({names}) SELECT {values} FROM {series} WHERE {self.where}"
        return made.replace(_NOW, now.isoformat())


def fill(first: int, last: int, now: datetime) -> None:
    """Jobs number `first` to `last`, counted back from `now`, and all that each has left behind.

    The first call begins at 1, another goes on where it ended.
    """
    assert connection.vendor == "postgresql", "only PostgreSQL makes rows by itself"
    assert first > 1 or not PaymentRequest.objects.exists(), "only a database without money is filled"
    if first == 1:
        _seller()
    with connection.cursor() as cursor:
        for rows in (*_people(last), *_work(), *_money(), *_attempts(), *_told(), *_ledger()):
            cursor.execute(rows.statement(first, last, now))
        for model in (WalletAddress, Member, Job, Application, Submission, JobFunding, Payout, Movement):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute("ANALYZE")


def ulid(kind: str, number: str = "n") -> str:
    """SQL of an id such as the product makes, the same for the same kind and number."""
    number = f"({number})"
    return f"('01J0' || lpad(upper(to_hex({number})), 6, '0') || upper(substr(md5('{kind}' || {number}), 1, 16)))"


def _of(number: str, columns: Mapping[str, str]) -> dict[str, str]:
    """SQL by the number of a job, where `number` is the job of a row of which each job has several."""
    return {name: re.sub(r"\bn\b", f"({number})", text) for name, text in columns.items()}


def _default(of: models.Field[Any, Any]) -> str:
    made = of.get_default()
    match made:
        case None:
            return "NULL"
        case bool() | int():
            return str(made).upper()
        case dict() | list():
            return "'{}'" if isinstance(made, dict) else "'[]'"
        case _:
            return f"'{made}'"


def _state(over: str, cancelled: str, expired: str, still_open: str) -> str:
    ended = f"CASE WHEN n % 25 = 0 THEN '{cancelled}' WHEN n % 50 = 1 THEN '{expired}' ELSE '{over}' END"
    return f"CASE WHEN {_OVER} THEN {ended} ELSE {still_open} END"


def _seller() -> None:
    url = "https://wallet.example/bench"
    wallet = WalletAddress.objects.create(url=url, canonical_id=url, asset_code="MXN", asset_scale=2)
    Seller.objects.create(id=SELLER, name="Tequio", wallet=wallet, is_default=True)


def _people(last: int) -> Iterator[Rows]:
    """One for ten jobs; those of an earlier call are there."""
    url = "'https://bank' || n % 7 || '.example/' || md5(n::text)"
    wallet = {"id": "n + 10", "url": url, "canonical_id": url, "host": "'bank' || n % 7 || '.example'"}
    asset = {"asset_code": "'MXN'", "asset_scale": "2", "checked_at": _MADE}
    member = {"id": "n", "name": _NAME, "email": "'member-' || n || '@example.org'", "wallet_id": "n + 10"}
    new = f"n <= {last // 10 + 3} AND NOT EXISTS (SELECT FROM jobs_member WHERE jobs_member.id = n)"
    yield Rows(WalletAddress, {**wallet, **asset, **_DATED}, where=new, from_first=True)
    yield Rows(Member, {**member, **_DATED}, where=new, from_first=True)


def _work() -> Iterator[Rows]:
    open_status = "(ARRAY['recruiting', 'selecting', 'submitting', 'reviewing'])[1 + n % 4]"
    deadline = f"CASE WHEN {_OVER} OR n % 2 = 0 THEN {_MADE} ELSE TIMESTAMPTZ '{_NOW}' + INTERVAL '9 days' END"
    job = {
        "id": "n",
        "title": _TITLE,
        "reference": "'PO-' || n",
        "target_language": "(ARRAY['Nahuatl', 'Maya', 'Mixteco', 'Zapoteco'])[1 + n % 4]",
        "funder_id": _FUNDER,
        "budget_value": "125000",
        "budget_code": "'MXN'",
        "budget_scale": "2",
        "recruit_deadline": deadline,
        "submit_deadline": deadline,
        "status": _state("complete", "canceled", "expired", open_status),
        "is_funded": _SETTLED,
    }
    yield Rows(Job, {**job, **_DATED})
    # The even ones are selected.
    worker = {"worker_id": "n / 2 / 10 + 1 + n % 2", "status": "(ARRAY['selected', 'rejected'])[1 + n % 2]"}
    yield Rows(Application, {"id": "n", "job_id": "n / 2", **worker, **_of("n / 2", _DATED)}, each=2)
    work = {"id": "n", "application_id": "2 * n", "text": "'Done'"}
    status = f"CASE WHEN {_OVER} THEN 'accepted' ELSE 'pending' END"
    yield Rows(Submission, {**work, "status": status, **_DATED})


def _money() -> Iterator[Rows]:
    open_state = "(ARRAY['quoted', 'awaiting_authorisation', 'awaiting_approval', 'approved', 'approved'])[1 + n % 5]"
    request = {
        "id": ulid("request"),
        "state": _state("settled", "cancelled", "expired", open_state),
        "title": _TITLE,
        "reference": "'PO-' || n",
        "seller_id": f"'{SELLER}'",
        "payer_wallet_id": f"{_FUNDER} + 10",
        "payer_name": f"(SELECT name FROM jobs_member WHERE id = {_FUNDER})",
        "payer_email": f"'member-' || {_FUNDER} || '@example.org'",
        "payer_key": f"'member:' || {_FUNDER}",
        "ceiling_debit": "126250",
        "asset_code": "'MXN'",
        "asset_scale": "2",
        "expires_at": f"{_MADE} + INTERVAL '14 days'",
        "sent_at": f"CASE WHEN {_OVER} OR n % 5 > 1 THEN {_MADE} + INTERVAL '20 seconds' END",
        "approved_at": f"CASE WHEN {_SETTLED} OR n % 5 > 2 THEN {_MADE} + INTERVAL '40 seconds' END",
        "finished_at": f"CASE WHEN {_OVER} THEN {_MADE} + INTERVAL '80 seconds' END",
    }
    yield Rows(PaymentRequest, {**request, **_DATED})
    grant = {
        "id": ulid("grant"),
        "kind": "(ARRAY['incoming-payment', 'quote', 'outgoing-payment'])[1 + n % 3]",
        "state": f"CASE WHEN n / 3 > {OPEN} OR n % 3 < 2 THEN 'ended' ELSE 'active' END",
        "request_id": ulid("request", "n / 3"),
        "auth_server": "'https://auth.bank.example/'",
        "sealed": "repeat(md5(n::text), 12)",
    }
    yield Rows(Grant, {**grant, **_of("n / 3", {"wallet_id": f"{_WORKER} + 10", **_DATED})}, each=3)
    moving = "CASE WHEN n % 5 < 3 THEN 'quoted' WHEN n % 10 = 8 THEN 'needs_attention' ELSE 'sent' END"
    done = f"CASE WHEN {_SETTLED} THEN {_MADE} + INTERVAL '70 seconds' END"
    payment = {
        "id": ulid("payment"),
        "request_id": ulid("request"),
        "state": _state("settled", "cancelled", "cancelled", moving),
        "grant_id": ulid("grant", "3 * n + 2"),
        "receiver_wallet_id": f"{_WORKER} + 10",
        "receiver_name": f"(SELECT name FROM jobs_member WHERE id = {_WORKER})",
        "receiver_email": f"'member-' || {_WORKER} || '@example.org'",
        "receiver_key": f"'member:' || {_WORKER}",
        "received_value": f"CASE WHEN {_SETTLED} THEN 125000 ELSE 0 END",
        "sent_at": done,
        "settled_at": done,
    }
    yield Rows(Payment, {**payment, **_AMOUNT, **_DATED})


def _attempts() -> Iterator[Rows]:
    def attempt(kind: str) -> dict[str, str]:
        remote = f"'https://bank.example/{kind}/' || md5(n::text)"
        state = f"CASE WHEN {_SETTLED} THEN 'done' ELSE 'open' END"
        return {"id": ulid(kind), "state": state, "remote_id": remote, "payment_id": ulid("payment"), **_DATED}

    yield Rows(IncomingPayment, {**attempt("incoming"), "wallet_id": f"{_WORKER} + 10", **_AMOUNT})
    debit = {"debit_value": "126250", "debit_code": "'MXN'", "debit_scale": "2"}
    receive = {"receive_value": "125000", "receive_code": "'MXN'", "receive_scale": "2"}
    yield Rows(Quote, {**attempt("quote"), "incoming_id": ulid("incoming"), **debit, **receive})
    paid = {"debit_value": "126250", "sent_value": "125000", "asset_code": "'MXN'", "asset_scale": "2"}
    points = {"quote_id": ulid("quote"), "grant_id": ulid("grant", "3 * n + 2")}
    yield Rows(OutgoingPayment, {**attempt("outgoing"), **points, **paid}, where=_SETTLED)
    # A seller holds the money of every seventh job.
    link = {"id": "n", "active": f"{_SETTLED} OR NOT {_OVER}", **_DATED}
    yield Rows(JobFunding, {**link, "job_id": "n", "request_id": ulid("request")}, where="n % 7 = 0")
    payout = {"application_id": "2 * n", "payment_id": ulid("payment"), "paid": _SETTLED}
    yield Rows(Payout, {**link, **payout}, where="n % 7 <> 0")


def _told() -> Iterator[Rows]:
    """Seven messages for two jobs."""
    whom = {
        "to_name": f"(SELECT name FROM jobs_member WHERE id = {_WORKER})",
        "to_email": f"'member-' || {_WORKER} || '@example.org'",
        "sent_at": _MADE,
    }
    mail = {
        "id": ulid("message"),
        "template": _TEMPLATE,
        "state": "'sent'",
        "language": "'es'",
        "request_id": f"CASE WHEN n % 4 < 3 THEN {ulid('request', 'n / 4')} END",
        "payment_id": f"CASE WHEN n % 4 = 2 THEN {ulid('payment', 'n / 4')} END",
        "occasion": f"{_TEMPLATE} || ':' || n / 4 * 2 || ':' || n",
        "attempts": "1",
    }
    yield Rows(Message, {**mail, **_of("n / 4", {**whom, **_DATED})}, each=4, where="n % 8 <> 7")


def _ledger() -> Iterator[Rows]:
    """Three entries of each job, about three things each, and two movements: asked for, and what became of it."""
    of_job = {"recorded_at": f"{_MADE} + INTERVAL '1 seconds'"}
    about = f"'job', ARRAY[(n / 3)::text], 'request', ARRAY[{ulid('request', 'n / 3')}]"
    body = f"jsonb_build_object('data', '{{}}'::jsonb, 'subjects', jsonb_build_object({about}))::text"
    entry = {
        "id": ulid("entry"),
        "kind": "(ARRAY['job.created', 'request.approved', 'payment.settled'])[1 + n % 3]",
        "actor_kind": "'system'",
        "actor_id": "'engine'",
        "body": body,
        "digest": "md5(n::text) || md5((-n)::text)",
    }
    yield Rows(Entry, {**entry, **_of("n / 3", of_job)}, each=3)
    request, payment = ulid("request", "n / 9"), ulid("payment", "n / 9")
    one = f"CASE n % 3 WHEN 0 THEN (n / 9)::text WHEN 1 THEN {request} ELSE {payment} END"
    subject = {
        "entry_id": ulid("entry", "n / 3"),
        "subject_kind": "(ARRAY['job', 'request', 'payment'])[1 + n % 3]",
        "subject_id": one,
    }
    yield Rows(EntrySubject, {**subject, **_of("n / 9", of_job)}, each=9)
    yield Rows(Link, {"index": "n - 2", "entry_id": ulid("entry"), "hash": "md5(n::text) || md5((-n)::text)"}, each=3)
    ended = f"n % 2 = 1 AND n / 2 > {OPEN}"
    moved = {
        "id": "n",
        "number": "1 + n % 2",
        "purpose": "'work'",
        "seller": f"'{SELLER}'",
        "received_code": "'MXN'",
        "received_scale": "2",
        "paid_code": "'MXN'",
        "paid_scale": "2",
        "asked": "CASE WHEN n % 2 = 0 THEN 125000 ELSE 0 END",
        "waiting": f"CASE WHEN n % 2 = 0 THEN 125000 WHEN {ended} THEN -125000 ELSE 0 END",
        "received": f"CASE WHEN {ended} THEN 125000 ELSE 0 END",
        "worth": f"CASE WHEN {ended} THEN 125000 ELSE 0 END",
        "promised": f"CASE WHEN {ended} THEN 126250 ELSE 0 END",
        "debited": f"CASE WHEN {ended} THEN 126250 ELSE 0 END",
    }
    about_payment = {
        "at": _MADE,
        "day": f"{_MADE}::date",
        "subject": ulid("payment"),
        "request": ulid("request"),
        "payer": f"'member:' || {_FUNDER}",
        "receiver": f"'member:' || {_WORKER}",
    }
    yield Rows(Movement, {**moved, **_of("n / 2", about_payment)}, each=2)
