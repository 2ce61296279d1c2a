"""Wallet addresses as the wallets described them."""

import json
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from payments.actions.wallets import RENAMED, accept_change, check, refuse_change
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, SeenForm, Sentence, dialog_action, go, number_of
from payments.admin.readonly import ReadOnlyAdmin
from payments.locking import lock
from payments.models import WalletAddress
from payments.presentation.reasons import Refusal, sentence
from payments.worker.places import place


class AcceptWalletForm(SeenForm):
    """Shows what the wallet was and what it says it is, and is good for just that."""

    form_before_template = "admin/payments/walletaddress/accept.html"

    @cached_property
    def row(self) -> WalletAddress:
        return get_object_or_404(WalletAddress, pk=number_of(self.object_id))

    def now(self) -> str:
        row = self.row
        told = json.dumps([row.problem, row.found_instead, row.accepted_by_id], sort_keys=True)
        return sha256(told.encode()).hexdigest()[:32]

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return {"wallet": self.row}


class RefuseWalletForm(AcceptWalletForm):
    why = forms.CharField(label=_("Why not?"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


on_wallet = DecisionOn(lambda pk: lock(WalletAddress.objects.all(), number_of(pk)))


@admin.register(WalletAddress)
class WalletAddressAdmin(ReadOnlyAdmin):
    list_display = ("url", "public_name", "asset_code", "condition", "checked_at")
    search_fields = ("url", "canonical_id", "public_name")
    fields = (
        "url",
        "problem_text",
        "answers_as",
        "public_name",
        "canonical_id",
        "asset_code",
        "asset_scale",
        "auth_server",
        "resource_server",
        "checked_at",
        "proven_at",
    )
    readonly_fields = fields
    actions_detail = ("check_now", "accept_change", "refuse_change")

    @display(description=_("condition"), label={"usable": "success", "problem": "danger", "unknown": "warning"})
    def condition(self, row: WalletAddress) -> tuple[str, Sentence]:
        if row.problem:
            return "problem", _("Problem")
        if row.is_known:
            return "usable", _("Usable")
        return "unknown", _("Not checked yet")

    @display(description=_("problem"))
    def problem_text(self, row: WalletAddress) -> Sentence:
        return sentence(row.problem, row.problem_params) or (
            _("Nothing is wrong.") if row.is_known else _("Not checked yet")
        )

    @display(description=_("answers as"))
    def answers_as(self, row: WalletAddress) -> str:
        if not row.found_instead:
            return "-"
        told = {"id": row.found_instead["canonical_id"], "currency": row.found_instead["asset_code"]}
        found = _("%(id)s, in %(currency)s") % told
        if row.accepted_by and row.accepted == row.found_instead:
            return _("%(found)s. Accepted by %(who)s; a second person must confirm it.") % {
                "found": found,
                "who": row.accepted_by.get_username(),
            }
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        waits = WalletAddress.objects.filter(pk=number_of(object_id), problem=RENAMED).first()
        hidden = set() if waits else {"accept_change"}
        if waits is None or waits.accepted_by_id is None:
            hidden.add("refuse_change")
        return [one for one in allowed if one.method.original_function_name not in hidden]

    def has_accept_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.accept_walletaddress")

    @dialog_action(
        _("Accept the change"),
        permission="accept",
        icon="verified_user",
        title=_("Is this still the right wallet?"),
        description=_(
            "Ask its owner first, by a way that you used before. Two people must accept it; then payments go there."
        ),
        form=AcceptWalletForm,
        submit=_("Accept the change"),
    )
    @on_wallet
    def accept_change(self, row: WalletAddress, by: User, _form: AcceptWalletForm) -> Sentence:
        if accept_change(row.pk, by=by):
            return _("The change is accepted: payments go to this wallet from now on.")
        return _("Noted. A second person must accept the change, too.")

    @dialog_action(
        _("Do not accept it"),
        permission="accept",
        icon="block",
        title=_("Is this another wallet?"),
        description=_("What the other person accepted no longer counts, and the wallet stays blocked."),
        form=RefuseWalletForm,
        submit=_("Do not accept it"),
    )
    @on_wallet
    def refuse_change(self, row: WalletAddress, by: User, form: RefuseWalletForm) -> Sentence:
        refuse_change(row.pk, by=by, why=form.cleaned_data["why"])
        return _("Noted. The wallet stays blocked.")

    def has_check_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest") or request.user.has_perm(
            "payments.change_walletaddress"
        )

    @dialog_action(
        _("Check now"),
        permission="check",
        icon="refresh",
        title=_("Check this wallet address now?"),
        description=_("The wallet is asked for its name, currency and servers. No money moves."),
        submit=_("Check now"),
    )
    def check_now(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        wallet = get_object_or_404(WalletAddress, pk=number_of(object_id))
        try:
            with place():
                wallet = check(wallet.pk, WAIT_SECONDS)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            if wallet.problem:
                messages.error(request, sentence(wallet.problem, wallet.problem_params))
            else:
                messages.success(request, _("The wallet answered, and can be used."))
        return go(request, reverse("admin:payments_walletaddress_change", args=[object_id]))
