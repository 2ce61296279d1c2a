"""Every kind of entry has words, in which nothing is missing, with or without amounts and names."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from backoffice import ledger_kinds as backoffice_kinds
from backoffice import people_words
from backoffice.ledger_words import WORDS as OWN_WORDS
from jobs import ledger_kinds as jobs_kinds
from jobs.timeline_text import WORDS as JOBS_WORDS
from ledger.api import Actor, TimelineRow, declared
from payments import ledger_kinds as payments_kinds
from payments.presentation import timeline_lines
from payments.presentation.ledger_words import WORDS
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
    "seller": "tequio",
    "key_id": "key-1",
    "pays": USD,
    "way": "cash",
    "evidence": "Receipt 7",
    "did": "decline",
    "before": "https://bank.example/maria",
    "became": "https://bank.example/maria2",
    "asset": "MXN",
    "remote_id": "https://wallet.example/quotes/1",
    "what": "seller",
    "of": "tequio",
    "was": {"may_hold_money": False},
    "becomes": {"may_hold_money": True},
    "key": "0a1b2c3d",
    "resealed": 3,
    "check": "duplicate",
    "level": "tick",
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


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_every_kind_has_words(kind: str) -> None:
    sentence = describe(entry(kind, ALL_DATA))
    assert not sentence.text.startswith("Recorded")
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


def test_the_kinds_that_are_recorded_and_those_that_have_words_are_the_same() -> None:
    assert WORDS.keys() == payments_kinds.KINDS
    assert {".".join(kind.split(".")[:2]) for kind in JOBS_WORDS} == jobs_kinds.KINDS
    assert {*people_words.WORDS, *OWN_WORDS} == backoffice_kinds.KINDS
    assert {*payments_kinds.KINDS, *jobs_kinds.KINDS, *backoffice_kinds.KINDS} < set(declared())


def shown(*kinds: str) -> tuple[str, str]:
    """A page's timeline of such entries: what is read, and what unfolds."""
    rows = [entry(kind, {"ceiling": USD}) for kind in kinds]
    page = render_to_string("admin/timeline.html", {"timeline": timeline_lines.lines(rows, describe)})
    told, _, folded = page.partition("<details>")
    return told, folded


def test_a_timeline_tells_what_happened_last_first_and_the_rest_unfolds() -> None:
    assert "Nothing has happened yet." in shown()[0]
    told, folded = shown("request.quoted", "request.approved")
    assert told.index("approved") < told.index("The quote is there")
    assert not folded
    told, folded = shown(*["request.quoted"] * 30)
    assert (told.count("<time"), folded.count("<time")) == (8, 30)
    assert "30 steps in all" in folded


def test_what_passes_between_programs_unfolds_but_for_what_went_wrong() -> None:
    told, folded = shown("request.quoted", "quote.intended", "quote.refused", "message.queued", "grant.active")
    assert (told.count("<time"), folded.count("<time")) == (2, 5)
    assert "gave no quote" in told
    told, folded = shown("grant.active", "grant.ended")
    assert (told.count("<time"), folded) == (2, "")
