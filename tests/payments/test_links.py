"""Our links open what they were made for, and nothing else."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.core import signing
from pytest_django import Settings

from payments import links
from tests.cast import asked

pytestmark = pytest.mark.django_db


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_an_approval_link_names_its_request_and_its_version() -> None:
    request = asked(link_version=3)
    url = links.approval_url(request)
    assert url.startswith("http://testserver/approve/")
    assert links.read_token(token_of(url)) == (request.id, 3, None)
    assert links.read_token(token_of(links.approval_url(request, 7))) == (request.id, 3, 7), "marked: shown to 7"


def test_the_link_is_the_same_wherever_it_is_shown() -> None:
    request = asked()
    assert links.approval_url(request) == links.approval_url(request)


def test_an_approval_link_holds_nothing_of_the_request_but_its_name() -> None:
    request = asked()
    assert request.payer_email not in links.approval_url(request)


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "x" + t, str.swapcase, lambda _: ""])
def test_a_changed_link_opens_nothing(change: Callable[[str], str]) -> None:
    token = token_of(links.approval_url(asked()))
    with pytest.raises(links.BadLink):
        links.read_token(change(token))


def test_a_link_signed_for_something_else_opens_nothing() -> None:
    request = asked()
    forged = signing.Signer(salt="something else").sign_object([request.id, 1])
    with pytest.raises(links.BadLink):
        links.read_token(forged)


@pytest.mark.parametrize(
    "content", [None, [], ["x"], [1, 2], ["short", 1], {"a": 1}, ["0" * 26, "1"], ["0" * 26, 1, "2"]]
)
def test_signed_content_of_another_shape_opens_nothing(content: object) -> None:
    with pytest.raises(links.BadLink):
        links.read_token(signing.Signer(salt=links.APPROVE_SALT).sign_object(content))


def test_a_huge_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(links.BadLink):
        links.read_token("x" * 1_000_000)


def test_links_survive_a_new_secret_key_while_the_old_one_is_a_fallback(settings: Settings) -> None:
    request = asked()
    approval, finish = links.approval_url(request), links.finish_url(request.id, request.id)
    old = django_settings.SECRET_KEY
    settings.SECRET_KEY = "another key, long enough to be one, made only for this very test 0123456789"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert links.read_token(token_of(approval)) == (request.id, 1, None)
    assert links.read_return(returned(finish)) == request.id


def test_links_end_with_the_secret_key_that_signed_them(settings: Settings) -> None:
    approval = links.approval_url(asked())
    settings.SECRET_KEY = "another key, long enough to be one, made only for this very test 0123456789"
    with pytest.raises(links.BadLink):
        links.read_token(token_of(approval))


def returned(url: str) -> str:
    return parse_qs(urlsplit(url).query)["return"][0]


def test_the_finish_address_names_request_and_grant() -> None:
    request = asked()
    url = links.finish_url(request.id, "01K000000000000000000GRANT")
    assert url.startswith(f"http://testserver/payments/finish?pendingId={request.id}&return=")
    assert links.read_return(returned(url)) == "01K000000000000000000GRANT"


@pytest.mark.parametrize("value", ["", "01K000000000000000000GRANT", "01K000000000000000000GRANT:forged", "x" * 10_000])
def test_a_forged_return_names_no_grant(value: str) -> None:
    assert links.read_return(value) is None


def test_an_approval_token_is_no_return_and_the_other_way_round() -> None:
    request = asked()
    assert links.read_return(token_of(links.approval_url(request))) is None
    with pytest.raises(links.BadLink):
        links.read_token(returned(links.finish_url(request.id, request.id)))
