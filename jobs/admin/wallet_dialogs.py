"""The dialogs about a member's new wallet: each shows both addresses, and is good for just that change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from jobs import wallet_changes
from jobs.models import Member, WalletChange
from payments.admin.dialogs import SeenForm, attempt, go, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

#: Actions that need a change that waits.
DECISIONS = frozenset({"confirm_wallet", "refuse_wallet"})


class WalletChangeForm(SeenForm):
    form_before_template = "admin/jobs/member/wallet_change.html"

    @cached_property
    def change(self) -> WalletChange | None:
        member = Member.objects.filter(pk=number_of(self.object_id)).first()
        return wallet_changes.waiting_change(member) if member else None

    def now(self) -> str:
        return str(self.change.pk if self.change else "")

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        others = wallet_changes.others_with(self.change.member, self.change.after) if self.change else []
        return {"change": self.change, "others": others}


def decide_change(
    request: HttpRequest, form: WalletChangeForm, object_id: str, act: Callable[[WalletChange], str]
) -> HttpResponse:
    """Decide on exactly the change that the dialog showed."""
    change = form.change
    with transaction.atomic():
        if change and form.is_current:
            attempt(request, lambda: act(change))
        else:
            messages.warning(request, _("Something changed meanwhile, so nothing was done. Look again, then decide."))
    return go(request, reverse("admin:jobs_member_change", args=[object_id]))
