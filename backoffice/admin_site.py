"""The admin site that every app registers with, as `django.contrib.admin.site`."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

View = Callable[..., HttpResponseBase]


class BackofficeAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold ships no types
    index_title = _("Overview")

    def get_urls(self) -> list[Any]:
        from backoffice.own_urls import own_urls  # noqa: PLC0415 - models can only be imported once every app is loaded

        return [*own_urls(self.admin_view), *super().get_urls()]

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """As Django's, with `GuardedAdmin` before the page that is registered: none is without."""
        from backoffice.finance.exports.pages.exportable import ExportableAdmin  # noqa: PLC0415 - as below
        from backoffice.guarded_admin import GuardedAdmin  # noqa: PLC0415 - Unfold's admin needs the apps to be loaded
        from backoffice.intake.importable import ImportableAdmin  # noqa: PLC0415 - as above
        from backoffice.saved_views.saveable import SaveableAdmin  # noqa: PLC0415 - as above

        page = admin_class or ModelAdmin
        bases = (GuardedAdmin, ExportableAdmin, ImportableAdmin, SaveableAdmin, page)
        guarded = type(page.__name__, bases, {"__module__": page.__module__, "__doc__": page.__doc__})
        super().register(model_or_iterable, guarded, **options)

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django's signature
        guarded: View = super().admin_view(_for_text(view), cacheable)
        return guarded

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """What the palette finds; or the lists whose names have what was typed, on one page, so none is numbered."""
        if "extended" in request.GET:
            from backoffice.where_is_money.palette import palette_view  # noqa: PLC0415 - as above

            return palette_view(request)
        query = request.GET.copy()
        query.pop("page", None)
        request.GET = query  # type: ignore[assignment]  # the same, but for what was taken out
        answer: HttpResponseBase = super().search(request, extra_context)
        return answer


def _for_text(view: View) -> View:
    """Answers 400 to an address with a NUL, which is no text: PostgreSQL takes it nowhere."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        given = [request.path, *request.GET, *(value for values in request.GET.lists() for value in values[1])]
        if any("\0" in text for text in given):
            raise BadRequest("An address with a NUL.")
        return view(request, *args, **kwargs)

    return guarded
