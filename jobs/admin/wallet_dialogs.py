"""The dialogs about a member's new wallet: each shows both addresses, and is good for just that change."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from jobs import wallet_changes
from jobs.models import Member, WalletChange
from payments.admin.dialogs import SeenForm, number_of

LONGEST_WORDS = 500  # characters
#: Actions that need a change that waits.
DECISIONS = frozenset({"confirm_wallet", "refuse_wallet"})


class WalletChangeForm(SeenForm):
    form_before_template = "admin/jobs/member/wallet_change.html"
    outdated = _("Something changed meanwhile, so nothing was done. Look again, then decide.")

    @cached_property
    def change(self) -> WalletChange | None:
        member = Member.objects.filter(pk=number_of(self.object_id)).first()
        return wallet_changes.waiting_change(member) if member else None

    @property
    def shown(self) -> WalletChange:
        """Of a dialog that is current, so that there is one."""
        assert self.change, "the dialog showed a change"
        return self.change

    def now(self) -> str:
        return str(self.change.pk if self.change else "")

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        others = wallet_changes.others_with(self.change.member, self.change.after) if self.change else []
        return {"change": self.change, "others": others}


class RefuseChangeForm(WalletChangeForm):
    why = forms.CharField(
        label=_("Why not?"), max_length=LONGEST_WORDS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
