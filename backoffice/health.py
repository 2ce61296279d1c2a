"""What a monitoring system may know without signing in: that we live, whether we can work, and which part cannot."""

import logging
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.status import Stat

from backoffice.installation.mark import own_mark
from ledger import clock

logger = logging.getLogger(__name__)

OK = "ok"
DEGRADED = "degraded"
UNAVAILABLE = "unavailable"
SERVICE = "tequio"


@require_safe
@never_cache
def health(_request: HttpRequest) -> JsonResponse:
    """503 when this process cannot serve people. A queue without a worker is `degraded`: pages work, money waits."""
    parts = check_parts()
    ready = all(parts[name]["status"] == OK for name in ("database", "migrations"))
    status = UNAVAILABLE if not ready else DEGRADED if parts["queue"]["status"] != OK else OK
    body = {
        "status": status,
        "service": SERVICE,
        "installation": own_mark(),
        "time": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "live": True,
        "ready": ready,
        "parts": parts,
    }
    return JsonResponse(body, status=200 if ready else 503)


def check_parts() -> dict[str, dict[str, Any]]:
    unknown = {"status": UNAVAILABLE}
    parts: dict[str, dict[str, Any]] = {"database": unknown, "migrations": unknown, "queue": unknown}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        parts["database"] = {"status": OK}
        parts["migrations"] = _migrations()
        if parts["migrations"]["status"] == OK:
            parts["queue"] = queue()
    except DatabaseError:
        # The message may hold the database's address: it goes to the log, not to the stranger who asks.
        logger.exception("The health check could not use the database.")
    return parts


def _migrations() -> dict[str, Any]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return {"status": UNAVAILABLE if missing else OK, "missing": missing}


def queue() -> dict[str, Any]:
    """Clusters tell of themselves through the cache every second; what is older than three seconds is gone."""
    clusters = [stat for stat in Stat.get_all() if stat.status not in (Conf.STOPPED, Conf.STOPPING)]
    return {
        "status": OK if clusters else DEGRADED,
        "workers": sum(len(stat.workers) for stat in clusters),
        "waiting": OrmQ.objects.count(),
    }
