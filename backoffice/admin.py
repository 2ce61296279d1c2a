"""Users, roles and the queue, in Unfold's dress."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django_q import admin as queue
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backoffice.sign_in.people_actions import SignInActions

# What people sign in with is theirs: nobody reads it here, and what may be done to it is an action of theirs.
for model in (User, Group, Schedule, Success, Failure, OrmQ, Authenticator, UserSession, EmailAddress):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(SignInActions, DjangoUserAdmin[User], ModelAdmin):
    """People are switched off, never deleted: what they did stays theirs. Only a superuser makes or touches one."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_per_page = 25

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fields if request.user.is_superuser else [*fields, "is_superuser", "user_permissions"]


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    list_per_page = 25


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
