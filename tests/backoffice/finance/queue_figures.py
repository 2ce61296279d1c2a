"""Every number beside a queue, held against what the queue lists, by whoever may see everything."""

from django.contrib.auth.models import User

from backoffice.queue_counts import MOST, Viewer
from backoffice.to_do.tabs import TABS, badge
from backoffice.waiting import SHOWN, count_for
from ledger import clock
from tests import cast


def check_queues() -> None:
    """Of each tab, of *To do* in the sidebar, and of *Waiting for two* beside it."""
    user, _new = User.objects.get_or_create(username="raiz", is_staff=True, is_superuser=True)
    client = cast.signed_in(user)
    listed = {}
    for tab in TABS:
        page = client.get("/admin/to-do/", {"tab": tab.code}).context
        listed[tab.code] = sum(len(group.rows) for group in page["groups"])
        counted = {one.tab.code: one.count for one in page["tabs"]}
        assert listed[tab.code] == min(counted[tab.code], MOST), tab.code
    together = sum(listed[tab.code] for tab in TABS if tab.ours)
    viewer = Viewer.of_person(user, clock.now())
    if together <= MOST:
        assert badge(viewer) == (str(together) if together else "")
    number = count_for(viewer)
    if number <= SHOWN:
        assert len(client.get("/admin/waiting/").context["yours"]) == number
