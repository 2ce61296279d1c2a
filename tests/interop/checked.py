"""A whole recording, held against the documents."""

from collections import Counter
from collections.abc import Iterable

from tests.interop.conformity import answer_errors, operation_in, request_errors
from tests.interop.recording import Exchange

PRODUCT = "Tequio"
DONE = {200, 201, 204}


def wrong_answers(exchanges: Iterable[Exchange]) -> list[str]:
    """What is wrong with the answers of a recording in which requests break the rules on purpose."""
    return [
        f"{exchange} ({operation.id}): {error}"
        for exchange in exchanges
        if (operation := operation_in(exchange)) is not None
        for error in answer_errors(exchange, operation)
    ]


class Checked:
    """Raises AssertionError when anything in the recording is not as documented; afterwards, what there was in it.

    `asked` and `done` count, by operation, what the product asked for and what of it the wallet did.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.asked: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.refusals: set[tuple[str, int]] = set()
        self.between_wallets = 0
        wrong = []
        for exchange in exchanges:
            operation = operation_in(exchange)
            if operation is None:
                continue
            errors = [*request_errors(exchange, operation), *answer_errors(exchange, operation)]
            wrong += [f"{exchange} ({operation.id}): {error}" for error in errors]
            self._count(exchange, operation.id)
        assert not wrong, "\n".join(wrong)

    def _count(self, exchange: Exchange, operation: str) -> None:
        if exchange.sender != PRODUCT:
            self.between_wallets += 1
            return
        self.asked[operation] += 1
        if exchange.status in DONE:
            self.done[operation] += 1
        else:
            self.refusals.add((operation, exchange.status))

    def __str__(self) -> str:
        total = self.asked.total() + self.between_wallets
        return (
            f"{len(self.asked)} operations, {total} requests, {total} answers validated "
            f"({self.between_wallets} of them between wallets, {len(self.refusals)} kinds of refusal)"
        )
