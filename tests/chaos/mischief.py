"""What happens at wallets and in the office while flows are under way, at moments drawn from the seed."""

import random
from collections.abc import Callable
from contextlib import suppress

from payments.actions import pausing
from payments.models import OutgoingPayment
from payments.models.pauses import PauseScope
from tests.chaos.books import Books
from tests.chaos.world import World
from tests.sandbox.process import SandboxRefusedError

#: Something that is put right again: what to do, and after how many seconds.
Later = tuple[float, "Callable[[], None]"]
MINUTES = 60.0
HOUR = 3600.0
#: How a provider that is away looks from outside.
AWAY = ("down", "status:503")

HABITS: list[dict[str, object]] = [
    {"repeatableContinue": True},
    {"repeatableContinue": False},
    {"deadTokenStatus": 401},
    {"deadTokenStatus": 403},
    {"unknownResourceStatus": 401},
    {"unknownResourceStatus": 404},
    {"hashEncoding": "base64url"},
    {"hashEncoding": "base64"},
    {"hashTrailingSlash": True},
    {"hashTrailingSlash": False},
    {"spentIncludesPayment": True},
    {"onLowBalance": "fail"},
    {"onLowBalance": "pending"},
]


class Mischief:
    """One thing at a time happens to everybody; a few payments have a fate of their own."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._dice = random.Random(f"mischief {seed}")
        self._books = Books(world.books)
        self._usual = world.sandbox.settings()
        self.happened: dict[str, int] = {}

    def next_in(self) -> float:
        return self._dice.uniform(2 * MINUTES, 12 * MINUTES)

    def strike(self) -> Later | None:
        """Something happens to everybody. What puts it right is returned, to be done later."""
        things = [
            self._habit,
            self._pause,
            self._poverty,
            self._withdraw_key,
            self._close_wallet,
            self._change_fee,
            self._skew,
            self._rotate_wallets_key,
            self._short_lives,
            self._quotes_of_seconds,
            self._told_late,
            self._completes_unpaid,
            self._key_not_found,
            self._too_many,
            self._account_away,
            self._all_away,
        ]
        thing = self._dice.choice(things)
        self._note(thing.__name__.strip("_"))
        return thing()

    def _note(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1

    def _habit(self) -> None:
        self._world.sandbox.control("POST", "/settings", self._dice.choice(HABITS))

    def _pause(self) -> Later:
        world = self._world
        paused = pausing.pause(PauseScope.ALL, "", "Counting", world.staff)
        return self._dice.uniform(60, 180), lambda: _ignore(pausing.resume(paused.pk, world.staff))

    def _poverty(self) -> Later:
        """Also of those who received, and may be asked to give back."""
        account = self._dice.choice(self._world.accounts)
        all_of_it = self._world.sandbox.balance(account.name)
        self._world.give(account, -all_of_it)
        return self._dice.uniform(60, 900), lambda: self._world.give(account, all_of_it)

    def _withdraw_key(self) -> Later:
        sandbox, key = self._world.sandbox, dict(self._world.seller_key.to_wire())
        sandbox.change_keys("platform", remove=["k1"])
        return self._dice.uniform(5, 30), lambda: sandbox.change_keys("platform", add=[key])

    def _close_wallet(self) -> Later:
        account = self._dice.choice(self._world.workers)
        self._world.sandbox.change_wallet(account.name, disabled=True)
        return self._dice.uniform(60, 600), lambda: _ignore(
            self._world.sandbox.change_wallet(account.name, disabled=False)
        )

    def _change_fee(self) -> None:
        account = self._dice.choice([*self._world.payers, self._world.platform])
        fee = {"fixed": self._dice.choice((0, 1, 50, 700)), "percentBps": self._dice.choice((0, 30, 150))}
        self._world.sandbox.change_wallet(account.name, fee=fee)

    def _skew(self) -> Later:
        self._world.sandbox.clock(self._dice.choice((-25, -10, 10, 25)))
        return self._dice.uniform(60, 600), lambda: self._world.sandbox.clock(0)

    def _rotate_wallets_key(self) -> None:
        self._world.sandbox.rotate_key(self._dice.choice(self._world.payers).name)

    def _setting(self, seconds: float, **changes: object) -> Later:
        """What the provider does otherwise for so long."""
        sandbox, usual = self._world.sandbox, {name: self._usual[name] for name in changes}
        sandbox.settings(**changes)
        return seconds, lambda: _ignore(sandbox.settings(**usual))

    def _short_lives(self) -> Later:
        """Incoming payments of an hour, of less than our margin, or of a minute, whatever was asked for."""
        lives = self._dice.choice((60, 1200, 3600))
        for_so_long = self._dice.uniform(10 * MINUTES, 30 * MINUTES)
        return self._setting(for_so_long, shortensIncomingPayments=True, incomingPaymentSeconds=lives)

    def _quotes_of_seconds(self) -> Later:
        return self._setting(self._dice.uniform(5 * MINUTES, 15 * MINUTES), quoteSeconds=self._dice.choice((5, 20)))

    def _told_late(self) -> Later:
        """What arrived has completed its incoming payment, and is told some time afterwards.

        Within a minute, though: who has been told twice, a minute apart, that nothing came, may believe it.
        """
        seconds = self._dice.choice((2, 20, 50))
        return self._setting(self._dice.uniform(10 * MINUTES, 60 * MINUTES), postingSeconds=seconds)

    def _completes_unpaid(self) -> Later:
        return self._setting(self._dice.uniform(MINUTES, 5 * MINUTES), completesUnpaid=True)

    def _key_not_found(self) -> None:
        self._for_all("invalid-client", self._dice.uniform(5, 60))

    def _too_many(self) -> None:
        self._for_all("too-many", self._dice.uniform(5, 60), seconds=self._dice.choice((1, 60, 900)))

    def _for_all(self, do: str, lasts: float, **more: object) -> None:
        self._world.sandbox.faults({"match": {"operation": "*"}, "do": do, "lastsSeconds": lasts, **more})

    def _account_away(self) -> None:
        """For hours, while its clock goes on."""
        account = self._dice.choice([*self._world.payers, *self._world.workers])
        self._world.sandbox.away(self._dice.uniform(HOUR, 8 * HOUR), self._dice.choice(AWAY), wallet=account.name)

    def _all_away(self) -> None:
        self._world.sandbox.away(self._dice.uniform(20, 3 * MINUTES), self._dice.choice(AWAY))

    def night(self) -> None:
        """Everybody's provider is away for hours: who has not been paid by then waits until it is back."""
        self._note("night")
        self._world.sandbox.away(self._dice.uniform(2 * HOUR, 4 * HOUR), self._dice.choice(AWAY))

    # -- single payments

    def visit(self, order: OutgoingPayment) -> None:
        """An order was given: a few have a fate other than being paid."""
        fates: list[tuple[float, Callable[[OutgoingPayment], bool]]] = [
            (0.7, self._paid_by_another),
            (0.7, self._paid_in_part_by_another),
            (1.0, self._completed_by_receiver),
            (0.8, self._cancelled_by_wallet),
            (0.4, self._part_and_cancelled),
            (0.25, self._incoming_forgotten),
            (1.0, self._outgoing_forgotten),
        ]
        drawn = self._dice.random() * 100
        for chance, fate in fates:
            drawn -= chance
            if drawn < 0:
                # A wallet may find that it can't: then nothing special happens.
                with suppress(SandboxRefusedError):
                    if fate(order):
                        self._note(fate.__name__.strip("_"))
                return

    def _paid_by_another(self, order: OutgoingPayment) -> bool:
        return self._world.sandbox.pay_in(order.quote.incoming.remote_id, order.quote.incoming.value) > 0

    def _paid_in_part_by_another(self, order: OutgoingPayment) -> bool:
        part = order.quote.incoming.value // 2
        return part > 0 and self._world.sandbox.pay_in(order.quote.incoming.remote_id, part) > 0

    def _completed_by_receiver(self, order: OutgoingPayment) -> bool:
        self._world.sandbox.complete(order.quote.incoming.remote_id)
        return True

    def _cancelled_by_wallet(self, order: OutgoingPayment) -> bool:
        outgoing = self._books.outgoing_of(order)
        if outgoing is None:
            return False
        self._world.sandbox.cancel(outgoing.id, "Fraud check")
        return True

    def _part_and_cancelled(self, order: OutgoingPayment) -> bool:
        return self._paid_in_part_by_another(order) and self._cancelled_by_wallet(order)

    def _incoming_forgotten(self, order: OutgoingPayment) -> bool:
        """Before anything arrived: nothing can arrive there any more."""
        incoming = order.quote.incoming
        if self._books.arrived_at(incoming.remote_id):
            return False
        self._world.sandbox.forget(incoming.remote_id)
        return True

    def _outgoing_forgotten(self, order: OutgoingPayment) -> bool:
        """Once it is over: what it had cost stays paid."""
        outgoing = self._books.outgoing_of(order)
        if outgoing is None:
            return False
        self._world.sandbox.settle(outgoing.id)
        after = self._books.outgoing_of(order)
        if after is None or after.state not in ("completed", "failed"):
            return False
        self._world.forgotten.append(after)
        self._world.sandbox.forget(outgoing.id)
        return True


def _ignore(_: object) -> None:
    """The other half of something that was undone."""
