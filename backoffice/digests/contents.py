"""What a summary tells one person: their queues of “To do”, and what became of work, people and money meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from backoffice.queue_counts import Viewer
from backoffice.to_do.marks import standing
from backoffice.to_do.shapes import CountedTab, Todo
from backoffice.to_do.tabs import counted
from ledger.models import Entry
from payments.links import site_url
from payments.models import PaymentRequest
from payments.presentation.dates import age
from payments.states import RequestState

MAY_SEE_REQUESTS: Final = "payments.view_paymentrequest"
#: What the ledger calls it, what it takes to read of it, and how that is told: each entry is one such thing.
HAPPENED: Final = (
    ("job.created", "jobs.view_job", ngettext_lazy("%(n)s job was added.", "%(n)s jobs were added.", "n")),
    ("job.complete", "jobs.view_job", ngettext_lazy("%(n)s job was completed.", "%(n)s jobs were completed.", "n")),
    ("job.expired", "jobs.view_job", ngettext_lazy("%(n)s job expired.", "%(n)s jobs expired.", "n")),
    ("job.canceled", "jobs.view_job", ngettext_lazy("%(n)s job was cancelled.", "%(n)s jobs were cancelled.", "n")),
    ("member.created", "jobs.view_member", ngettext_lazy("%(n)s member was added.", "%(n)s members were added.", "n")),
    (
        "member.wallet_changed",
        "jobs.view_member",
        ngettext_lazy("%(n)s member got another wallet.", "%(n)s members got another wallet.", "n"),
    ),
    (
        "payment.settled",
        "payments.view_payment",
        ngettext_lazy("%(n)s payment arrived.", "%(n)s payments arrived.", "n"),
    ),
)


@dataclass(frozen=True)
class Digest:
    """In the language that is active when it is made. `waiting` is how much staff can act on."""

    waiting: int
    queues: list[dict[str, str]]
    changes: list[str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that anybody would open a mail for."""
        return not self.waiting and not self.changes


def digest_of(user: User, since: datetime, now: datetime) -> Digest:
    """What waits for `user` now, and what happened between `since` and `now` that they may see."""
    viewer = Viewer.of_person(user, now)
    tabs = [one for one in counted(viewer) if one.count]
    return Digest(
        waiting=sum(one.count for one in tabs if one.tab.ours),
        queues=[_queue(one, user, viewer) for one in tabs],
        changes=[*(_changes(since, now) if viewer.has_perm(MAY_SEE_REQUESTS) else []), *_happened(viewer, since, now)],
    )


def _queue(counted_tab: CountedTab, user: User, viewer: Viewer) -> dict[str, str]:
    tab = counted_tab.tab
    oldest = _oldest(counted_tab, user, viewer)
    return {
        "title": str(tab.title),
        "count": counted_tab.shown,
        "oldest": oldest.title if oldest else "",
        "age": age(oldest.since) if oldest else "",
        "link": site_url(f"{reverse('admin:to_do')}?tab={tab.code}"),
    }


def _oldest(counted_tab: CountedTab, user: User, viewer: Viewer) -> Todo | None:
    """As the queue's own page tells it: of the first row of each kind, the one that has waited longest."""
    http = HttpRequest()
    http.user = user
    rows: list[Any] = [row for queue in standing(counted_tab.tab, viewer) for row in queue[:1]]
    told = [row for group in counted_tab.tab.tell(http, rows) for row in group.rows]
    return min(told, key=lambda row: row.since or viewer.now, default=None)


def _changes(since: datetime, now: datetime) -> Iterator[str]:
    asked = PaymentRequest.objects.filter(created_at__gt=since, created_at__lte=now).count()
    if asked:
        yield ngettext("%(n)s payment request was made.", "%(n)s payment requests were made.", asked) % {"n": asked}
    over = PaymentRequest.objects.filter(finished_at__gt=since, finished_at__lte=now).order_by()
    numbers = dict(over.values_list("state").annotate(number=Count("pk")))
    for state in RequestState:
        if number := numbers.get(state.value):
            words = ngettext(
                "%(n)s payment request ended: %(state)s.", "%(n)s payment requests ended: %(state)s.", number
            )
            yield words % {"n": number, "state": state.label}


def _happened(viewer: Viewer, since: datetime, now: datetime) -> Iterator[str]:
    """To work, people and payments that they may see, in one query."""
    theirs = {kind: words for kind, permission, words in HAPPENED if viewer.has_perm(permission)}
    entries = Entry.objects.filter(kind__in=theirs, recorded_at__gt=since, recorded_at__lte=now).order_by()
    numbers = dict(entries.values_list("kind").annotate(number=Count("pk")))
    yield from (words % {"n": numbers[kind]} for kind, words in theirs.items() if kind in numbers)


def title_of(digest: Digest) -> str:
    """The subject of its mail."""
    if not digest.waiting:
        return _("Nothing waits for you")
    return ngettext("%(n)s thing waits for you", "%(n)s things wait for you", digest.waiting) % {"n": digest.waiting}
