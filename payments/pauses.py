"""The pauses that are on, and which of them forbids a payment. Only reads; `payments.actions.pausing` starts them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from ledger.compiled import Compiled
from payments.models import Pause
from payments.models.pauses import PauseScope

_ACTIVE = Compiled(lambda: Pause.objects.filter(ended_at=None).order_by("started_at"))


def blocking(seller_id: str, hosts: Iterable[str]) -> Pause | None:
    """The first pause that forbids `seller_id` to move new money between wallets at `hosts`; None when it may."""
    targets = _targets(seller_id, hosts)
    return next((pause for pause in active() if (pause.scope, pause.target) in targets), None)


def last_ended(seller_id: str, hosts: Iterable[str]) -> datetime | None:
    """When the latest pause that forbade that, and no longer does, came to its end; None without one."""
    ended = Q()
    for scope, target in _targets(seller_id, hosts):
        ended |= Q(scope=scope, target=target, ended_at__isnull=False)
    latest: datetime | None = Pause.objects.filter(ended).aggregate(latest=Max("ended_at"))["latest"]
    return latest


def active() -> list[Pause]:
    """Every pause that is on, oldest first."""
    return _ACTIVE()


def _targets(seller_id: str, hosts: Iterable[str]) -> set[tuple[str, str]]:
    names = {(PauseScope.HOST, host_name(host)) for host in hosts}
    return {(PauseScope.ALL, ""), (PauseScope.SELLER, seller_id), *names}


def host_name(host: str) -> str:
    """`host` as pauses name it: the port of https goes without saying."""
    return host.lower().removesuffix(":443")
