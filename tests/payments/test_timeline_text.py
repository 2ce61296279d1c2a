"""Every kind of entry has words, in which nothing is missing, with or without amounts and names."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

import payments
from ledger.api import Actor, TimelineRow
from payments import states
from payments.presentation import timeline_lines
from payments.presentation.ledger_kinds import WORDS
from payments.presentation.timeline_text import describe

USD = {"value": "125000", "assetCode": "USD", "assetScale": 2}
MXN = {"value": "2130000", "assetCode": "MXN", "assetScale": 2}
ALL_DATA: dict[str, Any] = {
    "ceiling": USD,
    "debit": USD,
    "receive": MXN,
    "amount": MXN,
    "received": MXN,
    "limit": USD,
    "payer_wallet": "https://wallet.example/choir",
    "receiver_wallet": "https://bank.example/maria",
    "wallet": "https://wallet.example/choir",
    "grant_kind": "outgoing-payment",
    "remote_id": "https://wallet.example/quotes/1",
}
SUBJECTS = {
    "request": states.RequestState,
    "payment": states.PaymentState,
    "grant": states.GrantState,
    "incoming": states.ATTEMPT_MOVES,
    "quote": states.ATTEMPT_MOVES,
    "outgoing": states.OUTGOING_MOVES,
}


def entry(kind: str, data: dict[str, Any] | None = None, private: dict[str, str] | None = None) -> TimelineRow:
    return TimelineRow(
        entry_id="0" * 26,
        recorded_at=datetime(2026, 11, 20, tzinfo=UTC),
        kind=kind,
        actor=Actor.system("engine"),
        subjects={},
        data=data or {},
        private=private or {},
        erased=False,
        index=1,
    )


@pytest.mark.parametrize("kind", [f"{name}.{state}" for name, every in SUBJECTS.items() for state in every])
def test_every_state_has_words(kind: str) -> None:
    sentence = describe(entry(kind, ALL_DATA))
    assert not sentence.text.startswith("Recorded")
    assert sentence.text.endswith(".")
    assert "%" not in sentence.text


@pytest.mark.parametrize("kind", sorted(WORDS))
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_an_entry_lacks_is_left_out(kind: str, language: str) -> None:
    with translation.override(language):
        assert "%(" not in describe(entry(kind)).text
        assert "%(" not in describe(entry(kind, ALL_DATA)).text


def test_amounts_and_addresses_are_told() -> None:
    text = describe(entry("payment.settled", {"received": MXN, "receiver_wallet": "https://bank.example/maria"})).text
    assert text.replace("\xa0", " ") == "21,300.00 MXN arrived at https://bank.example/maria."
    text = describe(entry("quote.open", ALL_DATA)).text.replace("\xa0", " ")
    assert text == "The payer's wallet quoted: it charges 1,250.00 USD, and 21,300.00 MXN arrives."


def test_a_reason_becomes_its_sentence() -> None:
    data = {"reason": "wallet_unreachable", "reason_params": {"host": "bank.example"}}
    sentence = describe(entry("payment.failed", data))
    assert sentence.text == "The payment failed."
    assert sentence.detail.startswith("The wallet bank.example did not answer.")
    assert (sentence.tone, sentence.icon) == ("bad", "payments")


def test_a_mail_is_told_with_its_reader_until_that_is_erased() -> None:
    data, private = {"template": "approval", "reason": "mail_refused"}, {"name": "Coro", "email": "coro@example.org"}
    assert describe(entry("message.sent", data, private)).text == "An email to Coro was sent: Approval request."
    assert describe(entry("message.queued", data)).text == "An email waits to be sent: Approval request."
    assert "Coro" in describe(entry("message.failed", data, private)).text
    assert "Coro" not in str(describe(entry("message.failed", data)))
    assert describe(entry("message.failed", data)).detail == "The mail server refused the message. Check the address."


def test_a_wallets_problem_names_the_wallet() -> None:
    data = {"wallet": "https://bank.example/maria", "reason": "wallet_unreachable"}
    assert describe(entry("wallet.checked", data)).detail.startswith("The wallet bank.example did not answer.")


def test_what_a_person_wrote_is_told_until_it_is_erased() -> None:
    assert describe(entry("request.declined", private={"reason": "Too expensive"})).detail == "Too expensive"
    assert describe(entry("request.declined")).detail == ""


def test_an_unknown_kind_is_named() -> None:
    assert describe(entry("comet.landed")).text == "Recorded: comet.landed."


def test_an_amount_that_cannot_be_read_is_left_out() -> None:
    broken = {"value": "-1", "assetCode": "USD", "assetScale": 2}
    assert describe(entry("payment.failed", {"amount": broken})).text == "The payment failed."


def test_every_kind_that_this_room_records_has_words() -> None:
    """Found in the code, so that a new kind cannot be forgotten."""
    kinds = set()
    for file in Path(payments.__file__).parent.rglob("*.py"):
        if "sandbox" not in file.parts and "openpayments" not in file.parts:
            kinds |= set(re.findall(r'(?:record|tell)\([^"]*?"([a-z_]+\.[a-z_]+)"', file.read_text(encoding="utf-8")))
    assert {"request.resent", "request.amount_accepted", "message.queued"} <= kinds
    assert kinds - WORDS.keys() == set()


def test_of_a_long_story_the_newest_steps_are_shown_and_the_others_unfold() -> None:
    def shown(count: int) -> str:
        rows = [entry("request.quoted", {"ceiling": USD}) for _ in range(count)]
        return render_to_string("admin/timeline.html", {"timeline": timeline_lines.lines(rows, describe)})

    assert "<details" not in shown(20)
    assert "Nothing has happened yet." in shown(0)
    folded, _, open_ = shown(45).partition("</details>")
    assert "25 earlier steps" in folded
    assert (folded.count("<time"), open_.count("<time")) == (25, 20)
    assert "1 earlier step<" in shown(21)
