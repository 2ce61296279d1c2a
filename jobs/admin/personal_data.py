"""On a member's page: all that is known of them as a file, and asking a second person to erase it."""

from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from jobs.models import Member
from jobs.personal_data import erasing
from jobs.personal_data.exporting import export
from jobs.reasons import JobRefusal
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of, staff
from payments.locking import lock

EXPORT = "jobs.disclose_member"
on_member = DecisionOn(lambda pk: lock(Member.objects.all(), number_of(pk)))


class EraseForm(BaseDialogForm):
    """Nobody erases by one click: the name is typed."""

    name = forms.CharField(label=_("Type the member's name"), max_length=200)


class PersonalData:
    """Actions and pages of `MemberAdmin`."""

    def has_export_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(EXPORT)

    def has_erase_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(erasing.PERMISSION)

    def get_custom_urls(self) -> Any:
        return (("<path:object_id>/data/", "jobs_member_data", self.data_view),)

    def data_view(self, request: HttpRequest, object_id: str, **_kwargs: Any) -> HttpResponseBase:
        """What will be in the file; a press makes it, with an entry."""
        if not (self.has_export_permission(request) and request.user.has_perm("jobs.view_member")):
            raise PermissionDenied
        member = Member.objects.select_related("wallet").filter(pk=number_of(object_id)).first()
        if member is None:
            raise Http404
        if request.method == "POST":
            name = f"member-{member.pk}.zip"
            content = export(member, staff(request))
            return FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")
        context = {**site.each_context(request), "title": _("Personal data"), "member": member}
        return TemplateResponse(request, "admin/jobs/member/data.html", context)

    @dialog_action(
        _("Erase personal data"),
        permission="erase",
        icon="person_remove",
        variant=ActionVariant.DANGER,
        path="erase",
        title=_("Erase this member's personal data?"),
        description=_(
            "Names, addresses, mails and handed-in work go for good, here and in the ledger. Amounts, days and ids"
            " stay, so the books and the chain stay whole. A second person must agree; nobody can take it back."
        ),
        form=EraseForm,
        submit=_("Propose it"),
    )
    @on_member
    def erase_data(self, member: Member, by: User, form: EraseForm) -> Sentence:
        if form.cleaned_data["name"].strip() != member.name:
            raise JobRefusal("other_name", name=member.name)
        erasing.propose(member, by=by)
        return _("Proposed. A second person must agree.")
