"""The pauses that are on, and which of them forbids a payment. Only reads; `payments.actions.pausing` starts them."""

from collections.abc import Iterable

from payments.compiled import Compiled
from payments.models import Pause
from payments.models.pauses import PauseScope

_ACTIVE = Compiled(lambda: Pause.objects.filter(ended_at=None).order_by("started_at"))


def blocking(seller_id: str, hosts: Iterable[str]) -> Pause | None:
    """The pause that forbids `seller_id` to move new money between wallets at `hosts`; None when it may."""
    return first_of(active(), seller_id, hosts)


def first_of(pauses: Iterable[Pause], seller_id: str, hosts: Iterable[str]) -> Pause | None:
    """The first of `pauses` that forbids `seller_id` to move new money between wallets at `hosts`; None when it may.

    `pauses` are on: whoever asks for many payments at once reads them once.
    """
    targets = {(PauseScope.ALL, ""), (PauseScope.SELLER, seller_id)}
    targets |= {(PauseScope.HOST, host.lower()) for host in hosts}
    return next((pause for pause in pauses if (pause.scope, pause.target) in targets), None)


def active() -> list[Pause]:
    """Every pause that is on, oldest first."""
    return _ACTIVE()
