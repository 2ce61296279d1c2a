"""“Views” on each list that can be filtered or searched. `admin_site` mixes it into every page as it is registered."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from backoffice.finance.exports.listed_rows import query_of
from backoffice.saved_views.offered import offered
from backoffice.saved_views.page import save_page
from payments.admin.dialogs import staff

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into whatever is registered, which is one already.
    ModelAdmin = object


class SaveableAdmin(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.save_view)
        return [path("save-view/", view, name=self._save_name()), *super().get_urls()]

    def save_view(self, request: HttpRequest) -> HttpResponse:
        return save_page(request, self)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        told = dict(extra_context or {})
        if self.list_filter or self.search_fields:
            query = query_of(request.GET)
            told["saved_views"] = offered(staff(request), self.opts.label_lower, query)
            # Of a list as it is for everybody there is nothing to keep.
            told["save_view"] = f"{reverse(f'admin:{self._save_name()}')}?{query}" if query else ""
        return super().changelist_view(request, told)

    def _save_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_save_view"
