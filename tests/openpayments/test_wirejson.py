import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.openpayments.wirejson import Json, UnreadableJsonError, UnsendableJsonError, compact_json, parse_json

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
keys = texts.filter(lambda key: not key.isdecimal())
sendable = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(sendable)
def test_what_we_send_reads_back_and_has_one_form(value: Json) -> None:
    sent = compact_json(value)
    assert parse_json(sent) == value
    assert compact_json(value) == sent


def test_the_form_is_compact_and_unescaped() -> None:
    assert compact_json({"a": ["ñ", 1, True, None]}) == '{"a":["ñ",1,true,null]}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1e-07,
        float("nan"),
        {"a": 0.5},
        2**53 + 1,
        -(2**53) - 1,
        "a\x00",
        "\ud800",
        {"1": "x"},
        {"a\x00": 1},
        {1: 2},
        b"x",
        {"a": object()},
    ],
)
def test_what_javascript_would_write_otherwise_is_not_sent(value: Json) -> None:
    with pytest.raises(UnsendableJsonError):
        compact_json(value)


def test_a_bottomless_value_is_not_sent() -> None:
    value: list[Json] = []
    for _ in range(200):
        value = [value]
    with pytest.raises(UnsendableJsonError):
        compact_json(value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"{",
        b"\xff\xfe",
        b'{"a":1,"a":2}',
        b"NaN",
        b'{"a":Infinity}',
        b'"\\u0000"',
        b'"\\ud800"',
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
        b"1" * 10_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_not_one_plain_json_text_is_not_read(content: bytes) -> None:
    with pytest.raises(UnreadableJsonError):
        parse_json(content)
