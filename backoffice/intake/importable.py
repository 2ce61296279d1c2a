"""“Import” on each list that can be imported. `admin_site` mixes it into every page as it is registered."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin
else:
    # Mixed into whatever is registered, which is one already.
    ModelAdmin = object


class ImportableAdmin(ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        found: list[URLPattern] = super().get_urls()
        if not self._is_importable:
            return found
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_import"), *found]

    @property
    def _permission(self) -> str:
        return f"import_{self.opts.model_name}"

    @property
    def _is_importable(self) -> bool:
        return any(codename == self._permission for codename, _words in self.opts.permissions)

    def _may_import(self, request: HttpRequest) -> bool:
        may = request.user.has_perm(f"{self.opts.app_label}.{self._permission}")
        return may and bool(self.has_view_permission(request))

    def import_view(self, request: HttpRequest) -> HttpResponse:
        from backoffice.intake.page import import_page  # noqa: PLC0415 - the library costs each process 6 MB

        return import_page(request, self.opts.label_lower, may=self._may_import(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        told = dict(extra_context or {})
        if self._is_importable and self._may_import(request):
            told["import_url"] = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")
        return super().changelist_view(request, told)
