"""“Export” on each list that can be exported. `admin_site` mixes it into every page as it is registered."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from backoffice.finance.exports.listed_rows import is_exportable, may_export

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into whatever is registered, which is one already.
    ModelAdmin = object


class ExportableAdmin(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        found: list[URLPattern] = super().get_urls()
        if not is_exportable(self.model):
            return found
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_export"), *found]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        from backoffice.finance.exports.pages.ask_page import ask_page  # noqa: PLC0415 - the library costs each process 6 MB

        return ask_page(request, self.opts.label_lower)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        told = dict(extra_context or {})
        label = self.opts.label_lower
        if is_exportable(self.model) and may_export(request.user, label):
            told["export_url"] = reverse(f"admin:{label.replace('.', '_')}_export")
        return super().changelist_view(request, told)
