"""Wallet addresses as the wallets described them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django import forms  # noqa: TC002 - the dialog's form is a form
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from payments.actions.wallets import RENAMED, accept_change, check
from payments.admin.dialogs import SeenForm, attempt, go, number_of
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import WalletAddress
from payments.presentation.reasons import sentence

if TYPE_CHECKING:
    from unfold.dataclasses import UnfoldAction

CHECK_SECONDS = 8.0


class AcceptWalletForm(SeenForm):
    """Shows what the wallet was and what it says it is, and is good for just that."""

    form_before_template = "admin/payments/walletaddress/accept.html"

    @cached_property
    def row(self) -> WalletAddress:
        found = WalletAddress.objects.filter(pk=self.object_id).first() if str(self.object_id).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def now(self) -> str:
        row = self.row
        told = json.dumps([row.problem, row.found_instead, row.accepted_by_id], sort_keys=True)
        return sha256(told.encode()).hexdigest()[:32]

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return {"wallet": self.row}


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
    actions_detail = ("check_now", "accept_change")

    @display(
        description=gettext_lazy("condition"), label={"usable": "success", "problem": "danger", "unknown": "warning"}
    )
    def condition(self, row: WalletAddress) -> tuple[str, str]:
        if row.problem:
            return "problem", _("Problem")
        if row.is_known:
            return "usable", _("Usable")
        return "unknown", _("Not checked yet")

    @display(description=gettext_lazy("problem"))
    def problem_text(self, row: WalletAddress) -> str:
        return sentence(row.problem, row.problem_params) or (
            _("Nothing is wrong.") if row.is_known else _("Not checked yet")
        )

    @display(description=gettext_lazy("answers as"))
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
        waits = WalletAddress.objects.filter(pk=number_of(object_id), problem=RENAMED).exists()
        return [one for one in allowed if waits or one.method.original_function_name != "accept_change"]

    def has_accept_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.accept_walletaddress")

    @action(
        description=gettext_lazy("Accept the change"),
        permissions=["accept"],
        icon="verified_user",
        dialog={
            "title": gettext_lazy("Is this still the right wallet?"),
            "description": gettext_lazy(
                "Ask its owner first, by a way that you used before. Two people must accept it; then payments go there."
            ),
            "form_class": AcceptWalletForm,
            "form_submit_text": gettext_lazy("Accept the change"),
        },
    )
    def accept_change(self, request: HttpRequest, form: AcceptWalletForm, object_id: str) -> HttpResponse:
        assert request.user.is_authenticated, "the permission was checked"
        by = request.user

        def act() -> str:
            if accept_change(int(object_id), by=by):
                return _("The change is accepted: payments go to this wallet from now on.")
            return _("Noted. A second person must accept the change, too.")

        with transaction.atomic():
            if form.is_current:
                attempt(request, act)
            else:
                messages.warning(
                    request,
                    _("Something changed since you opened the dialog, so nothing was done. Look again, then decide."),
                )
        return go(request, reverse("admin:payments_walletaddress_change", args=[object_id]))

    def has_check_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest") or request.user.has_perm(
            "payments.change_walletaddress"
        )

    @action(
        description=gettext_lazy("Check now"),
        permissions=["check"],
        icon="refresh",
        dialog={
            "title": gettext_lazy("Check this wallet address now?"),
            "description": gettext_lazy("The wallet is asked for its name, currency and servers. No money moves."),
            "form_class": BaseDialogForm,
            "form_submit_text": gettext_lazy("Check now"),
        },
    )
    def check_now(self, request: HttpRequest, _form: forms.Form, object_id: str) -> HttpResponse:
        if not object_id.isdecimal() or not WalletAddress.objects.filter(pk=object_id).exists():
            raise Http404
        wallet = check(int(object_id), CHECK_SECONDS)
        if wallet.problem:
            messages.error(request, sentence(wallet.problem, wallet.problem_params))
        else:
            messages.success(request, _("The wallet answered, and can be used."))
        return go(request, reverse("admin:payments_walletaddress_change", args=[object_id]))
