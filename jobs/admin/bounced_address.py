"""The dialog that marks one of a member's addresses as bounced: which of them, and how that was seen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from jobs.models import Member, Organisation
from payments.admin.dialogs import number_of
from payments.admin.mail_stops import WhyStopForm


def addresses_of(member: Member) -> list[str]:
    """Every address that is written to for them: their own, who approves, and accounts."""
    organisation = Organisation.objects.filter(member=member).first()
    more = [organisation.approver_email, organisation.accounts_email] if organisation else []
    return list(dict.fromkeys(filter(None, [member.email, *more])))


class BouncedAddressForm(WhyStopForm):
    address = forms.ChoiceField(label=_("Which address?"), widget=UnfoldAdminSelectWidget)
    field_order = ("address", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        member = Member.objects.filter(pk=number_of(self.object_id)).first()
        found = addresses_of(member) if member else []
        self.fields["address"].choices = [(one, one) for one in found]
