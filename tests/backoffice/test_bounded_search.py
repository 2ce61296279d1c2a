"""Searching a list: whole ids first, words in any column, and a limit that is said."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from backoffice import bounded_search
from jobs.models import Application, ApplicationStatus
from payments.models import Payment
from tests import cast

pytestmark = pytest.mark.django_db
WORKS = ("worker__name", "worker__email", "job__title", "job__reference")
PAYMENTS = ("id", "receiver_name", "receiver_wallet__url", "request__id", "request__title")


def found(rows: type[Application] | type[Payment], fields: tuple[str, ...], words: str) -> tuple[set[object], bool]:
    answer = bounded_search.search(rows._default_manager.all(), fields, words.split())
    whole = bounded_search.every_match(rows._default_manager.all(), fields, words.split())
    keys = set(answer.rows.values_list("pk", flat=True))
    assert keys <= set(whole.values_list("pk", flat=True))
    assert answer.more or keys == set(whole.values_list("pk", flat=True))
    return keys, answer.more


def test_words_are_found_in_any_column_and_a_whole_id_alone() -> None:
    songs, stories = cast.job(title="Songs", reference="PO-1"), cast.job(title="Stories", reference="PO-2")
    maria, ana = cast.member("Maria Lopez"), cast.member("Ana Cruz")
    first, second, third = (cast.applied(job, who) for job, who in ((songs, maria), (stories, maria), (songs, ana)))
    for words, expected in {
        "maria": {first, second},
        "SONGS": {first, third},
        "maria songs": {first},
        "lopez maria po-2": {second},
        "ma": {first, second},  # of two letters: where a text begins
        "maria zzz": set(),
    }.items():
        assert found(Application, WORKS, words) == ({each.pk for each in expected}, False), words
    payment = cast.paid_to_maria(cast.asked())
    other = cast.paid_to_maria(cast.asked(title=f"Not {payment.pk}"))
    assert found(Payment, PAYMENTS, payment.pk) == ({payment.pk}, False)
    assert found(Payment, PAYMENTS, payment.request_id.lower()) == ({payment.pk}, False)
    assert found(Payment, PAYMENTS, other.pk[:20]) == (
        set(Payment.objects.filter(pk__startswith=other.pk[:20]).values_list("pk", flat=True)),
        False,
    )


def test_more_than_is_shown_is_said_and_another_word_finds_it(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(bounded_search, "MOST_FOUND", 3)
    job = cast.job(title="Songs")
    workers = [cast.applied(job, cast.member(f"Maria no{number}"), ApplicationStatus.PENDING) for number in range(5)]
    keys, more = found(Application, WORKS, "maria")
    assert (len(keys), more) == (3, True)
    assert found(Application, WORKS, "maria songs")[1]
    assert found(Application, WORKS, "songs maria no4") == ({workers[4].pk}, False)
    client.force_login(User.objects.create_superuser("root"))
    page = "/admin/jobs/application/?q="
    assert "More than 3 rows match" in client.get(f"{page}songs").content.decode()
    assert "More than 3 rows match" not in client.get(f"{page}songs+no4").content.decode()
