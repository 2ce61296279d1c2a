"""Rules for a second person: which of them make a request wait, what a page says of them, and of whom they ask."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from ledger import clock
from ledger.api import timeline
from payments.actions import requests
from payments.actions.set_rules import PLAIN, RuleTerms, set_rule
from payments.authorisation import EVERY_OTHER, needs_second_person, snapshot_of, why_second_person
from payments.models import Message, PaymentRequest, SecondPersonRule
from payments.models.messages import Template
from payments.models.payments import Purpose
from payments.models.rules import ActionKind, Measure, ReceiverState
from payments.openpayments.amounts import Amount, Asset
from payments.presentation.reasons import Refusal
from payments.presentation.rule_words import because_sentences, rule_sentence
from payments.presentation.timeline_text import describe
from payments.states import PaymentState, RequestState
from tests.cast import RECEIVER_WALLET, asked, paid_to_maria, person, signed_in, staff, standing_budget, wallet
from tests.dialogs import confirm

pytestmark = pytest.mark.django_db

RULES = "admin:payments_secondpersonrule"
MAY = tuple(f"payments.{may}_secondpersonrule" for may in ("view", "add", "change", "delete"))
UNPROVEN = RuleTerms(receiver=ReceiverState.UNPROVEN)
CHANGED = RuleTerms(receiver=ReceiverState.CHANGED)
FIRST = RuleTerms(receiver=ReceiverState.FIRST)
DAY = RuleTerms(Measure.DAY)
AUTHORISE = "payments.authorise_paymentrequest"


def rule(major: str, terms: RuleTerms = PLAIN, code: str = "MXN") -> SecondPersonRule:
    asset = Asset(code, len(major.partition(".")[2]))
    return set_rule(Amount.from_major(major, asset), staff("admin"), terms)


def quoted(**columns: Any) -> PaymentRequest:
    """1,262.50 MXN for Maria, asked for by rosa."""
    row = asked(RequestState.QUOTED, **{"requested_by": staff("rosa"), **columns})
    paid_to_maria(row)
    return row


def test_what_grew_is_counted_with_all_that_was_sent_since() -> None:
    rule("2600", DAY)
    first, second = (quoted(reference=name) for name in ("1", "2"))
    for row in (first, second):
        assert not needs_second_person(row)
        PaymentRequest.objects.filter(pk=row.pk).update(sent_at=clock.now())
        row.refresh_from_db()
    PaymentRequest.objects.filter(pk=second.pk).update(sent_at=clock.now() + timedelta(seconds=1))
    first.proposed_debit = 140000
    later = clock.now() + timedelta(minutes=1)
    with time_machine.travel(later):
        assert why_second_person(first), "2,662.50 of both"


# What a rule is about


@pytest.mark.parametrize(
    ("major", "terms", "code", "waits"),
    [
        ("1262.50", PLAIN, "MXN", False),
        ("1262.49", PLAIN, "MXN", True),
        ("1262.499999", PLAIN, "MXN", True),
        ("0", PLAIN, "USD", False),
        ("1262.49", PLAIN, EVERY_OTHER, True),
        ("1262.50", PLAIN, EVERY_OTHER, False),
        ("0", RuleTerms(action=ActionKind.ASK), "MXN", True),
        ("0", RuleTerms(action=ActionKind.REFUND), "MXN", False),
        ("0", RuleTerms(action=ActionKind.DRAW), "MXN", False),
        ("0", RuleTerms(action=ActionKind.BUDGET), "MXN", False),
        ("0", UNPROVEN, "MXN", True),
        ("0", CHANGED, "MXN", False),
        ("0", FIRST, "MXN", True),
        ("1262.50", FIRST, "MXN", False),
        ("1262.49", DAY, "MXN", True),
        ("1262.50", DAY, "MXN", False),
    ],
)
def test_a_rule_asks_for_a_second_person(major: str, terms: RuleTerms, code: str, waits: bool) -> None:
    request = quoted()
    written = rule(major, terms, code)
    why = why_second_person(request)
    assert [each.rule for each in why] == ([written] if waits else [])
    told = " ".join(because_sentences(each.to_json() for each in why))
    assert (rule_sentence(snapshot_of(written)) in told) == waits


def test_what_is_asked_for_is_what_a_rule_is_about() -> None:
    for action in (ActionKind.ASK, ActionKind.DRAW, ActionKind.BUDGET, ActionKind.REFUND):
        rule("0", RuleTerms(action=action))
    refund = asked(RequestState.QUOTED)
    paid_to_maria(refund, purpose=Purpose.REFUND)
    budget = asked(RequestState.QUOTED)
    terms = standing_budget(budget)
    found = {
        "ask": why_second_person(quoted()),
        "draw": why_second_person(quoted(), to_draw=True),
        "drawn": why_second_person(quoted(budget=terms)),
        "budget": why_second_person(PaymentRequest.objects.get(pk=budget.pk)),
        "refund": why_second_person(refund),
    }
    actions = {name: [each.rule.action for each in why if each.rule] for name, why in found.items()}
    assert actions == {"ask": ["ask"], "draw": ["draw"], "drawn": ["draw"], "budget": ["budget"], "refund": ["refund"]}


def test_how_well_a_receivers_wallet_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for terms in (UNPROVEN, replace(CHANGED, days=10), FIRST):
        rule("0", terms)
    request, maria = quoted(), wallet(RECEIVER_WALLET)

    def states() -> set[str]:
        return {each.rule.receiver for each in why_second_person(request) if each.rule}

    assert states() == {"unproven", "first"}
    paid_to_maria(asked(RequestState.SETTLED), PaymentState.SETTLED)
    assert states() == {"unproven"}
    maria.keep(proven_at=clock.now())
    assert not states()
    request.payments.update(wallet_since=clock.now())
    assert states() == {"changed"}
    request.payments.update(wallet_since=None)
    maria.keep(became_at=clock.now())
    assert states() == {"changed"}
    later = clock.now() + timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert not states()
    # What we receive ourselves is nobody's new wallet.
    monkeypatch.undo()
    request.payments.update(purpose=Purpose.FEE)
    assert not states()


def test_of_all_that_apply_the_strictest_decides_and_each_is_named() -> None:
    rule("5000.00")
    rule("100.00", FIRST)
    rule("1000", code=EVERY_OTHER)
    rule("1", UNPROVEN, EVERY_OTHER)
    unproven = "when the owner of a receiver's wallet has not proven that it is theirs"
    why = because_sentences(each.to_json() for each in why_second_person(quoted()))
    assert [line.replace("\xa0", " ") for line in why] == [
        f"Above 1 of every other currency, {unproven}: a second person.",
        "Above 100.00 MXN, when nothing was ever paid to a receiver's wallet: a second person.",
    ], "5,000 MXN takes the place of 1,000 in every other currency; nothing in MXN is about unproven wallets"


# What one person sends alone


def send(request: PaymentRequest, by: str = "rosa") -> RequestState:
    return RequestState(requests.send(request.pk, by=staff(by)).state)


WAITS, SENT = RequestState.AWAITING_AUTHORISATION, RequestState.AWAITING_APPROVAL


def test_splitting_does_not_help(monkeypatch: pytest.MonkeyPatch) -> None:
    rule("3000.00", DAY)
    assert send(quoted()) == SENT
    other = quoted(requested_by=staff("eva"))
    assert send(quoted(), by="eva") == SENT, "who asked counts, whoever presses"
    third = quoted()
    assert send(third) == WAITS
    (why,) = PaymentRequest.objects.get(pk=third.pk).second_person_because
    assert "With this it would be 3,787.50 MXN." in because_sentences([why])[0].replace("\xa0", " ")
    assert send(other, by="eva") == SENT, "another person's own"
    # What a second person authorised is not sent alone.
    requests.authorise(third.pk, by=staff("luis"))
    small = quoted(ceiling_debit=475_00)
    assert send(small) == SENT
    assert send(quoted(ceiling_debit=1)) == WAITS
    later = clock.now() + timedelta(hours=24)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert send(quoted()) == SENT


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (RequestState.CANCELLED, SENT),
        (RequestState.DECLINED, SENT),
        (RequestState.EXPIRED, SENT),
        (RequestState.FAILED, WAITS),
        (RequestState.SETTLED, WAITS),
    ],
)
def test_what_no_money_can_come_of_is_given_back(ends: RequestState, state: RequestState) -> None:
    rule("2000.00", DAY)
    asked(ends, requested_by=staff("rosa"))
    assert send(quoted()) == state


def test_it_is_one_sum_of_a_currency_whatever_the_scale() -> None:
    rule("2000", DAY, EVERY_OTHER)
    asked(SENT, requested_by=staff("rosa"), ceiling_debit=800 * 10**6, asset_scale=6, asset_code="mxn")
    assert send(quoted()) == WAITS
    assert send(quoted(asset_code="USD")) == SENT


def test_a_sum_is_of_everything() -> None:
    with pytest.raises(Refusal):
        rule("1", RuleTerms(Measure.DAY, receiver=ReceiverState.FIRST))


def test_what_grew_counts_and_a_standing_budget_only_by_what_is_drawn() -> None:
    rule("2000.00", DAY)
    budget = asked(SENT, requested_by=staff("rosa"), ceiling_debit=5_000_00)
    standing_budget(budget)
    first = quoted()
    assert send(first) == SENT
    PaymentRequest.objects.filter(pk=first.pk).update(proposed_debit=2_000_01)
    assert needs_second_person(PaymentRequest.objects.get(pk=first.pk))
    assert not needs_second_person(PaymentRequest.objects.get(pk=budget.pk))


# What people see


def test_the_page_says_why_and_how_much_one_sent_alone() -> None:
    rule("2000.00", DAY)
    send(quoted())
    request = quoted()
    rosa = staff("rosa")
    client = signed_in(person("ana", "payments.view_paymentrequest", "payments.request_paymentrequest", AUTHORISE))
    page = reverse("admin:payments_paymentrequest_change", args=[request.pk])

    def told() -> str:
        return client.get(page).content.decode().replace("\xa0", " ")

    assert "rosa has sent 1,262.50 of 2,000.00 MXN alone in the last 24 hours." in told()
    assert "Why a second person?" in told(), "said before it is sent"
    assert send(request) == WAITS
    because = "Above 2,000.00 MXN that one person sends alone in 24 hours: a second person."
    assert f"{because} With this it would be 2,525.00 MXN." in told()
    # It stays as it was, whatever becomes of the rule.
    SecondPersonRule.objects.all().delete()
    assert because in told()
    entry = next(one for one in timeline([("request", request.pk)]) if one.kind == "request.awaiting_authorisation")
    assert because in describe(entry).detail.replace("\xa0", " ")
    assert rosa.pk == request.requested_by_id


def test_a_page_of_many_rules_takes_no_more_queries(django_assert_max_num_queries: Any) -> None:
    for terms in (PLAIN, UNPROVEN, CHANGED, FIRST, DAY):
        rule("1.00", terms)
        rule("0", terms, EVERY_OTHER)
    request = quoted()
    for number in range(3):
        paid_to_maria(request, receiver_wallet=wallet(f"worker-{number}"))
    with django_assert_max_num_queries(7):
        assert len(why_second_person(PaymentRequest.objects.get(pk=request.pk))) == 4


# Who is asked, and may say no


def checker(name: str, email: str = "") -> User:
    user = person(name, "payments.view_paymentrequest", AUTHORISE)
    User.objects.filter(pk=user.pk).update(email=email or f"{name}@example.org")
    return User.objects.get(pk=user.pk)


def test_who_may_authorise_gets_one_mail_each_time_it_begins_to_wait() -> None:
    rule("100.00")
    luis, tomas, rosa = checker("luis"), checker("tomas"), checker("rosa")
    checker("away")
    User.objects.filter(username="away").update(is_active=False)
    request = quoted(requested_by=rosa)
    send(request)
    mails = Message.objects.filter(template=Template.SECOND_PERSON)
    assert sorted(mails.values_list("to_email", flat=True)) == [luis.email, tomas.email], "not who asked for it"
    requests.authorise(request.pk, by=luis)
    request = PaymentRequest.objects.get(pk=request.pk)
    with transaction.atomic():
        PaymentRequest.objects.filter(pk=request.pk).update(proposed_debit=2_000_00)
    assert needs_second_person(PaymentRequest.objects.get(pk=request.pk))


def test_the_second_person_says_no_and_why() -> None:
    rule("100.00")
    luis, rosa = checker("luis"), checker("rosa")
    request = quoted(requested_by=rosa)
    send(request)
    url = reverse("admin:payments_paymentrequest_reject_request", args=[request.pk])
    client = signed_in(luis)
    confirm(client, url, why="  ")
    assert PaymentRequest.objects.get().state == WAITS, "without words nothing happens"
    confirm(signed_in(rosa), url, why="Mine")
    assert PaymentRequest.objects.get().state == WAITS, "who asked cancels instead"
    confirm(client, url, why="Wrong invoice.")
    row = PaymentRequest.objects.get()
    assert (row.state, row.payments.get().state) == (RequestState.CANCELLED, PaymentState.CANCELLED)
    mail = Message.objects.get(template=Template.DECISION)
    assert (mail.to_email, mail.details["why"]) == (rosa.email, ["luis did not agree: “Wrong invoice.”"])
    words = [describe(one).text for one in timeline([("request", request.pk)])]
    assert "A second person did not agree: “Wrong invoice.”" in words
    assert not Message.objects.filter(to_email=request.payer_email).exists(), "the payer never heard of it"


def test_one_person_with_two_accounts_is_no_second_person() -> None:
    rule("100.00")
    rosa, twin = checker("rosa", "rosa@example.org"), checker("rosa2", "ROSA@example.org")
    request = quoted(requested_by=rosa)
    send(request)
    assert not Message.objects.filter(template=Template.SECOND_PERSON).exists()
    with pytest.raises(Refusal, match="count as one person"):
        requests.authorise(request.pk, by=twin)


# Writing rules


@pytest.fixture
def administrator() -> Client:
    return signed_in(person("ana", *MAY))


FORM = {
    "asset_code": "mxn",
    "amount": "1500.50",
    "measure": "request",
    "action": "any",
    "receiver": "any",
    "days": "30",
}


def test_a_rule_is_written_in_major_units(administrator: Client) -> None:
    assert administrator.post(reverse(f"{RULES}_add"), FORM).status_code == 302
    row = SecondPersonRule.objects.get()
    assert (row.asset_code, row.limit) == ("MXN", 150_050)
    (entry,) = timeline([("limit", str(row.pk))])
    assert describe(entry).text.replace("\xa0", " ") == "A rule was set. Above 1,500.50 MXN: a second person."
    assert "Above 1,500.50 MXN: a second person." in administrator.get(
        reverse(f"{RULES}_changelist")
    ).content.decode().replace("\xa0", " ")


def test_a_rule_is_changed_and_removed(administrator: Client) -> None:
    row = rule("5000", CHANGED, "JPY")
    url = reverse(f"{RULES}_change", args=[row.pk])
    assert 'value="5000"' in administrator.get(url).content.decode()
    administrator.post(url, {"amount": "7000", "days": "7"})
    row = SecondPersonRule.objects.get()
    assert (row.limit, row.days, row.receiver) == (7000, 7, "changed")
    administrator.post(reverse(f"{RULES}_delete", args=[row.pk]), {"post": "yes"})
    assert not SecondPersonRule.objects.exists()
    entries = timeline([("limit", str(row.pk))])
    assert [entry.kind for entry in entries] == ["limit.set", "limit.set", "limit.removed"]
    assert entries[1].data["before"]["limit"]["value"] == "5000"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "1500.5.5"}, "Write an amount such as 500.00"),
        ({"amount": "1,50"}, "Write an amount such as 500.00"),
        ({"amount": "-1"}, "Write an amount such as 500.00"),
        ({"amount": "9" * 30}, "This is more than a wallet can hold."),
        ({"amount": ""}, "This field is required."),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"measure": "day", "receiver": "first"}, "is counted as a whole"),
        ({"receiver": "<script>"}, "Select a valid choice."),
    ],
)
def test_a_rule_that_cannot_be_is_refused(administrator: Client, changes: dict[str, str], sentence: str) -> None:
    assert sentence in administrator.post(reverse(f"{RULES}_add"), {**FORM, **changes}).content.decode()
    assert not SecondPersonRule.objects.exists()


def test_a_second_rule_about_the_same_is_refused(administrator: Client) -> None:
    rule("50.00")
    assert administrator.post(reverse(f"{RULES}_add"), FORM).status_code == 200
    assert SecondPersonRule.objects.get().limit == 50_00
    assert administrator.post(reverse(f"{RULES}_add"), {**FORM, "receiver": "first"}).status_code == 302


def test_the_page_says_what_a_currency_without_a_rule_has(administrator: Client) -> None:
    page = reverse(f"{RULES}_changelist")
    assert "A currency without a rule has none" in administrator.get(page).content.decode()
    administrator.post(reverse(f"{RULES}_add"), {**FORM, "asset_code": "", "amount": "200"})
    told = administrator.get(page).content.decode()
    assert "has that of every other currency" in told
    assert "Above 200 of every other currency: a second person." in told
    row = SecondPersonRule.objects.get()
    assert (row.asset_code, row.limit) == (EVERY_OTHER, 200)
    assert 'value="200"' in administrator.get(reverse(f"{RULES}_change", args=[row.pk])).content.decode()


def test_a_new_installation_begins_with_four_rules(administrator: Client) -> None:
    page, url = reverse(f"{RULES}_changelist"), reverse("admin:payments_secondpersonrule_start_set")
    assert url in administrator.get(page).content.decode()
    refused = administrator.post(url, {"_form_submitted": "True", "currency": "usd", "amount": "five"})
    assert "Write an amount such as 500.00" in refused.content.decode()
    confirm(administrator, url, currency="usd", amount="500.00")
    told = administrator.get(page).content.decode().replace("\xa0", " ")
    for words in (
        "Above 500.00 USD: a second person.",
        "Above 1,000.00 USD that one person sends alone in 24 hours: a second person.",
        "Above 0.00 USD, when a receiver&#x27;s wallet changed in the last 30 days: a second person.",
        "Above 0 of every other currency: a second person.",
    ):
        assert words in told
    assert url not in told, "only to begin with"
