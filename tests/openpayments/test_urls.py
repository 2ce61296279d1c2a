from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.openpayments.addresses import is_public
from payments.openpayments.urls import UrlError, canonical_wallet_url, check_server_url, check_url

NOBODY: frozenset[str] = frozenset()
TRUSTED = frozenset({"localhost:9100", "127.0.0.1:9100", "[::1]:9100", "wallet.internal:443"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("$wallet.example/alice", "https://wallet.example/alice"),
        ("$wallet.example", "https://wallet.example/.well-known/pay"),
        ("$wallet.example/", "https://wallet.example/.well-known/pay"),
        ("  $wallet.example/alice/ \n", "https://wallet.example/alice"),
        ("https://wallet.example/alice/", "https://wallet.example/alice"),
        ("https://wallet.example", "https://wallet.example"),
        ("wallet.example/alice", "https://wallet.example/alice"),
        ("HTTPS://Wallet.Example/Alice", "https://wallet.example/Alice"),
        ("https://wallet.example:443/alice", "https://wallet.example/alice"),
        ("https://wallet.example:8443/alice", "https://wallet.example:8443/alice"),
        ("https://ñandú.example/alice", "https://xn--and-6ma2c.example/alice"),
        ("https://wallet.example/josé", "https://wallet.example/jos%C3%A9"),
        ("https://wallet.example/@alice", "https://wallet.example/@alice"),
    ],
)
def test_what_people_type_becomes_the_address_they_mean(typed: str, meant: str) -> None:
    assert canonical_wallet_url(typed, NOBODY) == meant
    assert canonical_wallet_url(meant, NOBODY) == meant


def test_a_trusted_host_may_be_http_and_private() -> None:
    for url in ("http://localhost:9100/alice", "https://127.0.0.1:9100/a", "http://[::1]:9100/a"):
        assert canonical_wallet_url(url, TRUSTED) == url
    assert check_url("https://wallet.internal/a", TRUSTED) == "https://wallet.internal/a"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("https://wallet.example/" + "a" * 3000, "too_long"),
        ("http://wallet.example/alice", "not_https"),
        ("http://localhost:9101/alice", "not_https"),
        ("ftp://wallet.example/alice", "not_https"),
        ("javascript:alert(1)", "not_a_url"),
        ("file:///etc/passwd", "not_a_url"),
        ("https:///alice", "not_a_url"),
        ("https://alice:pw@wallet.example/", "userinfo"),
        ("https://wallet.example@evil.example/", "userinfo"),
        ("$alice@evil.example", "userinfo"),
        ("https://wallet.example/alice#x", "fragment"),
        ("https://wallet.example/alice#", "fragment"),
        ("https://wallet.example/alice?x=1", "query"),
        ("https://wallet.example/alice bob", "not_a_url"),
        ("https://wallet.example\\@evil.example/", "userinfo"),
        ("https://wallet.example/a\x00b", "not_a_url"),
        ("https://wal\nlet.example/", "not_a_url"),
        ("https://wallet.example/a/../b", "not_a_url"),
        ("https://wallet.example/%2e%2e/b", "not_a_url"),
        ("$$wallet.example", "not_a_url"),
        ("$", "not_a_url"),
        ("https://wallet.example:0/", "bad_port"),
        ("https://wallet.example:99999/", "not_a_url"),
        ("https://wallet.example:x/", "not_a_url"),
        ("https://-wallet.example/", "bad_host"),
        ("https://wallet..example/", "bad_host"),
        ("https://xn--a/", "bad_host"),
        ("https://XN--A.example/alice", "bad_host"),
        ("$xn--.example", "bad_host"),
        ("https://xn--and-6ma2c.a_b.example/", "bad_host"),
        ("https://wallet.example./", "bad_host"),
        ("https://" + "a." * 200 + "example/", "bad_host"),
        ("https://[::1", "not_a_url"),
        ("https://１２７.0.0.1/", "not_a_url"),  # noqa: RUF001 - full-width digits are the point
    ],
)
def test_hostile_or_mistyped_addresses_are_refused_with_a_reason(typed: str, code: str) -> None:
    with pytest.raises(UrlError) as caught:
        canonical_wallet_url(typed, NOBODY)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "[5f00::1]",
    ],
)
def test_no_spelling_of_a_private_address_passes(host: str) -> None:
    for url in (f"https://{host}/alice", f"https://{host}:9101/alice"):
        with pytest.raises(UrlError) as caught:
            check_url(url, TRUSTED)
        assert caught.value.code in {"private_address", "bad_host"}
        with pytest.raises(UrlError):
            canonical_wallet_url(url, TRUSTED)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_an_address_with_an_interface_is_not_public() -> None:
    assert not is_public(ip_address("2606:4700::1111%eth0"))
    with pytest.raises(UrlError):
        check_url("https://[fe80::1%25eth0]/", NOBODY)


@pytest.mark.parametrize(
    "url",
    [
        "https://wallet.example/a|b",
        "https://wallet.example/é",
        "https://wallet.example/%zz",
        "https://wallet.exämple/",
        "https://w%61llet.example/",
        "//wallet.example/",
        "wallet.example",
        "https:wallet.example",
        "https://[v1.a]/",
        "https://wallet.example/ ",
    ],
)
def test_what_would_be_rewritten_on_the_way_is_refused_from_wallets(url: str) -> None:
    with pytest.raises(UrlError):
        check_url(url, NOBODY)


def test_a_server_has_no_query_but_other_addresses_may() -> None:
    url = "https://wallet.example/continue?id=1"
    assert check_url(url, NOBODY) == url
    with pytest.raises(UrlError) as caught:
        check_server_url(url, NOBODY)
    assert caught.value.code == "query"


hosts = st.sampled_from(["wallet.example", "Wallet.Example:443", "a-b.c_d.example:8443", "[2606:4700::1]", "8.8.8.8"])
tails = st.text(st.sampled_from("ab/._~!$&'()*+,;=:@%2fE0?-#| \\"), max_size=30)


@given(hosts, tails)
def test_an_accepted_address_is_sent_letter_by_letter(host: str, tail: str) -> None:
    url = f"https://{host}/{tail}"
    try:
        check_url(url, NOBODY)
    except UrlError:
        return
    assert httpx.URL(url).raw_path.decode() == f"/{tail}"


@given(st.text(max_size=60))
def test_whatever_is_typed_is_an_address_or_a_sentence(typed: str) -> None:
    try:
        meant = canonical_wallet_url(typed, NOBODY)
    except UrlError:
        return
    assert canonical_wallet_url(meant, NOBODY) == meant


def test_a_port_is_written_without_digits_that_change_nothing() -> None:
    with pytest.raises(UrlError) as caught:
        check_url("https://wallet.example:00000000443/", frozenset())
    assert caught.value.code == "bad_port"
    assert check_url("https://[2606:4700::1111]:8443/", frozenset())
