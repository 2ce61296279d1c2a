"""The overview: how much money stands where, what waits for whom, and whether the machinery runs.

Every figure is a link to exactly the rows that it counts. Who may not see the rows doesn't see the figure.
"""

from typing import Any

from django.http import HttpRequest

from backoffice.dashboard import beginning, currency_cards, system, work
from backoffice.dashboard.alone import alone
from backoffice.dashboard.links import may_see
from backoffice.dashboard.tabs import chosen
from backoffice.queue_counts import MOST, Viewer
from backoffice.waiting import count_for
from jobs.models import Job, MemberNote
from payments.models import Payment, PaymentRequest


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: the context of `templates/admin/index.html`, in a constant number of queries."""
    from backoffice.following import followed  # noqa: PLC0415 - queues need all admins, and links to rows are for anybody

    following = followed(request, "index")
    told: dict[str, Any] = {"alone": alone(request), "for_you": count_for(Viewer.of(request)), "most": MOST}
    told |= {"machinery": system.machinery(request), **chosen(request, "index")}
    if may_see(request, PaymentRequest):
        told["steps"] = beginning.steps(request)
        told["waiting"] = work.waiting()
        told["failed"] = work.failed()
        told["stuck"] = work.stuck()
    if may_see(request, Job):
        told["overdue"] = work.overdue()
    if may_see(request, MemberNote):
        told["notes"] = work.notes()
    if may_see(request, Payment):
        told["attention"] = work.attention()
    told["cards"] = currency_cards.cards(request, told["period"])
    return {**context, "dashboard": told, "following": following}
