"""What an earlier SECRET_KEY signed goes on for as long as that key is a fallback, and ends with it."""

import secrets

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from jobs import links
from payments.links import approval_url, finish_url, proof_url
from tests.cast import asked, asked_proof, interaction, member, signed_in

pytestmark = pytest.mark.django_db


def test_links_and_sessions_outlive_the_key_that_signed_them_while_it_is_a_fallback(
    client: Client, settings: Settings
) -> None:
    request, ana = asked(), member("Ana")
    grant = interaction(request)
    sent = [approval_url(request), proof_url(asked_proof().pk), links.worker_url(ana), links.funder_url(ana)]
    pages = [url.removeprefix("http://testserver") for url in sent]
    back = finish_url(request.pk, grant.pk).removeprefix("http://testserver")
    root = signed_in(User.objects.create_superuser("raiz"))

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets.token_urlsafe(64), [django_settings.SECRET_KEY]
    assert {client.get(page).status_code for page in pages} == {200}
    assert client.get(back).status_code == 302
    assert root.get("/admin/").status_code == 200

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secrets.token_urlsafe(64), []
    assert {client.get(page).status_code for page in pages} == {404}
    assert client.get(back).status_code == 400
    assert root.get("/admin/").status_code == 302
