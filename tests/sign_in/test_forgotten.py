"""A new password by mail: for whoever reads that mail, and with the second factor as it is."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django_q.models import OrmQ

from backoffice.sign_in.tasks import mail_password_reset
from tests.sign_in.codes import code
from tests.sign_in.people import CODE, entries, is_in, knock, person, with_factor

pytestmark = pytest.mark.django_db
FORGOTTEN = "/admin/login/forgotten/"
NEW = "otra frase bien larga"


def link_of(sent: Any) -> str:
    found = re.search(r"http://testserver(/admin/login/forgotten/\S+)", sent.body)
    assert found, sent.body
    return found[1]


def test_the_link_sets_a_password_once_and_the_second_factor_is_asked_all_the_same(client: Client) -> None:
    rosa = person("rosa")
    key = with_factor(rosa)
    elsewhere = Client()
    knock(elsewhere, "rosa")
    elsewhere.post(CODE, {"code": code(key)})
    assert is_in(elsewhere)
    mail_password_reset("ROSA@example.org", "es")
    assert mail.outbox[0].to == ["rosa@example.org"]
    link = link_of(mail.outbox[0])
    page = client.get(link).headers["Location"]
    assert "set-password" in page, "the address in the browser is no longer the link"
    assert "too short" in client.post(page, {"password1": "x", "password2": "x"}).content.decode()
    assert client.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    assert not is_in(client)
    assert not is_in(elsewhere)
    assert knock(client, "rosa", NEW).headers["Location"] == CODE
    assert "does not work any more" in Client().get(link).content.decode()
    assert "sign_in.password_reset" in entries(rosa)


def test_nothing_tells_whether_somebody_has_that_address(client: Client) -> None:
    person("rosa")
    person("gone", is_active=False)
    pages = {}
    for email in ("rosa@example.org", "nobody@example.org", "gone@example.org"):
        answer = client.post(FORGOTTEN, {"email": email}, follow=True)
        pages[email] = answer.content.decode().partition("<main")[2].partition("<form")[0]
    assert len(set(pages.values())) == 1
    assert OrmQ.objects.count() == 3, "who has it is found out where nobody waits"
    for email in pages:
        mail_password_reset(email, "en")
    assert [sent.to for sent in mail.outbox] == [["rosa@example.org"]]


def test_nobody_floods_a_mailbox(client: Client) -> None:
    answers = [client.post(FORGOTTEN, {"email": "rosa@example.org"}).status_code for _ in range(5)]
    assert answers == [302, 302, 302, 429, 429]
    assert OrmQ.objects.count() == 3
