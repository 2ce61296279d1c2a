"""Why requests of the chosen days ended without their money, and what was asked of wallets in vain."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.functional import Promise

from backoffice.dashboard.figures.shapes import share
from backoffice.dashboard.links import rows
from backoffice.dashboard.period import Period
from payments.admin.filters import NO_REASON
from payments.models import PaymentRequest
from payments.presentation.reasons import gist
from payments.presentation.wallet_answers import ASKINGS, AskedOfWallets
from payments.states import RequestState

#: How a request ends without its money, but for whoever asked taking it back.
ENDED: Final = (RequestState.DECLINED, RequestState.EXPIRED, RequestState.FAILED)
#: So many are told, the most frequent first.
MOST: Final = 12


@dataclass(frozen=True)
class Cause:
    """`what` it happened to, `why`; `count` rows are behind `link`."""

    what: str
    why: str
    count: int
    link: str


@dataclass(frozen=True)
class Answers:
    """Of one kind of thing that is asked of wallets: how often, and how often in vain."""

    title: str | Promise
    asked: int
    link: str
    in_vain: int
    in_vain_link: str

    @property
    def share(self) -> int:
        return share(self.in_vain, self.asked)


@dataclass(frozen=True)
class WalletErrors:
    """What was asked in vain, by kind, by reason and by the host that was asked; the most frequent first."""

    kinds: list[Answers]
    by_reason: list[Cause]
    by_host: list[Cause]


def ends(period: Period) -> list[Cause]:
    """Of requests that ended in these days, in the currency that their payers pay. One query."""
    which, query = period.on("finished_at"), period.days("finished_at")
    if period.currency:
        which, query = which & Q(asset_code=period.currency), {**query, "currency": period.currency}
    found = PaymentRequest.objects.filter(which, state__in=ENDED).order_by()
    causes = [
        Cause(
            str(RequestState(state).label),
            gist(reason),
            count,
            rows(PaymentRequest, status=state, reason=reason or NO_REASON, **query),
        )
        for state, reason, count in found.values_list("state", "reason").annotate(count=Count("pk"))
    ]
    return _frequent(causes)


def wallet_errors(period: Period) -> WalletErrors:
    """Of all wallets, whatever the currency. Two queries for each kind."""
    which, query = period.on("created_at"), period.days("created_at")
    kinds, by_reason, by_host = [], [], []
    for asking in ASKINGS:
        name = _name(asking)
        asked = asking.model._default_manager.filter(which)  # noqa: SLF001 - Django's public name
        reasons, hosts = _in_vain(asking, which)
        link = rows(asking.model, answer="none", **query)
        kinds.append(Answers(name, asked.count(), rows(asking.model, **query), sum(hosts.values()), link))
        by_reason += [
            Cause(name, gist(one), count, rows(asking.model, answer="none", reason=one or NO_REASON, **query))
            for one, count in reasons.items()
        ]
        by_host += [
            Cause(name, one, count, rows(asking.model, answer="none", host=one, **query))
            for one, count in hosts.items()
        ]
    return WalletErrors(kinds, _frequent(by_reason), _frequent(by_host))


def _in_vain(asking: AskedOfWallets, which: Q) -> tuple[Counter[str], Counter[str]]:
    """By the code of the reason, and by host."""
    reasons: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    found: Any = asking.model._default_manager.filter(which & asking.in_vain).order_by()  # noqa: SLF001 - as above
    for reason, host, count in found.values_list("reason", asking.host).annotate(count=Count("pk")):
        reasons[reason] += count
        hosts[host] += count
    return reasons, hosts


def _name(asking: AskedOfWallets) -> str:
    name = str(asking.model._meta.verbose_name_plural)  # noqa: SLF001 - Django's public name
    return name[:1].upper() + name[1:]


def _frequent(causes: list[Cause]) -> list[Cause]:
    return sorted(causes, key=lambda cause: (-cause.count, cause.what, cause.why))[:MOST]
