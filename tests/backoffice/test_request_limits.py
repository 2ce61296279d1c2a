"""Strangers may not send much, nor ask often; people never notice."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from backoffice.front_door.client_address import client_address
from backoffice.front_door.request_limits import LARGEST_PUBLIC_FORM, LARGEST_UPLOAD, OF_A_LINK, OF_AN_ADDRESS
from payments import buckets
from payments.links import approval_url
from payments.models import PaymentRequest
from tests.cast import asked, signed_in, staff

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _nobody_asked_yet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """And no bucket fills again while a test is about it: time stands still."""
    monkeypatch.setattr(buckets, "_now", lambda: 1000.0)
    buckets.empty()
    yield
    buckets.empty()


@pytest.fixture
def link() -> str:
    return approval_url(asked()).removeprefix("http://testserver")


class Unread(BytesIO):
    """A body that nobody may read."""

    def read(self, *_size: int | None) -> bytes:
        raise AssertionError("the body was read")


def send(client: Client, path: str, length: int, **more: Any) -> Any:
    """A POST that says it is `length` bytes long."""
    body = Unread()
    return client.generic(
        "POST", path, b"", content_type=FORM, **{"CONTENT_LENGTH": str(length), "wsgi.input": body, **more}
    )


def test_two_hundred_megabytes_are_refused_before_a_byte_is_read(client: Client, link: str) -> None:
    rosa = signed_in(staff())
    for who, path, length in (
        (client, link, 200_000_000),
        (client, link, LARGEST_PUBLIC_FORM + 1),
        (client, "/languages/setlang/", 200_000_000),
        (client, "/payments/finish", 200_000_000),
        (client, "/nowhere", 200_000_000),
        (client, "/admin/login/", 200_000_000),
        (client, "/admin/login/", LARGEST_UPLOAD),
        (rosa, "/admin/jobs/submission/add/", LARGEST_UPLOAD + 1),
    ):
        answer = send(who, path, length)
        assert (answer.status_code, "That is too large" in answer.content.decode()) == (413, True), (path, length)


def test_a_body_that_does_not_say_its_length_is_refused_unread(client: Client, link: str) -> None:
    for told in ({"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": "ten"}):
        answer = send(client, link, 10, **told)
        assert answer.status_code == 400
        assert "It did not say how long it is" in answer.content.decode()


def test_a_form_of_very_many_fields_is_not_understood(client: Client, link: str) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"; filename="x"\r\n\r\n\r\n'
    for code, body, kind in (
        (400, b"a&" * 15_000, FORM),
        (413, b"a&" * 1_000_000, FORM),
        (413, part * 100_000, "multipart/form-data; boundary=b"),
    ):
        answer = client.post(link, body, content_type=kind)
        assert answer.status_code == code
        assert "<h1>" in answer.content.decode()


def test_staff_may_hand_in_a_file(client: Client) -> None:
    root = signed_in(User.objects.create_superuser("raiz"))
    handed_in = SimpleUploadedFile("recording.ogg", b"x" * 3_000_000)
    answer = root.post("/admin/jobs/submission/add/", {"file": handed_in})
    assert answer.status_code == 200
    assert "recording.ogg" in str(answer.wsgi_request.FILES)


def use_up(name: str, rate: buckets.Rate) -> None:
    while not buckets.take(name, rate):
        pass


def test_one_link_is_opened_by_many_and_then_asks_for_a_moment(client: Client, link: str) -> None:
    other = approval_url(asked()).removeprefix("http://testserver")
    # As mail scanners do, each from an address of its own.
    opened = [client.get(link, REMOTE_ADDR=f"198.51.100.{number}").status_code for number in range(40)]
    assert set(opened) == {200}
    use_up(f"link {link.rpartition('/')[2]}", OF_A_LINK)
    answer = client.get(link, headers={"Accept-Language": "es"})
    assert (answer.status_code, answer["Retry-After"], answer["Content-Language"]) == (429, "1", "es")
    assert "Un momento, por favor" in answer.content.decode()
    assert PaymentRequest.objects.filter(state="awaiting_approval").count() == 2
    assert client.get(other).status_code == 200


def test_one_address_that_tries_links_waits_and_nobody_else_does(client: Client, link: str) -> None:
    assert client.get("/approve/guess", REMOTE_ADDR="203.0.113.9").status_code == 404
    use_up("address 203.0.113.9", OF_AN_ADDRESS)
    for path in ("/approve/guess", "/nowhere", link):
        assert client.get(path, REMOTE_ADDR="203.0.113.9").status_code == 429
    assert client.get(link, REMOTE_ADDR="203.0.113.10").status_code == 200
    assert client.get("/health", REMOTE_ADDR="203.0.113.9").status_code in {200, 503}
    assert client.get("/admin/login/", REMOTE_ADDR="203.0.113.9").status_code == 200


def test_a_bucket_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(buckets, "_now", lambda: now[0])
    rate = buckets.Rate(at_once=3, a_second=0.5)
    assert [buckets.take("x", rate) for _ in range(5)] == [0, 0, 0, 2, 2]
    now[0] += 2
    assert [buckets.take("x", rate) for _ in range(2)] == [0, 2]
    now[0] += 1000
    assert [buckets.take("x", rate) for _ in range(4)] == [0, 0, 0, 2]


FORGED = "1.2.3.4, 10.0.0.9"


@pytest.mark.parametrize(
    ("is_behind", "told", "address"),
    [
        (False, {"REMOTE_ADDR": "203.0.113.9"}, "203.0.113.9"),
        (False, {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": FORGED}, "203.0.113.9"),
        (True, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": f"{FORGED},203.0.113.9"}, "203.0.113.9"),
        (True, {"REMOTE_ADDR": "10.0.0.1"}, "10.0.0.1"),
        (True, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, nonsense"}, ""),
        (False, {"REMOTE_ADDR": "::ffff:203.0.113.9"}, "203.0.113.9"),
        (False, {"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"),
        (False, {"REMOTE_ADDR": ""}, ""),
        (False, {"REMOTE_ADDR": "127.0.0.1"}, ""),
        (True, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, "203.0.113.9"),
    ],
)
def test_an_address_is_what_our_proxy_saw(
    rf: Any, settings: Settings, is_behind: bool, told: dict[str, str], address: str
) -> None:
    settings.BEHIND_PROXY = is_behind
    assert client_address(rf.get("/", **told)) == address
