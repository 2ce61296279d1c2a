"""Rows that the engine writes: people look at them, and change them only through actions."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    list_per_page = 25
    list_filter_submit = True
    show_full_result_count = False
    actions = None

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """The ledger is the history of these rows; Django's own has nothing to say of them."""
        return super().render_change_form(request, {**context, "show_history": False}, *args, **options)

    def has_add_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False
