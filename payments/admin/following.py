"""Pages that say when they are no longer true: what `static/admin_follow.js` is told, and asks for."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into a page, which is one already.
    ModelAdmin = object

#: Seconds until a page asks for the first time; it asks ever more seldom while nothing changes.
CALM_PACE: Final = 10
#: What a page is not followed with: nothing of it will change by itself.
NO_PACE: Final = 0


@dataclass(frozen=True)
class Following:
    """What `admin/includes/following.html` tells the script: where to ask, for which version, first after `pace` s."""

    url: str
    version: str
    pace: int = CALM_PACE


def version_of_facts(*facts: object) -> str:
    """A short text that is another one as soon as any of the facts is."""
    return sha256("\n".join(map(repr, facts)).encode()).hexdigest()[:32]


class FollowedRow(ModelAdmin):
    """The page of a row that is followed while somebody looks at it, by whoever may see it."""

    def version_of_row(self, row: Any) -> str:
        """Changes whenever the page would tell something else; in a constant number of queries."""
        raise NotImplementedError

    def pace_of_row(self, _row: Any) -> int:
        """Seconds between two questions, at first."""
        return CALM_PACE

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The version is of before the page is made, so that no change falls between the two.

        A page that comes back with what was wrong in it is somebody's work, and is not followed.
        """
        row = self.model.objects.filter(pk=object_id).first() if request.method == "GET" else None
        more = {"following": self._following(row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        own = path("<path:object_id>/status/", view, name=self._status_name().removeprefix("admin:"))
        return [own, *super().get_urls()]

    def status_view(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """Whether the page is still true, for the script that follows it."""
        row = self.model.objects.filter(pk=object_id).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        return JsonResponse({"version": self.version_of_row(row), "done": self.pace_of_row(row) == NO_PACE})

    def _following(self, row: Any) -> Following:
        url = reverse(self._status_name(), args=[row.pk])
        return Following(url, self.version_of_row(row), self.pace_of_row(row))

    def _status_name(self) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_status"
