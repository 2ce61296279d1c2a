"""Users and roles. Every change is an entry of the ledger, with before and after; nobody raises themselves."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from backoffice import people, roles
from backoffice.sign_in.people_actions import SignInActions
from ledger.api import timeline
from payments.admin.dialogs import number_of, staff
from payments.presentation import timeline_lines
from payments.presentation.timeline_text import describe

#: What somebody may do here: others decide on it.
RAISES = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")

for model in (User, Group):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(SignInActions, DjangoUserAdmin[User], ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
    """People are switched off, never deleted: what they did stays theirs. Only a superuser makes or touches one."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    change_form_outer_after_template = "admin/auth/user/timeline.html"
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )
    list_per_page = 25
    actions = None

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        if obj == request.user:
            return [*fields, *RAISES]
        return fields if request.user.is_superuser else [*fields, "is_superuser", "user_permissions"]

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        if change:
            people.changed(obj, people.Changes.of(form), staff(request))
        else:
            people.created(obj, staff(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        with transaction.atomic():
            before = User.objects.filter(pk=number_of(id)).first()
            answer: HttpResponse = super().user_change_password(request, id, form_url)
            after = User.objects.filter(pk=number_of(id)).first()
            if before and after and before.password != after.password:
                people.password_changed(after, staff(request))
        return answer

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        if person := context.get("original"):
            lines = timeline_lines.lines(timeline([("user", str(person.pk))]), describe)
            context = {**context, "timeline": lines}
        return super().render_change_form(request, context, *args, **options)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
    """The built-in roles are made anew after each migrate, so they can only be read. None is ever deleted."""

    list_per_page = 25
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, Group) and obj.name in roles.EXACT:
            return False
        return bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Group, form: forms.ModelForm[Group], change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        people.role_saved(obj, people.Changes.of(form), staff(request), is_new=not change)
