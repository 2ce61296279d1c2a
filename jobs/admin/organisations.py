"""An organisation's legal side, on its member's page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline

from jobs import member_emails, parse_amounts
from jobs.admin.audited_admin import is_edited
from jobs.models import Member, Organisation
from jobs.models.members import MemberKind
from jobs.reasons import JobRefusal
from ledger.api import Actor, record
from payments.admin.dialogs import staff
from payments.models import Seller


class OrganisationForm(forms.ModelForm[Organisation]):
    def clean_default_currency(self) -> str:
        code = str(self.cleaned_data["default_currency"]).strip().upper()
        try:
            return parse_amounts.asset_of(code).code if code else ""
        except JobRefusal as refusal:
            raise ValidationError(str(refusal)) from refusal


class OrganisationInline(StackedInline):
    model = Organisation
    form = OrganisationForm
    can_delete = False
    extra = 1
    max_num = 1
    verbose_name = _("legal details and contacts")
    verbose_name_plural = _("legal details and contacts")
    fields = (
        ("legal_name", "tax_id"),
        "address",
        "default_reference",
        ("default_currency", "default_seller"),
        ("approver_name", "approver_email"),
        "approver_language",
        ("accounts_name", "accounts_email"),
        "accounts_language",
        "time_zone",
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        return super().formfield_for_foreignkey(
            db_field, request, **{"queryset": Seller.objects.filter(retired_at=None), **options}
        )

    # Whoever may see or change the member may see or change this: it is part of them.

    def has_view_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return request.user.has_perm("jobs.view_member") or self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return is_edited(request) and request.user.has_perm("jobs.change_member")

    def has_add_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return self.has_change_permission(request)


def is_for(member: Member | None) -> bool:
    return member is not None and member.kind == MemberKind.ORGANISATION


def _tell_address(request: HttpRequest, member: Member, form: forms.BaseForm) -> None:
    """Requests go to who approves, so their earlier address is told as the member's own is."""
    before, after = form.initial.get("approver_email"), form.cleaned_data.get("approver_email")
    if before and before != after:
        member_emails.tell_change(member, before, after or member.email, by=staff(request).pk)


def tell(request: HttpRequest, member: Member, formset: forms.BaseModelFormSet[Any, Any]) -> None:
    """The entry for what was saved of it. No names, numbers or addresses: they are not for bytes that stay."""
    for form in formset.forms:
        if form.has_changed():
            _tell_address(request, member, form)
            record(
                "member.organisation_changed",
                actor=Actor.staff(staff(request).pk),
                subjects={"member": str(member.pk), "organisation": str(form.instance.pk)},
                data={"changed": sorted(form.changed_data)},
                private={"name": member.name},
            )
