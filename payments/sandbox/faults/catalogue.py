"""Every fault by its name, with a sentence each. A new one is added here; what they are made of stands beside.

Some names take more: `status:418`; `wrong-asset:receivedAmount` and `wrong-scale:sentAmount`, of that amount alone;
`mutate:numbers`, that kind of mutation. How real wallets differ without being wrong (statuses, hashes, waits, how long
things live, when what arrived is told) is no fault: see `settings.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from payments.sandbox.errors import ControlError
from payments.sandbox.faults import altered_answers, changed_state, endless_lists
from payments.sandbox.faults.altered_answers import altered
from payments.sandbox.faults.broken_answers import (
    garbage,
    huge,
    not_json,
    plain,
    redirect,
    refusal,
    too_many,
    unknown_client,
)
from payments.sandbox.faults.endless_lists import endless
from payments.sandbox.faults.exchange import Strike, after_the_work
from payments.sandbox.faults.lost_answers import cut_off, delay, drip, hang, truncate
from payments.sandbox.faults.mutated_answers import MUTATIONS, mutated
from payments.sandbox.provider import WalletProvider


@dataclass(frozen=True, slots=True)
class RequestFault:
    """What goes wrong with a request. `strike` takes a number of seconds; `seconds` is that number unless told."""

    sentence: str
    strike: Strike
    seconds: float = 1


@dataclass(frozen=True, slots=True)
class StateFault:
    """What happens at once to a payment, quote or grant, behind the client's back.

    `change` takes its id and the body of the command, returns the command's answer, and raises ControlError.
    """

    sentence: str
    change: Callable[[WalletProvider, str, Mapping[str, Any]], dict[str, Any]]


Kind = TypeVar("Kind", RequestFault, StateFault)

FAULTS: dict[str, RequestFault | StateFault] = {
    # Nothing was done.
    "down": RequestFault("The provider is down: the connection is reset.", cut_off),
    "reset-before": RequestFault("The connection is reset before anything was done.", cut_off),
    "hang": RequestFault("Nothing is done or said, and in the end the connection is reset.", hang, seconds=600),
    "500-before": RequestFault("It crashes before anything was done.", plain(500, b"Internal Server Error")),
    "garbage-before": RequestFault("Nothing is done; the answer is no text.", plain(200, b"\x00\xff\xfe garbage")),
    "status:NNN": RequestFault("Nothing is done; the answer is a refusal with that status, or 400.", refusal(400)),
    "too-many": RequestFault("Nothing is done; 429 with `Retry-After: <seconds>`.", too_many, seconds=30),
    "invalid-client": RequestFault("Nothing is done: the client's key could not be fetched.", unknown_client),
    "redirect": RequestFault("Nothing is done; the answer leads elsewhere.", redirect),
    # It was done, but the answer is lost, late or not what it should be.
    "reset-after": RequestFault("It is done and the connection reset without an answer.", after_the_work(cut_off)),
    "hang-after": RequestFault("It is done and never answered.", after_the_work(hang), seconds=600),
    "truncate": RequestFault("The connection is closed in the middle of the answer.", after_the_work(truncate)),
    "delay": RequestFault("The request is taken up late.", delay),
    "drip": RequestFault("The answer comes one byte at a time, `seconds` apart.", after_the_work(drip)),
    "500-after": RequestFault("It is done, then it crashes.", after_the_work(plain(500, b"Internal Server Error"))),
    "garbage": RequestFault("The answer claims to be JSON and is no text.", after_the_work(garbage)),
    "not-json": RequestFault("The answer is a web page.", after_the_work(not_json)),
    "huge": RequestFault("The answer has 16 MiB.", after_the_work(huge)),
    # It was done, and the answer is well-formed and untrue.
    "wrong-types": RequestFault("Texts are numbers and numbers texts.", altered(altered_answers.types)),
    "wrong-amount": RequestFault("Amounts are more than twice as large.", altered(altered_answers.larger_amounts)),
    "wrong-asset": RequestFault("Amounts are in the asset XTS.", altered(altered_answers.another_asset)),
    "wrong-scale": RequestFault("Amounts have one more decimal place.", altered(altered_answers.another_scale)),
    "wrong-receiver": RequestFault("The receiver is another one.", altered(altered_answers.another_receiver)),
    "wrong-wallet": RequestFault("The wallet is another one.", altered(altered_answers.another_wallet)),
    "private-urls": RequestFault("Addresses lead into a private network.", altered(altered_answers.private_urls)),
    "no-interval": RequestFault("The interval of a grant's limits is left out.", altered(altered_answers.no_interval)),
    "same-page": RequestFault("A list is its first page, again and again.", endless(endless_lists.same_rows)),
    "empty-pages": RequestFault("A list has one empty page after the other.", endless(endless_lists.no_rows)),
    "endless-list": RequestFault("A list has other rows on each page, for ever.", endless(endless_lists.new_rows)),
    "mutate": RequestFault("One thing about it is what no wallet should send, drawn by the seed.", mutated()),
    # No request goes wrong, but what the provider knows changes.
    "forget": StateFault("A payment, quote or grant is gone; money that moved stays.", changed_state.forget),
    "complete": StateFault("The receiver completes an incoming payment.", changed_state.complete),
    "pay-in": StateFault("Somebody else pays `amount` into an incoming payment.", changed_state.pay_in),
    "cancel": StateFault("The payer's wallet cancels an outgoing payment not yet sent.", changed_state.cancel),
}


#: Faults of amounts that can be asked for of one amount alone.
OF_ONE_AMOUNT = {"wrong-asset": altered_answers.another_asset, "wrong-scale": altered_answers.another_scale}


def request_fault(name: str) -> RequestFault:
    """The fault of that name, to which some take more (see above). Raises ControlError."""
    kind, _, more = name.partition(":")
    if kind == "status" and more.isdigit():
        return replace(_named("status:NNN", RequestFault), strike=refusal(int(more)))
    if more and kind in OF_ONE_AMOUNT:
        change = altered_answers.only_in(more, OF_ONE_AMOUNT[kind])
        return replace(_named(kind, RequestFault), strike=altered(change))
    if kind == "mutate" and more in MUTATIONS:
        return replace(_named(kind, RequestFault), strike=mutated(more))
    return _named(name, RequestFault)


def state_fault(name: str) -> StateFault:
    """The fault of that name. Raises ControlError."""
    return _named(name, StateFault)


def _named(name: str, kind: type[Kind]) -> Kind:
    fault = FAULTS.get(name)
    if not isinstance(fault, kind):
        known = ", ".join(each for each, fault in FAULTS.items() if isinstance(fault, kind))
        raise ControlError(f"no {kind.__name__} is called {name!r}; there are {known}")
    return fault
