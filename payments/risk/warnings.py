"""The warnings of payments that are about to be decided on, with what follows from each, and who overrode which."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from payments.models import Payment, RiskLevel, RiskOverride, RiskSetting
from payments.models.payments import Purpose
from payments.risk.checks import CHECKS, PlannedPayment, RiskCheck, planned
from payments.states import UNSENT


@dataclass(frozen=True)
class RiskWarning:
    """One thing that is unusual about one payment, in one sentence of the reader's language."""

    check: RiskCheck
    payment: str  # its key
    level: RiskLevel
    text: str
    figures: Mapping[str, str]
    override: RiskOverride | None = None

    @property
    def key(self) -> str:
        """What names it to whoever answers it."""
        return f"{self.check.name}:{self.payment}"

    @property
    def blocks(self) -> bool:
        return self.level == RiskLevel.BLOCK and self.override is None

    @property
    def wants_tick(self) -> bool:
        return self.level == RiskLevel.TICK


def levels() -> dict[str, RiskLevel]:
    """How strictly each check counts, by its name: one query."""
    known = dict(RiskSetting.objects.values_list("check_name", "level"))
    return {name: RiskLevel(known.get(name, check.default)) for name, check in CHECKS.items()}


def warnings_of(payments: Iterable[Payment]) -> list[RiskWarning]:
    """Of payments for work: a fee, held money and a refund go to ourselves, or back. By payment, in their order."""
    watched = [planned(payment) for payment in payments if payment.purpose == Purpose.WORK]
    found = look(watched)
    if not any(each.level == RiskLevel.BLOCK for each in found):
        return found
    rows = RiskOverride.objects.filter(payment__in=[each.key for each in watched]).select_related("by")
    overrides = {(row.payment_id, row.check_name): row for row in rows}
    return [replace(each, override=overrides.get((each.payment, each.check.name))) for each in found]


def look(payments: Sequence[PlannedPayment], only: Collection[RiskLevel] = frozenset(RiskLevel)) -> list[RiskWarning]:
    """What is unusual about each, of the checks whose level is one of `only`; nothing of those that are off."""
    if not payments:
        return []
    found: list[RiskWarning] = []
    for name, level in levels().items():
        if level == RiskLevel.OFF or level not in only:
            continue
        check = CHECKS[name]
        for key, figures in check.find(payments).items():
            found.append(RiskWarning(check, key, level, str(check.words) % figures, figures))
    order = {each.key: place for place, each in enumerate(payments)}
    return sorted(found, key=lambda each: order[each.payment])


def unsent_of(request_id: str) -> list[Payment]:
    """The payments of a request that are not sent yet, as they are looked at."""
    rows = Payment.objects.filter(request=request_id, state__in=sorted(UNSENT))
    return list(rows.select_related("request", "receiver_wallet").order_by("created_at", "pk"))


def blocking(payments: Iterable[Payment]) -> dict[str, RiskWarning]:
    """By payment, one warning that must be overridden before it is sent. One query where no check blocks."""
    watched = [planned(payment) for payment in payments if payment.purpose == Purpose.WORK]
    found = look(watched, {RiskLevel.BLOCK})
    if not found:
        return {}
    rows = RiskOverride.objects.filter(payment__in=[each.payment for each in found])
    passed = set(rows.values_list("payment_id", "check_name"))
    return {each.payment: each for each in found if (each.payment, each.check.name) not in passed}
