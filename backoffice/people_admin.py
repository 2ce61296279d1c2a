"""Users and roles. Every change is an entry of the ledger, with before and after; nobody raises themselves."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from backoffice import access_proposals, people, roles
from backoffice.audit.granting import AuditActions
from backoffice.people_words import ROLES
from backoffice.sign_in.people_actions import SignInActions
from ledger.api import timeline
from payments.admin.dialogs import number_of, staff
from payments.admin.proposing import propose
from payments.presentation import timeline_lines
from payments.presentation.timeline_text import describe

#: What somebody may do here: others decide on it.
RAISES = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")

for model in (User, Group):
    admin.site.unregister(model)


class RoleChoices(forms.ModelMultipleChoiceField[Group]):
    """The built-in ones in the reader's language."""

    def label_from_instance(self, obj: Group) -> str:
        return str(ROLES.get(obj.name, obj.name))


@admin.register(User)
class UserAdmin(AuditActions, SignInActions, DjangoUserAdmin[User], ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
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
    actions_detail = (*SignInActions.actions_detail, "let_audit")
    filter_horizontal = ("user_permissions",)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """There are few roles: each with its box, not two lists that need a wide screen."""
        if db_field.name == "groups":
            options |= {"widget": UnfoldAdminCheckboxSelectMultipleWidget(), "form_class": RoleChoices}
        field = super().formfield_for_manytomany(db_field, request, **options)
        if db_field.name == "groups" and field:
            field.help_text = ""
        return field

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
        if change:
            self._propose_access(request, obj, form)
        super().save_model(request, obj, form, change)
        if change:
            people.changed(obj, people.Changes.of(form), staff(request))
        else:
            people.created(obj, staff(request))

    def _propose_access(self, request: HttpRequest, obj: User, form: forms.ModelForm[User]) -> None:
        """What gives them more is proposed; of what they may do nothing else is saved then."""
        key, told = str(obj.pk), form.cleaned_data
        after = access_proposals.wanted(key, told)
        if not access_proposals.widens(access_proposals.access_now(key), after):
            return
        propose(request, lambda: access_proposals.propose_access(key, after, by=staff(request)))
        now = access_proposals.access_now(key)
        for name in access_proposals.SWITCHES:
            setattr(obj, name, now[name])
        told |= {name: getattr(obj, name).all() for name in ("groups", "user_permissions") if name in told}
        form.changed_data[:] = [name for name in form.changed_data if name not in RAISES]

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
            # Not of the mails about it: there is one for each administrator.
            rows = [row for row in timeline([("user", str(person.pk))]) if not row.kind.startswith("message.")]
            context = {**context, "timeline": timeline_lines.lines(rows, describe)}
        return super().render_change_form(request, context, *args, **options)


class RoleForm(forms.ModelForm[Group]):
    """What gives people more needs two, so a role that somebody has is given nothing more by one person."""

    def clean_permissions(self) -> Any:
        wanted = self.cleaned_data["permissions"]
        if self.instance.pk and self.instance.user_set.exists():
            had = set(self.instance.permissions.values_list("pk", flat=True))
            if {permission.pk for permission in wanted} - had:
                raise ValidationError(
                    _(
                        "Somebody has this role, and would get more by the decision of one person. Make another role"
                        " with these permissions and give it to them: that is proposed to a second person."
                    )
                )
        return wanted


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]  # Unfold ships no types
    """The built-in roles are made anew after each migrate, so they can only be read. None is ever deleted."""

    form = RoleForm
    list_per_page = 25
    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if isinstance(obj, Group) and obj.name in roles.EXACT:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return ("name", "permissions") if self.has_change_permission(request, obj) else ("name", "may")

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return () if self.has_change_permission(request, obj) else ("name", "may")

    @display(description=_("may"))  # type: ignore[untyped-decorator]  # Unfold ships no types
    def may(self, row: Group) -> SafeString:
        """What it may do, a line each; that it may look stands in the docs."""
        found = row.permissions.exclude(codename__startswith="view_").order_by("content_type__app_label", "codename")
        names = found.values_list("name", flat=True)
        lines = format_html_join("", "<li>{}</li>", ((name.removeprefix("Can "),) for name in names))
        return format_html("<ul>{}</ul>", lines) if lines else SafeString(_("Only look."))

    def has_delete_permission(self, *_args: Any, **_kwargs: Any) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Group, form: forms.ModelForm[Group], change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        people.role_saved(obj, people.Changes.of(form), staff(request), is_new=not change)
