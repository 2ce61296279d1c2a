import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.openpayments.interaction import hash_matches, interaction_hash, new_nonce

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


def test_the_hash_is_the_one_of_the_specification() -> None:
    # RFC 9635, section 4.2.3: the example's SHA-256 form.
    given_hash = interaction_hash(
        "VJLO6A4CATR0KRO", "MBDOFXG4Y5CVJCX821LH", "4IFWWIKYB2PQ6U56NL1", "https://server.example.com/tx"
    )
    assert given_hash == "x-gguKWTj8rQf7d7i3w3UhzvuJ5bpOlKyAlVpLxBffY=".replace("-", "+").replace("_", "/")


@given(texts, texts, texts)
def test_a_wallet_may_write_the_hash_in_any_usual_way(nonce: str, finish: str, ref: str) -> None:
    for grant_url in ("https://auth.example/tenant", "https://auth.example/tenant/"):
        digest = hashlib.sha256(f"{nonce}\n{finish}\n{ref}\n{grant_url}".encode()).digest()
        standard = base64.b64encode(digest).decode()
        url_safe = base64.urlsafe_b64encode(digest).decode()
        for form in (standard, url_safe, standard.rstrip("="), url_safe.rstrip("="), standard.replace("+", " ")):
            for auth_server in ("https://auth.example/tenant", "https://auth.example/tenant/"):
                assert hash_matches(form, nonce=nonce, finish=finish, interact_ref=ref, auth_server=auth_server)


@given(st.text(max_size=60))
def test_no_other_text_matches(given_hash: str) -> None:
    assert not hash_matches(given_hash, nonce="n" * 22, finish="f", interact_ref="r", auth_server="https://a.example")


@pytest.mark.parametrize("changed", ["nonce", "finish", "interact_ref", "auth_server"])
def test_every_part_counts(changed: str) -> None:
    parts = {"nonce": "N" * 22, "finish": "F", "interact_ref": "R", "auth_server": "https://a.example"}
    good = interaction_hash("N" * 22, "F", "R", "https://a.example")
    assert hash_matches(good, **parts)
    assert not hash_matches(good, **{**parts, changed: parts[changed] + "x"})


@pytest.mark.parametrize(
    "broken", ["", "=", "A" * 42, "A" * 44, "A" * 100_000, "é" * 43, "AAAA\n" + "A" * 38, "\ud800"]
)
def test_broken_forms_do_not_match_and_do_not_fail(broken: str) -> None:
    assert not hash_matches(broken, nonce="n", finish="\ud800", interact_ref="\x00", auth_server="https://a.example")


def test_nonces_are_long_and_never_twice_the_same() -> None:
    nonces = {new_nonce() for _ in range(100)}
    assert len(nonces) == 100
    assert min(map(len, nonces)) >= 43
