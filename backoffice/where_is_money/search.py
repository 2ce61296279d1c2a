"""What each room finds, joined: people, jobs, requests, payments and wallets, only of what the reader may see."""

from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Model
from django.http import HttpRequest

from backoffice.dashboard.links import may_see
from jobs import find_work
from jobs.find_work import Unasked
from jobs.models import Application, Job, Member
from payments import find_money
from payments.find_money import MOST_OWNERS, Few, LookedFor
from payments.models import Payment, PaymentRequest, WalletAddress

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Found:
    people: Few[Member] = field(default_factory=Few)
    jobs: Few[Job] = field(default_factory=Few)
    requests: Few[PaymentRequest] = field(default_factory=Few)
    payments: Few[Payment] = field(default_factory=Few)
    wallets: Few[WalletAddress] = field(default_factory=Few)
    unasked: list[Unasked] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any((self.people.rows, self.jobs.rows, self.requests.rows, self.payments.rows, self.wallets.rows))


def search(http: HttpRequest, wanted: LookedFor, most: int) -> Found:
    """In a constant number of queries, each bounded. An id names one thing; other words may name several."""
    money = find_money.find(wanted, most)
    if money.exact:
        return _allowed(http, Found(requests=money.requests, payments=money.payments))
    people = find_work.members(wanted, money.wallets.rows, MOST_OWNERS)
    jobs = find_work.jobs(wanted, MOST_OWNERS)
    theirs = of_people(people.rows, most)
    of_jobs = find_work.payments_of(jobs.rows, most)
    found = Found(
        people=_first(people, most=most),
        jobs=_first(jobs, most=most),
        requests=_first(money.requests, theirs.requests, most=most),
        payments=_first(money.payments, theirs.payments, of_jobs, most=most),
        wallets=money.wallets,
        unasked=find_work.unasked(people.rows, jobs.rows, most) if people.rows or jobs.rows else [],
    )
    return _allowed(http, found)


def of_people(people: list[Member], most: int) -> Found:
    """What these people receive, what they were asked for, and what nobody asked for yet."""
    keys = [one.key for one in people]
    money = find_money.of_people(keys, most)
    paid_by = find_money.paid_by(keys, most)
    return Found(requests=money.requests, payments=_first(money.payments, paid_by, most=most))


def of_member(http: HttpRequest, member: Member, most: int) -> Found:
    """All of one member's, as the page of their note shows it."""
    theirs = of_people([member], most)
    unasked = find_work.unasked([member], [], most)
    people = Few([member])
    return _allowed(http, Found(people=people, requests=theirs.requests, payments=theirs.payments, unasked=unasked))


def _first(*found: Few[Row], most: int) -> Few[Row]:
    """The first of all of them, each once, in their order."""
    rows: list[Row] = []
    for few in found:
        rows += [one for one in few.rows if one not in rows]
    return Few(rows[:most], any(few.more for few in found) or len(rows) > most)


def _allowed(http: HttpRequest, found: Found) -> Found:
    def seen(few: Few[Row], model: type[Model]) -> Few[Row]:
        return few if may_see(http, model) else Few()

    return Found(
        people=seen(found.people, Member),
        jobs=seen(found.jobs, Job),
        requests=seen(found.requests, PaymentRequest),
        payments=seen(found.payments, Payment),
        wallets=seen(found.wallets, WalletAddress),
        unasked=found.unasked if may_see(http, Application) else [],
    )
