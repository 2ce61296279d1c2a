"""Everything that waits for a second person is on one page, with what is decided; the sidebar counts what is yours."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice import access_proposals, roles
from backoffice.waiting import SHOWN, Waits
from jobs import member_emails, wallet_changes
from jobs.models import WalletChange
from ledger import days
from payments.actions import attention, guarded, proposals
from payments.actions.set_rules import PLAIN, RuleTerms, set_rule
from payments.actions.wallets import RENAMED, accept_change
from payments.authorisation import why_second_person
from payments.engine.second_person import to_second_person
from payments.models import Message, PaymentRequest, SecondPersonRule
from payments.models.messages import Template
from payments.models.rules import ReceiverState
from payments.openpayments.amounts import Amount, Asset
from payments.second_person import WINDOW
from payments.states import PaymentState, RequestState
from tests import cast
from tests.cast import asked, paid_to_maria, signed_in
from tests.dialogs import confirm
from tests.progress import ACTOR

pytestmark = pytest.mark.django_db
PAGE = "/admin/waiting/"
MXN = Asset("MXN", 2)


def in_role(name: str, role: str) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def words(client: Client) -> str:
    text = client.get(PAGE).content.decode()
    main = text[text.index('class="tequio-cards"') :].split("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", main))).replace("\xa0", " ")


def badge(client: Client) -> str:
    text = client.get(PAGE).content.decode()
    item = text[text.index(f'href="{PAGE}"') :]
    found = re.search(r"min-w-\[18px\][^>]*>\s*(\d+\+?)", item.split("</a>")[0])
    return found.group(1) if found else ""


def renamed(name: str) -> Any:
    row = cast.wallet(name)
    row.keep(problem=RENAMED, found_instead={"canonical_id": f"{row.url}-2", "asset_code": "USD", "asset_scale": 2})
    return row


@pytest.fixture
def town() -> dict[str, User]:
    """One of everything, proposed by ana, who is an administrator."""
    people = {
        "ana": in_role("ana", roles.ADMINISTRATOR),
        "eva": in_role("eva", roles.ADMINISTRATOR),
        "luis": in_role("luis", roles.FINANCE),
        "ines": in_role("ines", roles.AUDITOR),
    }
    ana = people["ana"]
    set_rule(Amount(1000_00, MXN), ana, RuleTerms(receiver=ReceiverState.FIRST))
    fill(ana, "1")
    return people


def fill(ana: User, number: str) -> None:
    request = asked(RequestState.QUOTED, requested_by=ana, title=f"Songs {number}")
    paid_to_maria(request)
    with transaction.atomic():
        to_second_person(request, why_second_person(request), actor=ACTOR)
    guarded.propose_rule(Amount(500_00, Asset(f"X{number}", 2)), PLAIN, by=ana)
    maria = cast.member(f"Maria{number} Lopez")
    cast.wallet(f"maria-{number}-new")
    wallet_changes.propose(maria, f"https://wallet.example/maria-{number}-new", by="staff", user=ana)
    accept_change(renamed(f"renamed-{number}").pk, by=ana)
    trouble = paid_to_maria(asked(RequestState.APPROVED), PaymentState.NEEDS_ATTENTION)
    attention.report_outside(trouble.pk, way="bank", evidence=f"SPEI {number}", by=ana)


def test_everything_waits_on_one_page_with_what_is_decided(town: dict[str, User]) -> None:
    told = words(signed_in(town["eva"]))
    for snapshot in (
        "Songs 1 Proposed by ana on",
        "The payer pays at most 1,262.50 MXN María Hernández receives 1,250.00 MXN",
        "Above 1,000.00 MXN, when nothing was ever paid to a receiver's wallet: a second person.",
        "None → Above 500.00 X1: a second person.",
        "Wallet until now https://wallet.example/maria1 New wallet https://wallet.example/maria-1-new",
        "It says it is now https://wallet.example/renamed-1-2, USD",
        "Evidence SPEI 1",
    ):
        assert snapshot in told
    assert "You can decide on these" in told
    assert "Others decide on these" not in told


@pytest.mark.parametrize(
    ("who", "count", "yours"), [("ana", "", 0), ("eva", "5", 5), ("luis", "4", 4), ("ines", "", 0)]
)
def test_the_sidebar_counts_what_a_person_may_decide_on(
    town: dict[str, User], who: str, count: str, yours: int
) -> None:
    client = signed_in(town[who])
    assert badge(client) == count
    answer = client.get(PAGE)
    assert (len(answer.context["yours"]), len(answer.context["others"])) == (yours, 5 - yours)
    overview = client.get("/admin/").content.decode()
    assert ("for you as the second person" in overview) == bool(yours)


def test_everybody_who_may_decide_is_written_to_once(town: dict[str, User]) -> None:
    mails = Message.objects.filter(template=Template.SECOND_PERSON)
    to = list(mails.values_list("to_email", flat=True))
    assert {email: to.count(email) for email in set(to)} == {"eva@example.org": 5, "luis@example.org": 4}
    assert town["ana"].email not in to


def test_more_that_waits_costs_no_more_queries(town: dict[str, User]) -> None:
    client = signed_in(town["eva"])

    def queries() -> list[str]:
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked_for:
            client.get(PAGE)
        return [each["sql"][:150] for each in asked_for]

    one = queries()
    for number in "234":
        fill(town["ana"], number)
    assert len(queries()) == len(one), queries()


def test_what_was_decided_waits_no_more(town: dict[str, User]) -> None:
    client = signed_in(town["eva"])
    for item in client.get(PAGE).context["yours"]:
        assert client.get(item.link).status_code == 200
    row = SecondPersonRule.objects.count()
    proposal = next(item for item in client.get(PAGE).context["yours"] if "proposal" in item.link)
    confirm(client, proposal.link.replace("change", "approve"))
    assert (SecondPersonRule.objects.count(), badge(client)) == (row + 1, "4")


def test_a_stranger_is_sent_to_sign_in() -> None:
    answer = Client().get(PAGE)
    assert answer.status_code == 302
    assert reverse("admin:login") in answer.headers["Location"]


def changes(number: int, by: User, first: str = "M") -> list[WalletChange]:
    """Other wallets for as many members, proposed by `by`."""
    wallets = {"before": cast.wallet("maria"), "after": cast.wallet("after")}
    members = [cast.member(f"{first}{each} Lopez") for each in range(number)]
    return WalletChange.objects.bulk_create(WalletChange(member=one, proposed_by=by, **wallets) for one in members)


def test_what_others_decide_never_pushes_out_what_a_person_may_decide_on(town: dict[str, User]) -> None:
    eva = town["eva"]
    WalletChange.objects.all().delete()
    changes(SHOWN, eva)
    changes(2, town["ana"], "N")
    client = signed_in(eva)
    answer = client.get(PAGE)
    theirs = [item for item in answer.context["yours"] if item.waits == Waits.WALLET_CHANGE]
    assert {item.title for item in theirs} == {"N0 Lopez", "N1 Lopez"}
    assert len(answer.context["others"]) == SHOWN
    tab = client.get("/admin/to-do/", {"tab": "second"})
    listed = [row for group in tab.context["groups"] for row in group.rows]
    assert len(listed) == tab.context["chosen"].count == 6


def test_what_is_put_off_takes_nobodys_place_and_more_than_can_be_counted_is_said_so(town: dict[str, User]) -> None:
    eva = town["eva"]
    rows = changes(SHOWN + 1, town["ana"])
    client = signed_in(eva)
    assert badge(client) == "100+"
    assert "More than 100 things wait for you as the second person" in client.get("/admin/").content.decode()
    day = (days.today() + timedelta(days=2)).isoformat()
    put_off = [f"second.wallet:{row.pk}" for row in WalletChange.objects.order_by("created_at", "pk")[:SHOWN]]
    client.post("/admin/to-do/marks/", {"tab": "second", "do": "put_off", "row": put_off, "until": day})
    tab = client.get("/admin/to-do/", {"tab": "second"})
    listed = [row for group in tab.context["groups"] for row in group.rows]
    assert len(listed) == tab.context["chosen"].count == 4 + len(rows) + 1 - SHOWN


def test_who_has_a_part_in_something_is_not_counted_as_a_second_person_for_it(town: dict[str, User]) -> None:
    eva = town["eva"]
    WalletChange.objects.all().delete()
    shown, mail, free = changes(3, town["ana"])
    WalletChange.objects.filter(pk=shown.pk).update(shown_to=eva)
    with transaction.atomic():
        member_emails.tell_change(mail.member, "m1@example.org", "m2@example.org", by=eva.pk)
    in_role("ivo", roles.ADMINISTRATOR)
    after = access_proposals.access_now(str(eva.pk)) | {"is_superuser": True}
    proposals.propose(access_proposals.ACCESS, str(eva.pk), after, by=town["ana"])
    client = signed_in(eva)
    answer = client.get(PAGE)
    yours, others = answer.context["yours"], answer.context["others"]
    assert [item.key for item in yours if item.waits == Waits.WALLET_CHANGE] == [str(free.pk)]
    assert {item.key for item in others if item.waits == Waits.WALLET_CHANGE} == {str(shown.pk), str(mail.pk)}
    assert sum(item.waits == Waits.PROPOSAL for item in others) == 1
    assert badge(client) == str(len(yours))
    with time_machine.travel(timezone.now() + WINDOW + timedelta(minutes=1)):
        assert badge(signed_in(eva)) == str(len(yours) + 1), "whose mail it was changed long ago"


def test_why_something_is_rejected_need_not_be_written_twice(town: dict[str, User]) -> None:
    request = PaymentRequest.objects.get(title="Songs 1")
    where = reverse("admin:payments_paymentrequest_reject_request", args=[request.pk])
    shown = confirm(signed_in(town["ana"]), where, why="The choir never sang there.").content.decode()
    assert "The choir never sang there." in shown
    assert 'role="alert"' in shown
    assert 'id="dialog-form"' in shown
    request.refresh_from_db()
    assert request.state == RequestState.AWAITING_AUTHORISATION
