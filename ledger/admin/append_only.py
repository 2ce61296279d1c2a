"""What the ledger's tables have in common in the admin: nobody can add, change or delete anything."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator


class AppendOnlyAdmin(ModelAdmin):
    list_per_page = 25
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = None

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """The row is the history; Django's own has nothing to say of it."""
        return super().render_change_form(request, {**context, "show_history": False}, *args, **options)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False
