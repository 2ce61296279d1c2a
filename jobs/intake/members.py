"""Members: who they are, and where their money is to go."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task

from jobs import member_emails, wallet_changes
from jobs.intake.rows import IntakeForm
from jobs.models import Member, WalletChange
from jobs.reasons import JobRefusal
from payments.actions import wallets
from payments.locking import lock
from payments.models import WalletAddress
from payments.openpayments.urls import LONGEST_URL
from payments.presentation.reasons import Refusal


class MemberIntake(IntakeForm[Member]):
    subject = "member"
    wallet_text = forms.CharField(
        label=_("Wallet address"),
        required=False,
        max_length=LONGEST_URL,
        help_text=_("As the wallet shows it: https://wallet.example/maria or $wallet.example/maria. It is checked."),
    )

    class Meta:
        model = Member
        fields = ["name", "kind", "email", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wallet_before: WalletAddress | None = self.instance.wallet
        #: The wallet that is written here, where it is another one than the member has, or waits to get.
        self.wallet_wanted: WalletAddress | None = None
        #: What waits for a second person once this is kept.
        self.wallet_change: WalletChange | None = None
        if self.wallet_before and "wallet_text" in self.fields:
            self.initial["wallet_text"] = self.wallet_before.url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and "wallet_text" in self.fields:
            try:
                self.wallet_wanted = self._wanted(cleaned.get("wallet_text", ""))
            except Refusal as refusal:
                self.refuse("wallet_text", refusal)
            else:
                if self.wallet_wanted is None:
                    self.unchanged("wallet_text")
        return cleaned

    def _wanted(self, text: str) -> WalletAddress | None:
        if not text:
            if self.wallet_before:
                raise JobRefusal("wallet_not_removed")
            return None
        found = wallets.find_or_add(text)
        return None if found in (self.wallet_before, self._waiting()) else found

    def _waiting(self) -> WalletAddress | None:
        """The one that the member waits to get already; unless it could be given now, by the same words."""
        if self.wallet_before is None or wallet_changes.never_worked(self.wallet_before):
            return None
        waiting = wallet_changes.waiting_change(self.instance)
        return waiting.after if waiting else None

    def keep(self, *, by: User) -> Member:
        """Besides: another wallet waits for a second person, and another email is told to the earlier one."""
        member, wanted, is_new = self.instance, self.wallet_wanted, self.is_new
        if is_new:
            member.wallet = wanted
        elif wanted:
            # First: whom to tell is the email that the row still has.
            self.wallet_change = wallet_changes.propose(member, wanted.url, by="staff", user=by)
            # It has entries of its own, and the row still has its wallet.
            self.unchanged("wallet_text")
        if not is_new and "email" in self.changed_data:
            before = lock(Member.objects.all(), member.pk).email
            member_emails.tell_change(member, before, member.email, by=by.pk)
        super().keep(by=by)
        if wanted and is_new:
            async_task(wallet_changes.CHECK_TASK, wanted.pk)
        return member

    def names(self) -> Mapping[str, str]:
        return {"name": self.instance.name}
