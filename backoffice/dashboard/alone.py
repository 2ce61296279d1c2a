"""What one person decided alone, and nobody else has looked at yet: above everything on the overview."""

from django.http import HttpRequest

from backoffice.dashboard.links import may_see
from payments.models import BrokenGlass

#: The oldest of them; the list has all.
SHOWN = 5


def alone(request: HttpRequest) -> list[BrokenGlass]:
    """The oldest first; none for whoever may not see them."""
    if not may_see(request, BrokenGlass):
        return []
    return list(BrokenGlass.objects.filter(seen_at=None).select_related("person").order_by("created_at")[:SHOWN])
