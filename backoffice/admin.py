"""The queue, in Unfold's dress; `people_admin` has users and roles."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.http import HttpRequest
from django_q import admin as queue
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin

from backoffice import people_admin
from backoffice.finance.closing import admin as closing_admin
from backoffice.finance.exceptions import admin as exceptions_admin
from backoffice.finance.exports.pages import exports, regular_exports
from backoffice.finance.movements import admin as movements_admin
from backoffice.finance.statements import admin as statements_admin
from backoffice.ledger_entries import admin as entries_admin

__all__ = [
    "closing_admin",
    "entries_admin",
    "exceptions_admin",
    "exports",
    "movements_admin",
    "people_admin",
    "regular_exports",
    "statements_admin",
]

# What people sign in with is theirs: nobody reads it here, and what may be done to it is an action of theirs.
for model in (Schedule, Success, Failure, OrmQ, Authenticator, UserSession, EmailAddress):
    admin.site.unregister(model)


class SuperusersOnly(ModelAdmin):
    """The queue's machinery."""

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


class MadeByTheQueue(SuperusersOnly):
    """What may run is written in the program (`payments.worker.allowed_tasks`): nobody adds to it, or runs it again."""

    actions = ()

    def has_add_permission(self, *_args: Any) -> bool:
        return False


@admin.register(Schedule)
class ScheduleAdmin(MadeByTheQueue, queue.ScheduleAdmin):
    fields = ("name", "func", "schedule_type", "minutes", "repeats", "next_run")
    readonly_fields = ("name", "func", "schedule_type", "minutes")


@admin.register(Failure)
class FailureAdmin(MadeByTheQueue, queue.FailAdmin):
    pass


@admin.register(OrmQ)
class QueuedAdmin(MadeByTheQueue, queue.QueueAdmin):
    pass
