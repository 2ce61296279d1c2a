"""Canonical JSON: whatever is written, the quick way and the library's write the same, and read the same."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.canonical import NotCanonical

#: Text that escapes are made for, that sorts otherwise by its UTF-16, and halves of a pair.
ODD = 'az":,[{}\\/ \b\t\n\f\r\x00\x1f\x7f\u20ac\ue000\uffff\U00010000\U0001f600\ud800-1.e'
TEXTS = st.text(st.sampled_from(ODD), max_size=6)
EDGES = [0, -0.0, 1.0, 1e21, 5e-324, 2**53 - 1, 2**53, -(2**53)]
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(EDGES))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


def by_the_library(value: Any) -> str | None:
    """None where it has no canonical form."""
    try:
        return rfc8785.dumps(value).decode()
    except ValueError:
        return None


def written(value: Any) -> str | None:
    try:
        return canonical.dumps(value)
    except ValueError:
        return None


def read(text: str) -> list[Any] | None:
    try:
        return [canonical.loads(text)]
    except NotCanonical:
        return None


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_both_write_and_read_the_same(value: dict[str, Any]) -> None:
    text = by_the_library(value)
    # A lone half of a pair is no text; what is recorded was looked through for them before.
    if text is not None or all(half not in json.dumps(value) for half in ("\\ud8", "\\udc")):
        assert written(value) == text
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for spelled in (text or "{}", json.dumps(value), compact):
        again = json.loads(spelled)
        assert read(spelled) == ([again] if by_the_library(again) == spelled else None), spelled


OTHERS = (
    *('{"a":1,"a":1}', '{"b":1,"a":1}', '{"a": 1}', '{"a":1}\n', "", "{"),
    *('{"a":1.0}', '{"a":-0}', '{"a":9007199254740993}', '{"a":NaN}'),
    *('{"a":"\\u0041"}', '{"a":"\\/"}', '{"a":"\udcff"}', '{"\uffff":1,"\U00010000":1}'),
)


@pytest.mark.parametrize("text", OTHERS, ids=ascii)
def test_another_spelling_is_not_canonical(text: str) -> None:
    with pytest.raises(NotCanonical):
        canonical.loads(text)


def test_members_are_in_the_order_of_their_utf_16() -> None:
    value = {"\uffff": 1, "\U00010000": 2, "z": 3}
    assert canonical.dumps(value) == '{"z":3,"\U00010000":2,"\uffff":1}'
    assert canonical.loads('{"z":3,"\U00010000":2,"\uffff":1}') == value
    assert canonical.dumps({"a": 1.0, "b": 10**15}) == '{"a":1,"b":1000000000000000}'
