"""The overview: what stands where, each figure with its rows, and only for those who may see them."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ

from backoffice import roles
from jobs import decisions
from jobs.derive_status import sync_job
from jobs.funding import fund
from jobs.models import Application, JobStatus, Submission, SubmissionStatus
from ledger import clock, days
from ledger.api import Actor, record, seal
from payments.actions import pausing, webhook_endpoints
from payments.actions.webhook_endpoints import EndpointTerms
from payments.engine.transitions import move
from payments.mail.queue import queue_message
from payments.models import Message, Payment, PaymentRequest, StandingBudget, WebhookDelivery
from payments.models.messages import MessageState, Template
from payments.models.pauses import PauseScope
from payments.models.webhooks import DeliveryState
from payments.openpayments.amounts import LARGEST_VALUE
from payments.states import GrantState, PaymentState, RequestState
from tests import cast, progress
from tests.backoffice.test_health import running_queue
from tests.cast import asked, paid_to_maria, person, settled, signed_in, standing_budget
from tests.jobs.test_outside_payments import reported

__all__ = ["running_queue"]

pytestmark = pytest.mark.django_db
ADDRESS = "/admin/"
PAGES = ("payments", "funders", "workers", "quality")


@pytest.fixture(autouse=True)
def _no_worker_left_over(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def root() -> Client:
    return signed_in(User.objects.create_superuser("raiz"))


def in_role(role: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


class Links(HTMLParser):
    """The links within the overview, with the words of all that lead to the same."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
            self.found.setdefault(self._href, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if self._href:
            self.found[self._href] = f"{self.found[self._href]} {data}"


def page(client: Client, language: str = "en", query: str = "", address: str = ADDRESS) -> str:
    client.cookies["tequio_language"] = language
    answer = client.get(f"{address}{query}")
    assert answer.status_code == 200
    text = answer.content.decode().replace("\xa0", " ")
    return text[text.index('class="tequio-overview-head"') :].split("</header>", 1)[1].split("</main>")[0]


def words(client: Client, language: str = "en") -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page(client, language)))


def links(client: Client, address: str = ADDRESS) -> dict[str, str]:
    parser = Links()
    parser.feed(page(client, address=address))
    return {href: re.sub(r"\s+", " ", told).strip() for href, told in parser.found.items()}


def leads_to(client: Client, told: str, address: str = ADDRESS) -> list[Any]:
    """The rows of the one list behind the link that says `told`."""
    found = [href for href, said in links(client, address).items() if told in said]
    assert len(found) == 1, (told, links(client, address))
    answer = client.get(found[0])
    assert answer.status_code == 200
    return list(answer.context["cl"].queryset)


def payment(state: PaymentState, request_state: RequestState = RequestState.APPROVED, **columns: Any) -> Payment:
    return paid_to_maria(asked(request_state), state, **columns)


def town() -> dict[str, Payment]:
    """One payment in every stage, and some in none."""
    payment(PaymentState.FAILED, RequestState.FAILED)
    payment(PaymentState.QUOTED, RequestState.QUOTED)
    payment(PaymentState.CANCELLED, RequestState.DECLINED)
    return {
        "waiting": payment(PaymentState.QUOTED, RequestState.AWAITING_APPROVAL, value=10000),
        "approved": payment(PaymentState.APPROVED, value=20000),
        "sent": payment(PaymentState.SENT, value=30000),
        "unknown": payment(PaymentState.UNKNOWN, value=1),
        "attention": payment(PaymentState.NEEDS_ATTENTION, value=40000, reason="settlement_late"),
        "settled": settled(),
    }


# Money


def figures(client: Client, query: str = "") -> list[tuple[str, str, str]]:
    """Each figure of the cards, by its code, with what it comes to and where its rows are."""
    found = []
    for code, row in re.findall(r'<tr data-figure="(\w+)">(.*?)</tr>', page(client, query=query), re.DOTALL):
        for link, amount in re.findall(r'href="([^"]+)"><span class="tequio-amount">([^<]*)<', row):
            found.append((code, amount, html.unescape(link)))
    return found


def behind(client: Client, link: str) -> set[str]:
    """The payments: what is there now leads to them, what came to be in some days to the movements of theirs."""
    rows = client.get(link).context["cl"].queryset
    return {getattr(row, "subject", row.pk) for row in rows}


def test_an_amount_leads_to_exactly_its_payments(root: Client) -> None:
    cast = town()
    stages = {
        "waiting": ("100.00", ["waiting"]),
        "approved_open": ("200.00", ["approved"]),
        "on_its_way": ("300.01", ["sent", "unknown"]),
        "attention": ("400.00", ["attention"]),
        "paid_to_workers": ("1,250.00", ["settled"]),
    }
    assert {code: amount for code, amount, _link in figures(root)} == {
        code: amount for code, (amount, _which) in stages.items()
    }
    for code, _amount, link in figures(root):
        assert behind(root, link) == {cast[stage].pk for stage in stages[code][1]}, code


def test_currencies_and_scales_are_never_added_up_wrongly(root: Client) -> None:
    """Each currency for itself; one in two scales exactly, and even where it is more than a wallet can hold."""
    payment(PaymentState.SENT, value=500)
    payment(PaymentState.SENT, value=1, asset_scale=6)
    payment(PaymentState.SENT, value=900, asset_code="JPY", asset_scale=0)
    for _ in range(2):
        payment(PaymentState.SENT, value=LARGEST_VALUE, asset_code="USD")
    told = [amount for code, amount, _link in figures(root) if code == "on_its_way"]
    assert told == ["900", "5.000001", "184,467,440,737,095,516.14"]
    (chosen,) = figures(root, query="?currency=JPY")
    assert chosen[:2] == ("on_its_way", "900")


def test_days_are_the_businesss_and_chosen_in_the_address(root: Client, settings: Any, tmp_path: Path) -> None:
    first, clock_file = days.begins(days.today().replace(day=1)), tmp_path / "clock"
    settings.CLOCK_OFFSET_FILE = str(clock_file)
    settled = []
    for moment in (first - timedelta(microseconds=1), first):
        clock_file.write_text(f"={moment.timestamp()}")
        settled.append(payment(PaymentState.SETTLED, RequestState.SETTLED, value=100).pk)
    before = (days.today() - timedelta(days=1)).isoformat()
    asked_for = {"": settled[1], "?period=today": settled[1], "?period=last_month": settled[0]}
    for query, pk in {**asked_for, f"?from={before}&to={before}": settled[0]}.items():
        (shown,) = [link for code, _amount, link in figures(root, query) if code == "paid_to_workers"]
        assert behind(root, shown) == {pk}, query
    # The first of a month is compared with the first of the one before, on which nothing was.
    assert 'tequio-before">\N{EN DASH}' in page(root)
    assert "These days can't be read" in root.get(f"{ADDRESS}?period=never").content.decode().replace("&#x27;", "'")


def test_what_was_held_and_paid_out_and_what_went_back_are_never_one_sum(root: Client) -> None:
    for purpose in ("work", "fee", "escrow"):
        payment(PaymentState.SETTLED, RequestState.SETTLED, value=100, purpose=purpose)
    told = {code: amount for code, amount, _link in figures(root) if code != "held"}
    assert told == {"paid_to_workers": "1.00", "our_fee": "1.00", "taken_in_to_hold": "1.00"}


def test_what_is_owed_leads_to_the_workers_it_is_owed_to(root: Client) -> None:
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=2)
    asked()  # the first steps are done
    owed, unaccepted = (cast.applied(job, cast.member(name)) for name in ("Ana", "Beto"))
    cast.handed_in(unaccepted)
    Submission.objects.filter(pk=cast.handed_in(owed, SubmissionStatus.ACCEPTED).pk).update(
        changed_at=clock.now() - timedelta(days=5)
    )
    ((_code, amount, link),) = [one for one in figures(root) if one[0] == "owed"]
    assert amount == "1,250.00"
    aged = [href for href, said in links(root).items() if "owed=week" in href and "1,250.00" in said]
    for href in (link, *aged):
        assert [row.pk for row in root.get(href).context["cl"].queryset] == [owed.pk]
    assert len(aged) == 1
    assert not root.get("/admin/jobs/application/?owed=older").context["cl"].queryset


# Work


def test_what_waits_leads_to_its_requests_and_says_for_how_long(root: Client) -> None:
    now = timezone.now()
    old = asked(RequestState.AWAITING_APPROVAL, sent_at=now - timedelta(days=6))
    new = asked(RequestState.AWAITING_APPROVAL, sent_at=now - timedelta(hours=1))
    asked(RequestState.QUOTED)
    assert {row.pk for row in leads_to(root, "Waiting for the payer 2 Oldest: 6 days")} == {old.pk, new.pk}
    assert leads_to(root, "Waiting for a second person 0") == []


def test_what_needs_attention_says_why_and_for_how_long(root: Client) -> None:
    row = payment(PaymentState.NEEDS_ATTENTION, reason="wallet_unreachable", reason_params={"host": "bank.example"})
    Payment.objects.update(changed_at=timezone.now() - timedelta(days=3))
    told = words(root)
    assert "María" in told
    assert "The wallet bank.example did not answer." in told
    assert "3 days ago" in told
    assert f"/admin/payments/payment/{row.pk}/change/" in links(root)
    assert [found.pk for found in leads_to(root, "1 payment needs attention")] == [row.pk]


def test_a_long_list_is_cut_and_says_how_much_is_left(root: Client) -> None:
    for _ in range(7):
        payment(PaymentState.NEEDS_ATTENTION)
    assert len(re.findall(r"/admin/payments/payment/\w{26}/change/", page(root))) == 3
    assert "4 more" in words(root)


def test_what_failed_is_told_until_somebody_did_something_about_it(root: Client) -> None:
    """Not until it is a week old: nobody may have looked."""
    rosa, seller = cast.staff("rosa"), cast.seller()
    job = cast.job(JobStatus.SUBMITTING, workers_wanted=4)
    workers = [cast.applied(job, cast.member(name)) for name in ("Left", "Again", "Outside", "Let go")]

    def failed(worker: Application, number: int) -> PaymentRequest:
        request = fund(job, [worker], seller, by=rosa, form_id=f"{number}")
        progress.end(request, RequestState.FAILED)
        sync_job(job.pk)
        return request

    requests = [failed(worker, number) for number, worker in enumerate(workers)]
    PaymentRequest.objects.filter(pk=requests[0].pk).update(finished_at=clock.now() - timedelta(days=30))
    told = "requests failed, and nothing was done since"
    assert {row.pk for row in leads_to(root, f"4 {told}")} == {row.pk for row in requests}
    again = failed(workers[1], 9)
    decisions.reject(workers[3].pk, by=rosa)
    assert {row.pk for row in leads_to(root, f"3 {told}")} == {requests[0].pk, again.pk, requests[2].pk}
    fund(job, [workers[1]], seller, by=rosa, form_id="asked again")
    reported(workers[2], 125000, rosa)
    (left,) = leads_to(root, "1 request failed, and nothing was done since")
    assert left.pk == requests[0].pk


def test_when_nothing_is_wrong_it_says_so(root: Client) -> None:
    settled()
    assert "Nothing needs attention, and whatever failed was seen to." in words(root)


# How it goes


def test_each_day_leads_to_what_was_received_on_it(root: Client, settings: Any, tmp_path: Path) -> None:
    """As a table, from which the chart is drawn."""
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    begin = days.begins(days.today())
    mine = []
    for moment in (begin - timedelta(microseconds=1), begin, begin):
        (tmp_path / "clock").write_text(f"={moment.timestamp()}")
        mine.append(payment(PaymentState.SETTLED, RequestState.SETTLED, value=100).pk)
    query = f"?from={days.today() - timedelta(days=1)}&to={days.today()}"
    table = page(root, query=query).split("<tbody>")[-1].split("</tbody>")[0]
    rows = [re.findall(r'data-value="([\d.]+)"><a href="([^"]+)">', row) for row in table.split("<tr>")[1:]]
    assert [[value for value, _link in row] for row in rows] == [["1.00", "1"], ["2.00", "2"]]
    assert behind(root, html.unescape(rows[0][0][1])) == {mine[0]}
    assert behind(root, html.unescape(rows[1][0][1])) == set(mine[1:])


def test_each_step_of_the_funnel_leads_to_the_requests_that_came_so_far(root: Client) -> None:
    never = asked(RequestState.FAILED, ceiling_debit=None)
    quoted = asked(RequestState.QUOTED)
    sent = asked(RequestState.AWAITING_APPROVAL)
    approved = asked(RequestState.FAILED)
    done = settled().request
    long_ago = asked(RequestState.SETTLED, created_at=timezone.now() - timedelta(days=32))
    unasked = {standing().request, drawn_from(standing())}
    reached = [
        ("Quoted 4 80 %", {quoted, sent, approved, done}),
        ("Sent to the payer 3 60 %", {sent, approved, done}),
        ("Approved by the payer 2 40 %", {approved, done}),
        ("Settled 1 20 %", {done}),
    ]
    address = "/admin/overview/payments/"
    for told, requests in reached:
        found = set(leads_to(root, told, address))
        assert found == requests
        assert not {never, long_ago, *unasked} & found


def standing() -> StandingBudget:
    return standing_budget(asked(RequestState.APPROVED))


def drawn_from(budget: StandingBudget) -> PaymentRequest:
    request = settled().request
    PaymentRequest.objects.filter(pk=request.pk).update(budget=budget)
    return request


def test_quality_tells_what_was_taken_who_came_back_and_what_wallets_refused(root: Client) -> None:
    by = User.objects.get()
    endpoint = webhook_endpoints.add_endpoint(
        EndpointTerms("Shop", "https://shop.example/hooks", ["payment.failed"], by), by=by
    )
    sent = [webhook_endpoints.send_test(endpoint, by=by).pk for _ in range(4)]
    states = dict(zip(sent, [*[DeliveryState.DELIVERED] * 2, DeliveryState.FAILED, DeliveryState.WAITING], strict=True))
    for number, (pk, state) in enumerate(states.items()):
        made = WebhookDelivery.objects.get(pk=pk).created_at
        WebhookDelivery.objects.filter(pk=pk).update(state=state, tried_at=made + timedelta(minutes=2 + 4 * number))
    request = asked()
    with transaction.atomic():
        for _press in range(2):
            record("request.approve_pressed", actor=Actor.payer(request.pk), subjects={"request": request.pk}, data={})
    refused = cast.interaction(request)
    move(refused, GrantState.RETURNED, actor=Actor.payer(request.pk))
    move(refused, GrantState.CONTINUING, actor=Actor.system("engine"))
    # Its wallet wants the engine to collect it later: nobody came back once more.
    move(refused, GrantState.RETURNED, actor=Actor.system("engine"))
    move(refused, GrantState.CONTINUING, actor=Actor.system("engine"))
    why: dict[str, Any] = {"reason": "wallet_refused", "reason_params": {"host": "bank.example", "description": "No."}}
    move(refused, GrantState.REFUSED, actor=Actor.system("sweep"), **why)
    address = "/admin/overview/quality/"
    told = re.sub(r"<[^>]*>|\s+", " ", page(root, address=address))
    told = re.sub(r" +", " ", told)
    assert "50 % Approve was pressed 2 Came back from the wallet 1" in told
    assert "66 % Waiting 1 Delivered 2 Given up 1" in told
    assert "Half of them within 2 minutes, nine of ten within 6 minutes." in told
    assert "Grants The wallet … refused 1" in told
    assert f"Grants {refused.wallet.host} 1" in told
    for href, said in links(root, address).items():
        if said.strip().isdigit():
            assert len(root.get(href).context["cl"].queryset) == int(said), href


# The machinery


def test_without_a_worker_it_says_that_nothing_moves(root: Client) -> None:
    assert "No worker is running: nothing moves, no mail is sent." in words(root)


@pytest.mark.usefixtures("running_queue")
def test_with_a_worker_it_says_so() -> None:
    told = words(in_role(roles.AUDITOR))
    assert "A worker is running." in told
    assert "in the queue" not in told


def test_mail_that_was_not_delivered_leads_to_it(root: Client) -> None:
    request = asked()
    with transaction.atomic():
        for occasion in ("one", "two"):
            queue_message(Template.APPROVAL, request=request, occasion=occasion)
    lost = Message.objects.filter(occasion__contains="one").get()
    Message.objects.filter(pk=lost.pk).update(state=MessageState.FAILED)
    assert [row.pk for row in leads_to(root, "1 message was not delivered in 7 days.")] == [lost.pk]
    assert len(leads_to(root, "1 message waits.")) == 1


def test_what_the_queue_refused_leads_to_its_entries(root: Client) -> None:
    OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="theirs", lock=timezone.now() - timedelta(seconds=1))
    get_broker().dequeue()
    assert [row.kind for row in leads_to(root, "1 task in 7 days was none of this program's, and was refused.")] == [
        "queue.refused"
    ]
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="again", lock=timezone.now() - timedelta(seconds=1))
        get_broker().dequeue()
        root = signed_in(User.objects.get())
        assert len(leads_to(root, "2 tasks in 7 days were none of this program's, and were refused.")) == 2
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        root = signed_in(User.objects.get())
        assert len(leads_to(root, "1 task in 7 days was none of this program's, and was refused.")) == 1
        reader = signed_in(person("eva", "jobs.view_job"))
        assert "none of this program" in reader.get("/admin/").content.decode()
        assert not [said for said in links(reader, "/admin/").values() if "none of this program" in said]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("ledger_that_can_be_emptied")
def test_entries_that_wait_for_their_seal_lead_to_them(root: Client) -> None:
    while seal():
        pass
    assert "Every entry is sealed." in words(root)
    with transaction.atomic():
        entry = record("job.changed", actor=Actor.system("sweep"), subjects={"job": "7"}, data={})
    assert [row.pk for row in leads_to(root, "1 entry waits for its seal.")] == [entry.pk]
    assert len(root.get("/admin/ledger/entry/?sealed=yes").context["cl"].result_list) == 0


def test_a_pause_leads_to_those_that_are_on(root: Client) -> None:
    by = User.objects.get()
    pausing.resume(pausing.pause(PauseScope.ALL, "", "Over again", by).pk, by)
    on = pausing.pause(PauseScope.HOST, "bank.example", "Strange answers", by)
    assert [row.pk for row in leads_to(root, "1 pause is on.")] == [on.pk]


# For whom


def test_somebody_who_may_not_see_payments_sees_no_money() -> None:
    town()
    client = signed_in(person("jacinta", "jobs.view_job", "ledger.view_entry"))
    told = words(client)
    assert "MXN" not in told
    assert "María" not in told
    assert "Ledger" in told
    assert not [href for href in links(client) if "/payments/" in href]


def test_somebody_who_may_see_requests_only_sees_no_payments() -> None:
    town()
    client = signed_in(person("jacinta", "payments.view_paymentrequest"))
    assert "Waiting for the payer" in words(client)
    assert not [href for href in links(client) if "/payments/payment/" in href]
    assert [client.get(f"/admin/overview/{name}/").status_code for name in PAGES] == [200, 403, 403, 403]
    assert "Received per day" not in client.get("/admin/overview/payments/").content.decode()


@pytest.mark.prove
@pytest.mark.parametrize("role", roles.EXACT)
def test_every_link_opens_for_every_role(role: str) -> None:
    town()
    pausing.pause(PauseScope.HOST, "bank.example", "Strange answers", None)
    client = in_role(role)
    for href in links(client):
        assert client.get(href).status_code == 200, href
    # Of the further pages, each list once.
    more = {href.partition("?")[0]: href for name in PAGES for href in links(client, f"/admin/overview/{name}/")}
    for href in more.values():
        assert client.get(href).status_code == 200, href


def test_a_fresh_installation_says_what_to_do_first(root: Client) -> None:
    assert "Start here" in words(root)
    assert list(links(root))[:5] == [
        "/admin/payments/seller/add/",
        "/admin/payments/secondpersonrule/",
        "/admin/jobs/member/add/",
        "/admin/jobs/job/add/",
        "/admin/jobs/job/",
    ]


def test_a_step_for_somebody_else_says_whose_it_is() -> None:
    client = in_role(roles.PLATFORM_STAFF)
    assert "/admin/payments/seller/add/" not in links(client)
    assert "An administrator or platform staff can do this." in words(client)


def test_once_somebody_was_asked_for_money_the_first_steps_are_gone(root: Client) -> None:
    asked(RequestState.QUOTING)
    assert "Start here" not in words(root)


def test_it_speaks_spanish(root: Client) -> None:
    town()
    told = words(root, "es")
    for text in ("Esperando a quien paga", "Pagado a quienes trabajan", "1 pago requiere atención", "Ciudad de México"):
        assert text in told


# For machines


def test_each_page_takes_as_many_queries_for_many_rows_as_for_few(root: Client) -> None:
    addresses = [ADDRESS, *(f"/admin/overview/{name}/" for name in PAGES)]
    town()
    for address in addresses:
        told = page(root, address=address)  # and what is looked up once per process
        assert not re.findall(r"<script(?![^>]* src=)|\son\w+=|javascript:", told), "nothing in it runs inline"
    few = {address: queries(root, address) for address in addresses}
    for _ in range(6):
        town()
    assert {address: queries(root, address) for address in addresses} == few


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        page(client, address=address)
    return len(asked)
