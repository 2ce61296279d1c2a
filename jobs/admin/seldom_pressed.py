"""Which buttons of a page stand in a menu: six in a row leave no place for the title of what they are about."""

from collections.abc import Iterable
from typing import Any, Final

#: By the last part of their addresses.
OF_A_JOB: Final = frozenset({"report-outside", "reopen", "duplicate", "cancel"})
OF_A_MEMBER: Final = frozenset({"standing-budget", "revoke-links", "bounced", "erase"})
SELDOM: Final = OF_A_JOB | OF_A_MEMBER


def seldom_last(offered: Iterable[Any]) -> list[dict[str, Any]]:
    """The page's actions, those that are `seldom` pressed after the others: `tab_actions.html` makes a menu of them."""
    marked = [{**one, "seldom": one["path"].rstrip("/").rpartition("/")[2] in SELDOM} for one in offered]
    return sorted(marked, key=lambda one: one["seldom"])
