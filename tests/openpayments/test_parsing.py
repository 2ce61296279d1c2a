"""Whatever a wallet writes into an answer, reading it gives a typed value or an UnusableAnswerError, never a crash."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.openpayments import parsing
from payments.openpayments.parsing import Reader, UnusableAnswerError
from tests.openpayments import answers
from tests.openpayments.wallet_server import WalletServer

NOBODY: frozenset[str] = frozenset()

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


class PublicWallet(WalletServer):
    """Lends its origin to the usual answers; nobody calls it."""

    def __init__(self) -> None:
        self.origin = "https://wallet.example"


WALLET = PublicWallet()
SHAPES: list[tuple[Callable[[Reader], object], dict[str, Any]]] = [
    (parsing.wallet_address, answers.wallet_address(WALLET)),
    (parsing.grant_answer, answers.grant_with_token(WALLET)),
    (parsing.grant_answer, answers.grant_with_interaction(WALLET)),
    (parsing.incoming_payment, answers.incoming(WALLET)),
    (parsing.quote, answers.quote(WALLET)),
    (parsing.outgoing_payment, answers.outgoing(WALLET)),
    (parsing.keys, {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "A" * 43}]}),
    (parsing.spent_amounts, {"spentDebitAmount": answers.usd(1), "spentReceiveAmount": None}),
]


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, member in members for place in places(member, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    key, *rest = path
    copy = value.copy()
    copy[key] = replaced(value[key], tuple(rest), new)
    return copy


@settings(max_examples=400)
@given(st.data())
def test_anything_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    parse, answer = data.draw(st.sampled_from(SHAPES))
    changed = replaced(answer, data.draw(st.sampled_from(places(answer))), data.draw(values))
    with contextlib.suppress(UnusableAnswerError):
        parse(Reader.of(changed, "answer", NOBODY))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01t12:00:00z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.5Z", datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01T06:00:00-06:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_form_of_rfc_3339(written: str, read: datetime) -> None:
    payment = parsing.incoming_payment(Reader.of(answers.incoming(WALLET, createdAt=written), "answer", NOBODY))
    assert payment.created_at == read
