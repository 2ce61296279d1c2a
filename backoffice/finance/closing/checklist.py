"""What is looked at before a month is closed. Rooms add their own checks (`also_check`) while the program starts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise

from ledger.months import CalendarMonth

Words = str | Promise


@dataclass(frozen=True)
class ClosingCheck:
    """One question about a month. `count` says how much of it is open, `link` where that is.

    What `stops` must be seen to first; the rest may stay open, and whoever closes says why. What takes long is looked
    at only when somebody closes, not whenever the page is shown.
    """

    code: str
    title: Words
    advice: Words
    count: Callable[[CalendarMonth], int]
    link: Callable[[CalendarMonth], str] = lambda _month: ""
    stops: bool = False
    takes_long: bool = False


@dataclass(frozen=True)
class CheckResult:
    check: ClosingCheck
    count: int | None  # None: not looked at now
    link: str

    @property
    def tone(self) -> str:
        if self.count is None:
            return "default"
        if not self.count:
            return "good"
        return "bad" if self.check.stops else "warn"


_checks: Final[dict[str, ClosingCheck]] = {}


def also_check(*checks: ClosingCheck) -> None:
    """Called while the program starts; the same again changes nothing."""
    _checks.update({check.code: check for check in checks})


def title_of(code: str) -> str:
    """Of a check, also of one that there is no more."""
    return str(_checks[code].title) if code in _checks else code


def look(month: CalendarMonth, *, thoroughly: bool) -> list[CheckResult]:
    """All checks in the order in which they were added; `thoroughly` also those that take long."""
    return [_result(check, month, thoroughly=thoroughly) for check in _checks.values()]


def _result(check: ClosingCheck, month: CalendarMonth, *, thoroughly: bool) -> CheckResult:
    if check.takes_long and not thoroughly:
        return CheckResult(check, None, "")
    count = check.count(month)
    return CheckResult(check, count, check.link(month) if count else "")


def stopping(results: Iterable[CheckResult]) -> list[CheckResult]:
    return [result for result in results if result.count and result.check.stops]


def left_open(results: Iterable[CheckResult]) -> dict[str, int]:
    """What does not stop it, and is open all the same: how much of each."""
    return {result.check.code: result.count for result in results if result.count and not result.check.stops}
