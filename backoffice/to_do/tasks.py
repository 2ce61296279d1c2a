"""What workers do for the queues. It may run twice, at once, or late: what is gone is gone."""

from backoffice.queue_counts import Viewer
from backoffice.to_do.marks import forget, queues_of
from backoffice.to_do.tabs import TABS
from ledger import clock


def forget_marks() -> None:
    """Daily: who took a row, and until when it was put off, goes once the row has left its queue."""
    viewer = Viewer(pk=0, now=clock.now(), permissions=None)
    for tab in TABS:
        for kind, queue in queues_of(tab, viewer):
            forget(kind, queue)
