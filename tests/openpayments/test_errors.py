import pickle

import pytest

from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.errors import (
    BadAnswer,
    NotSent,
    OpenPaymentsError,
    Refused,
    Said,
    Unanswered,
    UnsafeUrl,
    WalletFailed,
)
from payments.openpayments.operations import Operation

NAMELESS = "missing required request field 'client'"
URL = "https://wallet.example/op/x?secret=1"


def refused(operation: Operation, status: int, description: str = "", code: str = "") -> Refused:
    return Refused(operation, URL, status, Said(code, description))


def every_error(operation: Operation) -> list[OpenPaymentsError]:
    return [
        UnsafeUrl(operation, URL, "d", "not_https"),
        NotSent(operation, URL, "d", "dns"),
        Refused(operation, URL, 400, Said()),
        Unanswered(operation, URL, "d", "time_out"),
        WalletFailed(operation, URL, "d", 500),
        BadAnswer(operation, URL, "d", "not_json"),
    ]


@pytest.mark.parametrize("operation", Operation)
def test_an_outcome_is_unknown_only_when_something_was_sent_that_changes_something(operation: Operation) -> None:
    unknown = [error.outcome_unknown for error in every_error(operation)]
    changes = operation.method != "GET"
    assert unknown == [False, False, False, changes, changes, changes]


def test_errors_say_where_without_the_query_and_survive_pickling() -> None:
    for error in every_error(Operation.CREATE_QUOTE):
        again = pickle.loads(pickle.dumps(error))
        for one in (error, again):
            assert one.url == "https://wallet.example/op/x"
            assert one.host == "wallet.example"
            assert "secret" not in str(one)
            assert one.operation is Operation.CREATE_QUOTE


@pytest.mark.parametrize(
    ("error", "hints"),
    [
        (refused(Operation.CREATE_QUOTE, 403, "Inactive Token"), {"token_is_dead"}),
        (refused(Operation.CREATE_QUOTE, 401, "Invalid Token"), {"token_is_dead"}),
        (refused(Operation.GET_QUOTE, 401, "Invalid Token"), {"token_is_dead"}),
        (refused(Operation.GET_QUOTE, 401, "Unauthorized"), {"token_is_dead", "may_be_gone"}),
        (refused(Operation.GET_QUOTE, 404), {"gone", "may_be_gone"}),
        (refused(Operation.GET_INCOMING_PAYMENT, 410), {"gone", "may_be_gone"}),
        (refused(Operation.CREATE_QUOTE, 401, "Signature validation error: x"), {"signature_refused"}),
        (refused(Operation.REQUEST_GRANT, 400, "x", "invalid_client"), {"signature_refused", "client_unknown"}),
        (refused(Operation.REQUEST_GRANT, 400, NAMELESS), {"signature_refused", "client_unknown"}),
        (refused(Operation.CONTINUE_GRANT, 400, "", "too_fast"), {"too_fast"}),
        (refused(Operation.CONTINUE_GRANT, 401, "", "invalid_continuation"), {"grant_is_lost"}),
        (refused(Operation.CONTINUE_GRANT, 404, "", "invalid_continuation"), {"grant_is_lost", "gone", "may_be_gone"}),
        (refused(Operation.CONTINUE_GRANT, 401, "", "request_denied"), {"grant_is_lost"}),
        (refused(Operation.CONTINUE_GRANT, 401, "", "invalid_client"), {"signature_refused", "client_unknown"}),
        (refused(Operation.ROTATE_TOKEN, 404, "", "invalid_rotation"), {"token_is_dead", "gone", "may_be_gone"}),
        (refused(Operation.CREATE_OUTGOING_PAYMENT, 403, "unauthorized"), {"over_limit"}),
        (refused(Operation.CREATE_OUTGOING_PAYMENT, 403), {"over_limit"}),
        (refused(Operation.CREATE_OUTGOING_PAYMENT, 403, "Insufficient Grant"), {"insufficient_grant"}),
        (refused(Operation.CREATE_OUTGOING_PAYMENT, 403, "Inactive Token"), {"token_is_dead"}),
        (refused(Operation.CREATE_OUTGOING_PAYMENT, 400, "invalid quote"), {"quote_is_spent"}),
        (refused(Operation.CREATE_QUOTE, 400, "invalid receiver"), {"receiver_is_closed"}),
        (refused(Operation.CREATE_QUOTE, 400, "non-positive receive amount"), {"too_small"}),
        (refused(Operation.COMPLETE_INCOMING_PAYMENT, 409, "wrong state"), {"already_done"}),
        (refused(Operation.GET_WALLET_ADDRESS, 404), {"gone", "may_be_gone"}),
        (refused(Operation.GET_WALLET_ADDRESS, 400), set()),
        (refused(Operation.CREATE_INCOMING_PAYMENT, 429), {"too_fast"}),
    ],
)  # fmt: skip
def test_a_refusal_hints_at_what_to_try_next(error: Refused, hints: set[str]) -> None:
    every_hint = {
        "already_done",
        "client_unknown",
        "gone",
        "grant_is_lost",
        "insufficient_grant",
        "may_be_gone",
        "over_limit",
        "quote_is_spent",
        "receiver_is_closed",
        "signature_refused",
        "token_is_dead",
        "too_fast",
        "too_small",
    }
    assert {hint for hint in every_hint if getattr(error, hint)} == hints


def test_the_smallest_amount_is_read_when_it_is_readable() -> None:
    wire = {"value": "7", "assetCode": "USD", "assetScale": 2}
    error = Refused(
        Operation.CREATE_QUOTE, URL, 400, Said("400", "non-positive receive amount", {"minSendAmount": wire})
    )
    assert error.smallest_debit == Amount(7, Asset("USD", 2))
    for details in (None, {}, {"minSendAmount": "7"}):
        assert Refused(Operation.CREATE_QUOTE, URL, 400, Said("", "", details)).smallest_debit is None


def test_userinfo_never_shows() -> None:
    assert NotSent(Operation.GET_QUOTE, "https://a:b@wallet.example/x", "d", "dns").url == "https://wallet.example/x"
    assert NotSent(Operation.GET_QUOTE, "https://[", "d", "dns").url == ""
