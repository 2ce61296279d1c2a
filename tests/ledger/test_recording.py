import json
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest
from django.db import transaction

from ledger import chain
from ledger.api import Actor, RefusedContentError, record
from ledger.models import Entry, EntrySubject, Link, PrivatePart
from tests.ledger import samples

USD = {"assetCode": "USD", "assetScale": 2}


def note(data: Any, **overrides: Any) -> Entry:
    given = {"actor": Actor.staff(3), "subjects": {"job": "7"}, "data": data} | overrides
    with transaction.atomic():
        return record(given.pop("kind", "job.changed"), **given)


@pytest.mark.django_db
def test_an_entry_is_canonical_json_with_its_digest() -> None:
    entry = samples.settled()
    body = json.loads(entry.body)
    assert body == {
        "v": 1,
        "id": entry.id,
        "recordedAt": entry.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": "payment.settled",
        "actor": {"kind": "wallet", "id": "wallet.example"},
        "subjects": {"job": ["7"], "payment": ["P1"]},
        "data": {"received": {"value": "1250", "assetCode": "USD", "assetScale": 2}},
    }
    assert entry.body == json.dumps(body, sort_keys=True, separators=(",", ":"))
    assert entry.digest == chain.body_digest(entry.body)
    assert Entry.objects.get().body == entry.body


@pytest.mark.django_db
def test_all_subjects_are_listed_once() -> None:
    entry = note({}, subjects={"payment": ["P2", "P1", "P2"], "job": "7", "member": []})
    rows = EntrySubject.objects.filter(entry=entry).order_by("subject_kind", "subject_id")
    assert list(rows.values_list("subject_kind", "subject_id")) == [("job", "7"), ("payment", "P1"), ("payment", "P2")]
    assert json.loads(entry.body)["subjects"] == {"job": ["7"], "payment": ["P1", "P2"]}


@pytest.mark.django_db
def test_names_stay_out_of_the_body() -> None:
    entry = note({}, private={"payer": "María Sabina", "email": "maria@example.org"})
    part = PrivatePart.objects.get(entry=entry)
    assert "María" not in entry.body
    assert "maria@" not in entry.body
    assert json.loads(part.text) == {"payer": "María Sabina", "email": "maria@example.org"}
    assert json.loads(entry.body)["privateDigest"] == chain.private_digest(entry.id, part.salt, part.text)


@pytest.mark.django_db
def test_equal_private_parts_have_different_digests() -> None:
    first, second = (json.loads(samples.settled(name="Ana").body)["privateDigest"] for _ in range(2))
    assert first != second


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("job.changed", actor=Actor.system("sweep"), subjects={}, data={})


@pytest.mark.django_db(transaction=True)
def test_an_entry_vanishes_with_the_change_it_describes() -> None:
    def change() -> None:
        with transaction.atomic():
            note({})
            raise RuntimeError("change failed")

    with pytest.raises(RuntimeError, match="change failed"):
        change()
    assert not Entry.objects.exists()
    assert not Link.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        {"amount": 12.5},
        {"amount": Decimal("12.5")},
        {"deep": [{"amount": 0.0}]},
        {"big": 2**53},
        {"big": -(2**53)},
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"a\x00": 1},
        {1: "a"},
        {"set": {1, 2}},
        {"bytes": b"a"},
        {"nested": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]},
        {"long": "x" * 300_000},
    ],
)
def test_what_no_auditor_could_read_back_exactly_is_refused(data: Any) -> None:
    with pytest.raises(RefusedContentError):
        note(data)
    assert not Entry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key",
    [
        "token",
        "access_token",
        "accessToken",
        "ACCESS-TOKEN",
        "tokens",
        "private_key",
        "privateKey",
        "Authorization",
        "secret",
        "client_secret",
        "nonce",
        "finishNonce",
        "interact_ref",
        "interactRef",
        "password",
        "apiKey",
        "cookie",
        "signature",
        "salt",
        "continueUri",
        "manage_url",
    ],
)
def test_keys_of_secrets_are_refused(key: str) -> None:
    with pytest.raises(RefusedContentError, match="secret"):
        note({"answer": [{key: "x"}]})
    with pytest.raises(RefusedContentError, match="secret"):
        note({}, private={key: "x"})


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["key_id", "keyId", "tokens_rotated", "secretary", "authorised_by", "authServer"])
def test_keys_that_only_resemble_secrets_are_kept(key: str) -> None:
    assert json.loads(note({key: "x"}).body)["data"] == {key: "x"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        "GNAP 8FJ2-5TRQ-KS93-11",
        "Bearer eyJhbGciOiJFZERTQSJ9.e30.x_7-1",
        "basic cm9zYTpzZWNyZXQ9MTIz==",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQ",
    ],
)
def test_values_that_are_credentials_are_refused(value: str) -> None:
    with pytest.raises(RefusedContentError, match="credential"):
        note({"header": value})


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Basic Needs A.C.", "Bearer", "GNAP meeting 2026", "Basic Internationalisation"])
def test_names_that_begin_like_a_credential_are_names(name: str) -> None:
    assert json.loads(note({"name": name}).body)["data"] == {"name": name}


@pytest.mark.django_db
def test_people_may_write_what_they_like() -> None:
    words = {"words": "Bearer eyJhbGciOiJFZERTQSJ9.e30.x_7-1", "name": "Basic Needs A.C."}
    assert json.loads(note({}, private=words).private_part.text) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    "amount",
    [
        {"value": 1250} | USD,
        {"value": "12.50"} | USD,
        {"value": "-1"} | USD,
        {"value": "007"} | USD,
        {"value": ""} | USD,
        {"value": str(2**63)} | USD,
        {"value": "1", "assetCode": "USD"},
        {"value": "1", "assetScale": 2},
        {"value": "1", "assetCode": "", "assetScale": 2},
        {"value": "1", "assetCode": "USD", "assetScale": "2"},
        {"value": "1", "assetCode": "USD", "assetScale": 256},
        {"value": "1", "assetCode": "USD", "assetScale": True},
        {"value": "1", "currency": "USD"} | USD,
    ],
)
def test_an_amount_has_one_exact_form(amount: dict[str, Any]) -> None:
    with pytest.raises(RefusedContentError, match="amount"):
        note({"debit": amount})


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["0", "1", str(2**63 - 1)])
def test_every_amount_we_can_hold_is_kept(value: str) -> None:
    assert json.loads(note({"debit": {"value": value} | USD}).body)["data"]["debit"]["value"] == value


@pytest.mark.django_db
def test_a_wallets_asset_without_a_value_is_not_an_amount() -> None:
    assert json.loads(note({"wallet": USD}).body)["data"]["wallet"] == USD


@pytest.mark.django_db
def test_what_is_json_in_effect_is_kept_as_plain_json() -> None:
    class State(StrEnum):
        SENT = "sent"

    data = MappingProxyType({"state": State.SENT, "list": (1, None, True), "text": "Ñuu Savi 🌽"})
    assert json.loads(note(data).body)["data"] == {"state": "sent", "list": [1, None, True], "text": "Ñuu Savi 🌽"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "overrides",
    [
        {"kind": "settled"},
        {"kind": "Payment.settled"},
        {"kind": "payment." + "x" * 60},
        {"kind": "payment.settled\n"},
        {"kind": "ledger.erased"},
        {"subjects": {"Job": "7"}},
        {"subjects": {"job": ""}},
        {"subjects": {"job": "x" * 256}},
        {"subjects": {"job": "\x00"}},
        {"subjects": {"x" * 33: "7"}},
        {"actor": Actor.wallet("")},
    ],
)
def test_names_out_of_form_are_refused(overrides: dict[str, Any]) -> None:
    with pytest.raises(RefusedContentError):
        note({}, **overrides)


def test_actors_are_named_by_who_they_are() -> None:
    assert Actor.staff(3) == Actor("staff", "3")
    assert Actor.system("worker") == Actor("system", "worker")
    assert Actor.payer("01J") == Actor("payer", "01J")
    assert Actor.wallet("wallet.example") == Actor("wallet", "wallet.example")
    assert Actor.api("key1") == Actor("api", "key1")


@pytest.mark.django_db
def test_a_kind_that_nobody_declared_is_refused() -> None:
    with pytest.raises(RefusedContentError, match="declared"):
        record("payment.teleported", actor=Actor.system("sweep"), subjects={}, data={})
