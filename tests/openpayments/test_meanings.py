"""What each refusal means: final, later, or perhaps done. The table is that of the docs."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from payments.openpayments.errors import BadAnswer, Meaning, NotSent, OurFault, Refused, Said, Unanswered, UnsafeUrl
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline, Transport
from tests.openpayments.wallet_server import Reply, WalletServer

URL = "https://wallet.example/x"
PAY, READ = Operation.CREATE_OUTGOING_PAYMENT, Operation.GET_INCOMING_PAYMENT
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in Path("docs/refusals.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| call")
]


@pytest.mark.parametrize(("call", "status", "code", "description", "meaning"), ROWS)
def test_a_refusal_means_what_the_docs_say(call: str, status: str, code: str, description: str, meaning: str) -> None:
    said = Said("" if code == "*" else code, description)
    for operation in Operation if call == "any" else [Operation(call)]:
        assert Refused(operation, URL, int(status), said).meaning is Meaning(meaning.replace(" ", "_"))


def test_without_an_answer_what_changes_something_is_perhaps_done() -> None:
    for operation, meaning in ((PAY, Meaning.PERHAPS_DONE), (READ, Meaning.LATER)):
        assert Unanswered(operation, URL, "?", "broken").meaning is meaning
        assert BadAnswer(operation, URL, "?").meaning is meaning
        assert OurFault(operation, URL, "?").meaning is meaning
    assert NotSent(PAY, URL, "?", "dns").meaning is Meaning.LATER
    assert UnsafeUrl(PAY, URL, "?", "private_address").meaning is Meaning.FINAL


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("999999999999", 3600), ("Wed, 21 Oct 2099 07:28:00 GMT", 0), ("-5", 0), ("", 0)],
)
def test_how_long_a_wallet_asks_us_to_wait_is_heard_up_to_an_hour(
    wallet: WalletServer, header: str, seconds: int
) -> None:
    wallet.on("GET", "/op/x", Reply({}, 429, headers={"Retry-After": header}))
    trusted = frozenset({urlsplit(wallet.origin).netloc})
    with Transport(trusted) as transport, pytest.raises(Refused) as refused:
        transport.send(READ, f"{wallet.origin}/op/x", deadline=Deadline.after(5))
    assert refused.value.retry_after == timedelta(seconds=seconds)
