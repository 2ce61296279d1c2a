"""The queue, in Unfold's dress; `people_admin` has users and roles."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as queue
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin

from backoffice import people_admin

__all__ = ["people_admin"]

for model in (Schedule, Success, Failure, OrmQ):
    admin.site.unregister(model)


class SuperusersOnly(ModelAdmin):
    """A schedule or a task runs any function that it names."""

    list_per_page = 25

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> bool:
        return request.user.is_superuser


@admin.register(Schedule)
class ScheduleAdmin(SuperusersOnly, queue.ScheduleAdmin):
    pass


class MadeByTheQueue(SuperusersOnly):
    def has_add_permission(self, *_args: Any) -> bool:
        return False


@admin.register(Success)
class SuccessAdmin(MadeByTheQueue, queue.TaskAdmin):
    pass


@admin.register(Failure)
class FailureAdmin(MadeByTheQueue, queue.FailAdmin):
    pass


@admin.register(OrmQ)
class QueuedAdmin(MadeByTheQueue, queue.QueueAdmin):
    pass
