"""No list, search or sweep reads a big table: asked of the database itself, for every statement that they make.

Of SQLite, whose searches read the table, only that no list is sorted for a page of it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from backoffice.dashboard.currency_cards import cards
from backoffice.dashboard.figures import causes, funnel, people, quality, trends
from backoffice.dashboard.period import Period
from jobs import tasks
from jobs.admin.money_panel import panel
from jobs.deadlines import overdue
from jobs.derive_status import jobs_of
from jobs.job_payments import binding_payment, money_under_way, open_request
from jobs.models import Application, Job, Member, Submission
from jobs.owed import owed_sums
from jobs.wallet_changes import others_with
from jobs.worker_mail import messages_to
from ledger import days
from ledger.models import Entry, Movement
from payments.mail.reminders import remind
from payments.mail.sending import due_messages
from payments.models import (
    Grant,
    IncomingPayment,
    Message,
    OutgoingPayment,
    Payment,
    PaymentRequest,
    Quote,
    WalletAddress,
)
from payments.worker.claims import count_due
from tests.bench import seeding

pytestmark = pytest.mark.django_db

LISTS: Final = (
    Job,
    Application,
    Submission,
    Member,
    PaymentRequest,
    Payment,
    Grant,
    IncomingPayment,
    Quote,
    OutgoingPayment,
    Message,
    WalletAddress,
    Entry,
    Movement,
)
JOBS: Final = 1500
#: Rows of one table that one statement may read: as many as a task of the sweep looks at, and some.
MOST_READ: Final = 1100
#: Of so few rows reading all is cheaper than looking them up, as it is not of a million. So these are made dear.
DEAR: Final = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
#: A search may go through the rows in the list's order, where many match; here, it shows that it needn't.
IN_ORDER: Final = ("enable_indexscan", "enable_indexonlyscan")
Plan = dict[str, Any]


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is read within, but for the count of all rows, which is bought."""
    found: list[tuple[str, Any]] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "WITH")) and not sql.startswith('SELECT COUNT(*) AS "__count"'):
            found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield found


def scans(sql: str, params: Any) -> Iterator[str]:
    """The tables that the statement reads too much of."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            steps = [row[3] for row in cursor.fetchall()]
            read = [step for step in steps if step.startswith("SCAN") and "USING" not in step and _is_big(step)]
            # In the order of the table's own keys, only what is shown is read.
            yield from read if "USE TEMP B-TREE FOR ORDER BY" in steps else ()
        else:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            found = cursor.fetchone()[0]
            plan = json.loads(found) if isinstance(found, str) else found
            yield from _read_too_much(plan[0]["Plan"])


def _is_big(step: str) -> bool:
    return any(model._meta.db_table in step for model in LISTS)


def _read_too_much(node: Plan) -> Iterator[str]:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    read = (node["Actual Rows"] + removed) * node["Actual Loops"]
    is_whole = node["Node Type"] == "Seq Scan" and _is_big(node["Relation Name"])
    if is_whole or ("Index Name" in node and "Relation Name" in node and read > MOST_READ):
        yield f"{node['Node Type']} of {node['Relation Name']}: {read:.0f} rows"
    for inner in node.get("Plans", ()):
        yield from _read_too_much(inner)


def asked(user: User, query: str = "") -> HttpRequest:
    request = HttpRequest()
    request.method, request.user, request.GET = "GET", user, QueryDict(query)
    return request


def reads() -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that is held against the database, by name."""
    root = User.objects.create_superuser("root")
    is_sqlite = connection.vendor == "sqlite"
    for model in LISTS:
        page, last = admin.site.get_model_admin(model), (model._default_manager.count() - 1) // 25 + 1
        # SQLite has no index for a part of a text.
        for query in [""] if is_sqlite else ["", f"p={last}", "q=1200", "q=zzqqy", "q=Maria"]:
            yield f"{model.__name__}?{query}", partial(_listed, page, asked(root, query))
    if is_sqlite:
        return
    application = Application.objects.filter(status="selected", payouts__isnull=False).order_by("pk").last()
    assert application
    yield "a job's panel", partial(panel, application.job)
    yield "an application's messages", partial(list, messages_to(application))
    for decides in (binding_payment, money_under_way, open_request):
        yield decides.__name__, partial(decides, application.job)
    yield "jobs of a request", partial(jobs_of, application.payouts.get().payment.request_id)
    yield "others with a wallet", partial(others_with, application.worker, application.worker.wallet)
    # A day of it has fewer rows than one statement may read, so whoever reads those of other days is found.
    today = Period.read({"period": "today"})
    yield "overview", partial(cards, asked(root), today)
    tells: tuple[Callable[[Period], object], ...] = (
        *(trends.received, funnel.funnel, funnel.waits, causes.ends, causes.wallet_errors),
        *(quality.webhooks, quality.redirects),
    )
    for tell in tells:
        yield f"overview, {tell.__name__}", partial(tell, today)
    for kind in (people.FUNDERS, people.WORKERS):
        yield f"overview, {kind.report}", partial(people.ranked, today, kind)
    yield "overdue", partial(list, Job.objects.filter(overdue()))
    yield "what is owed", owed_sums
    for each in (tasks.sweep, remind, due_messages, count_due):
        yield each.__name__, each


def _listed(page: Any, request: HttpRequest) -> list[Any]:
    return list(page.get_changelist_instance(request).result_list)


@pytest.fixture(autouse=True)
def _early_in_the_day() -> Iterator[None]:
    """So that a day has few of the rows, at whatever hour this runs: of half of them reading all is cheaper."""
    with time_machine.travel(days.begins(days.today()) + timedelta(hours=3)):
        yield


def test_nothing_reads_a_big_table() -> None:
    if connection.vendor == "postgresql":
        seeding.fill(1, JOBS, timezone.now())
        _set(DEAR, "off")
    found = []
    for name, read in reads():
        with statements() as made:
            read()
        _set(IN_ORDER, "off" if "?q=" in name else "on")
        # Each once, however often it was asked.
        found += [f"{name}: {scan}: {sql[:300]}" for sql, params in dict(made).items() for scan in scans(sql, params)]
        _set(IN_ORDER, "on")
    assert not found, "\n".join(found)


def _set(names: Iterable[str], value: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"SET LOCAL {name} = {value}")
