"""Finance closes a month on its page, after a look at what is open; two administrators open it again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from backoffice import roles
from backoffice.finance.closing import checklist
from backoffice.finance.closing.checklist import ClosingCheck, also_check, look
from ledger import clock
from ledger.api import timeline
from ledger.books.closed import closed_until
from ledger.models import Closing, Reopening, StatementException, StatementImport, StatementSource
from ledger.models.statements import ImportState, SourceKind
from ledger.months import CalendarMonth
from ledger.statements import exceptions
from ledger.statements.kinds import RESOLUTIONS, DifferenceType
from payments.models import AccountName, IncomingPayment, Payment, Proposal
from payments.states import PaymentState
from tests import cast
from tests.backoffice.finance.queue import queue
from tests.cast import signed_in
from tests.dialogs import Answer, confirm, dialog
from tests.ledger import samples

pytestmark = pytest.mark.django_db

MONTH = CalendarMonth.of((clock.now() - timedelta(days=40)).date())
PERIODS = reverse("admin:periods")
CLOSE = reverse("admin:ledger_closing_close_next")


def works_here(name: str, role: str) -> User:
    user = User.objects.create_user(name, f"{name}@tequio.example", is_staff=True, first_name=name.title())
    user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def luz() -> Client:
    """Finance; something was booked in the month before."""
    samples.booked(clock.now() - timedelta(days=40))
    return signed_in(works_here("luz", roles.FINANCE))


def page(client: Client, url: str = PERIODS) -> str:
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def said(client: Client, answer: Answer) -> str:
    """The messages that the next page shows."""
    return page(client, answer.headers["HX-Redirect"])


def close(client: Client, **more: str) -> str:
    return said(client, confirm(client, CLOSE, **more))


def test_a_month_is_closed_after_a_look_at_what_is_open(luz: Client) -> None:
    cast.paid_to_maria(cast.asked(), PaymentState.NEEDS_ATTENTION)
    Payment.objects.update(created_at=clock.now() - timedelta(days=41))
    shown = page(luz)
    assert "Payments that need attention" in shown
    assert f'{reverse("admin:payments_payment_changelist")}?group=attention"' in shown
    assert "say why" in close(luz)
    assert not Closing.objects.exists()
    shown = close(luz, note="María Pérez's wallet is down")
    row = Closing.objects.get()
    assert row.left_open["attention"] == 1
    assert row.reports["payments"]["sections"]
    assert "is closed." in shown
    assert "Control totals in USD" in shown
    assert "María Pérez" in shown, "the note is in the entry's erasable part"
    assert "María" not in str(list(Closing.objects.values()))
    # Of two who had the dialog open, the other reads who did.
    assert closed_until() == MONTH.last


def test_whoever_comes_second_reads_who_closed_it(luz: Client) -> None:
    seen = dialog(luz, CLOSE)
    first = signed_in(works_here("ines", roles.FINANCE))
    close(first, note="ok")
    answer = luz.post(CLOSE, {**seen, "note": "ok"}, headers={"HX-Request": "true"})
    assert "closed already, by Ines" in said(luz, answer)
    assert Closing.objects.count() == 1


def test_what_stops_it_is_seen_to_first(luz: Client) -> None:
    # As somebody does who changes the books' rows beside the program.
    payment = cast.settled()
    Payment.objects.filter(pk=payment.pk).update(received_value=1)
    assert "Payments whose books and rows differ" in close(luz, note="Never mind")
    assert not Closing.objects.exists()


def test_a_room_adds_its_own_check(luz: Client) -> None:
    found: list[CalendarMonth] = []

    def count(month: CalendarMonth) -> int:
        found.append(month)
        return 0

    also_check(ClosingCheck("of_a_test", "Exceptions", "See to them.", count))
    try:
        assert "Exceptions" in page(luz)
        assert found == [MONTH]
    finally:
        del checklist._checks["of_a_test"]
    assert "of_a_test" not in {result.check.code for result in look(MONTH, thoroughly=False)}


def test_reconciliation_is_looked_at_with_links_to_exactly_what_is_open(luz: Client) -> None:
    row, *_others, later = queue(name="Banco del Sur")
    StatementException.objects.update(at=MONTH.ends_at - timedelta(seconds=1))
    StatementException.objects.filter(pk=later.pk).update(at=MONTH.ends_at)
    exceptions.resolve(row.pk, RESOLUTIONS[DifferenceType(row.type)][0], "Seen", by=1)
    # Two wallets received in the month: one list was read too early, the other was never asked for.
    first, second = cast.settled(), cast.settled()
    for payment, name in ((first, "early"), (second, "never")):
        IncomingPayment.objects.filter(payment=payment).update(wallet=cast.wallet(name), created_at=MONTH.begins_at)
    account = IncomingPayment.objects.filter(payment=first)[0].wallet.canonical_id
    of_wallet = {"kind": SourceKind.INCOMING, "account": account, "client": first.request.seller_id}
    source = StatementSource.objects.create(name="Read early", **of_wallet)
    early = StatementImport.objects.create(
        source=source, state=ImportState.COMPLETE, began_at=MONTH.ends_at - timedelta(seconds=1)
    )

    shown = {result.check.code: result for result in look(MONTH, thoroughly=False)}
    told = {code: shown[code].count for code in ("exceptions", "unread_lists", "lists_never_asked_for")}
    assert told == {"exceptions": 6, "unread_lists": 1, "lists_never_asked_for": 1}
    listed = luz.get(shown["exceptions"].link).context["cl"].queryset
    assert set(listed) == set(StatementException.objects.filter(resolved_at=None).exclude(pk=later.pk))
    assert list(luz.get(shown["unread_lists"].link).context["cl"].queryset) == [source]
    assert not luz.get(f"{reverse('admin:ledger_statementsource_changelist')}?unread=x").context["cl"].queryset
    close(luz, note="The bank is asked")
    assert Closing.objects.get().left_open.items() >= told.items()

    StatementImport.objects.filter(pk=early.pk).update(began_at=MONTH.ends_at)
    assert {each.check.code: each.count for each in look(MONTH, thoroughly=False)}["unread_lists"] == 0


def test_a_month_that_is_not_over_is_not_closed() -> None:
    samples.booked(clock.now())
    client = signed_in(works_here("luz", roles.FINANCE))
    assert "It can be closed from" in page(client)
    assert "is not over yet" in close(client, note="Now")
    assert not Closing.objects.exists()


def test_two_administrators_open_it_again(luz: Client) -> None:
    close(luz, note="ok")
    row = Closing.objects.get()
    reopen = reverse("admin:ledger_closing_reopen", args=[row.pk])
    ana, eva = (works_here(name, roles.ADMINISTRATOR) for name in ("ana", "eva"))
    assert luz.get(reopen).status_code == 403
    confirm(signed_in(ana), reopen, why="A bank statement came late")
    assert closed_until() == MONTH.last, "one alone opens nothing"
    proposal = Proposal.objects.get()
    shown = page(signed_in(eva), reverse("admin:payments_proposal_change", args=[proposal.pk]))
    assert "A bank statement came late" in shown
    confirm(signed_in(eva), reverse("admin:payments_proposal_approve", args=[proposal.pk]))
    assert closed_until() is None
    assert Reopening.objects.get().reopened_by == str(eva.pk)
    assert "opened again" in page(luz)
    # What it came to is still there, and it can be closed anew.
    assert "closed, and opened again" in page(luz, reverse("admin:ledger_closing_change", args=[row.pk]))
    close(luz, note="Again")
    assert Closing.objects.filter(month=row.month).count() == 2


def test_only_the_newest_is_opened_again(luz: Client) -> None:
    samples.booked(clock.now() - timedelta(days=75), "P0")
    close(luz, note="ok")
    row = Closing.objects.get()
    ana, eva = (works_here(name, roles.ADMINISTRATOR) for name in ("ana", "eva"))
    reopen = reverse("admin:ledger_closing_reopen", args=[row.pk])
    confirm(signed_in(ana), reopen, why="Why not")
    for _month in range(2):
        close(luz, note="The next")
    assert closed_until() == MONTH.last
    confirm(signed_in(eva), reverse("admin:payments_proposal_approve", args=[Proposal.objects.get().pk]))
    assert not Reopening.objects.exists()
    client = signed_in(ana)
    assert "Only the newest" in said(client, confirm(client, reopen, why="Again"))


@pytest.mark.parametrize("form", ["csv", "hledger"])
def test_the_journal_is_downloaded_by_whoever_may_and_the_ledger_knows(luz: Client, form: str) -> None:
    url = reverse("admin:journal", args=[str(MONTH)])
    answer: Any = luz.post(url, {"form": form})
    assert answer["Content-Disposition"].startswith(f'attachment; filename="journal-{MONTH}.')
    text = b"".join(answer.streaming_content).decode()
    assert "clearing:workers" in text
    assert [row.kind for row in timeline([("period", str(MONTH))])] == ["journal.downloaded"]
    assert luz.get(url).status_code == 405
    assert luz.post(url, {"form": "pdf"}).status_code == 404
    assert luz.post(url, {"form": form, "seller": "nobody"}).status_code == 404
    auditor = signed_in(works_here("otto", roles.AUDITOR))
    assert auditor.post(url, {"form": form}).status_code == 403
    assert "CSV" not in page(auditor)


def test_finance_names_the_accounts(luz: Client) -> None:
    seller = cast.seller()
    add = reverse("admin:payments_accountname_add")
    told = {"seller": seller.pk, "role": "fees", "account": "4000; date:2001-01-01"}
    assert "brackets or a semicolon" in luz.post(add, told).content.decode()
    luz.post(add, {**told, "account": "4000:Comisiones"})
    row = AccountName.objects.get()
    change = reverse("admin:payments_accountname_change", args=[row.pk])
    luz.post(change, {"account": "4001:Comisiones"})
    row.refresh_from_db()
    assert row.account == "4001:Comisiones"
    luz.post(reverse("admin:payments_accountname_delete", args=[row.pk]), {"post": "yes"})
    assert not AccountName.objects.exists()
    told_of = timeline([("seller", seller.pk)])
    assert [entry.kind for entry in told_of if entry.kind.startswith("chart.")][-3:] == [
        "chart.set",
        "chart.set",
        "chart.removed",
    ]
