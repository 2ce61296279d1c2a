"""Sellers. The private key goes in and never comes out: no page, message or log shows it."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from payments.actions import guarded, seller_keys, sellers, wallets
from payments.admin.dialogs import staff
from payments.admin.proposing import ProposingAdmin, propose
from payments.admin.seller_actions import NO_KEY, SellerActions, WriteOnlyTextarea, key_rows, steps_of
from payments.models import Seller
from payments.openpayments.amounts import AmountError
from payments.openpayments.keys import KeyFormatError
from payments.openpayments.urls import LONGEST_URL
from payments.presentation.format_amounts import format_amount, percent
from payments.presentation.reasons import Refusal, sentence
from payments.presentation.typed_amounts import read_typed
from payments.states import OPEN_REQUESTS, KeyState

#: How the state of a key is coloured.
KEY_TONES = {
    KeyState.GENERATED: "warning",
    KeyState.PUBLISHED: "info",
    KeyState.ACTIVE: "success",
    KeyState.REPLACED: "warning",
    KeyState.RETIRED: "default",
}
FEE_FIELDS = ("fee_percent", "fee_text")
#: Whether it may hold money, and who of us approves what is then paid out of it.
HOLDING = ("may_hold_money", "approval_email", "approval_language")


class SellerForm(forms.ModelForm[Seller]):
    wallet_text = forms.CharField(
        label=gettext_lazy("Wallet address"),
        max_length=LONGEST_URL,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("https://wallet.example/us or $wallet.example/us"),
    )
    key_id = forms.CharField(
        label=gettext_lazy("Key id"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("The “kid” under which the wallet address lists the public key."),
    )
    private_key = forms.CharField(
        label=gettext_lazy("Private key"),
        required=False,
        max_length=4000,
        widget=WriteOnlyTextarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Ed25519 in PKCS#8 PEM, pasted, or as a file below. It is kept encrypted, never shown."),
    )
    key_file = forms.FileField(
        label=gettext_lazy("Private key file"), required=False, widget=UnfoldAdminFileFieldWidget()
    )

    fee_percent = forms.DecimalField(
        label=gettext_lazy("Platform fee, in percent"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Of what the workers get, on top of it, paid by the funder. Empty: no fee. Only administrators change it."
        ),
    )
    fee_text = forms.CharField(
        label=gettext_lazy("Or a fixed fee for each worker"),
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "In the currency of this seller's wallet, for example 20.00. Jobs in other currencies then carry no fee."
        ),
    )

    class Meta:
        model = Seller
        fields = ("id", "name", "is_default", *HOLDING)
        help_texts = {
            "may_hold_money": gettext_lazy(
                "When on, a job can be paid into this wallet before its workers are paid: the platform then holds the"
                " money for them. Only administrators can change this."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "wallet_text" in self.fields:  # noqa: SLF001 - Django's public name
            self.fields["wallet_text"].initial = self.instance.wallet.url
        if not self.instance._state.adding:  # noqa: SLF001 - Django's public name
            # Its keys change in steps of their own.
            for name in ("key_id", "private_key", "key_file"):
                self.fields.pop(name, None)
        if "fee_percent" in self.fields:
            share, each = self.instance.fee_share, self.instance.fee_each
            self.fields["fee_percent"].initial = Decimal(share) / 100 if share else None
            self.fields["fee_text"].initial = f"{each.to_major():f}" if each else ""

    def clean_wallet_text(self) -> str:
        try:
            return wallets.find_or_add(self.cleaned_data["wallet_text"]).url
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        pem = cleaned.get("private_key") or self._uploaded()
        if not pem and self.instance._state.adding:  # noqa: SLF001 - Django's public name
            self.add_error("private_key", _("A new seller needs its private key."))
        elif pem:
            cleaned["private_key"] = pem
            self._check_key(cleaned.get("key_id", ""), pem)
        if cleaned.get("may_hold_money") and "approval_email" not in self.errors and not cleaned.get("approval_email"):
            self.add_error("approval_email", str(Refusal("holder_without_contact")))
        if "fee_percent" in self.fields and not self.errors:
            cleaned["fee"] = self._fee(cleaned)
        return cleaned

    def _fee(self, cleaned: dict[str, Any]) -> sellers.SellerFee | None:
        """The fee as it was written; None, with a sentence beside the field, when it can't be one."""
        share, written = int((cleaned["fee_percent"] or 0) * 100), cleaned["fee_text"].strip()
        if not written:
            return sellers.SellerFee(share)
        if share:
            self.add_error("fee_text", _("The fee is a percentage or a fixed amount, not both."))
            return None
        wallet = wallets.find_or_add(cleaned["wallet_text"])
        if not wallet.is_known:
            self.add_error("fee_text", _("The wallet was not reached yet, so its currency is unknown. Try again."))
            return None
        try:
            each = read_typed(written, wallet.asset)
        except AmountError:
            self.add_error(
                "fee_text",
                _("“%(text)s” is not an amount in %(currency)s. Write it like 20.00.")
                % {"text": written, "currency": wallet.asset_code},
            )
            return None
        return sellers.SellerFee(0, each if each.value else None)

    def validate_constraints(self) -> None:
        """A new default takes the place of the old one, so “only one default” is no mistake here."""

    def _uploaded(self) -> str:
        file = self.cleaned_data.get("key_file")
        if not file:
            return ""
        try:
            return str(file.read(sellers.LARGEST_KEY_FILE).decode("ascii"))
        except UnicodeDecodeError:
            return "not text"

    def _check_key(self, key_id: str, pem: str) -> None:
        if not key_id:
            return
        try:
            sellers.check_key(key_id, pem)
        except KeyFormatError:
            self.add_error("private_key", str(NO_KEY))


@admin.register(Seller)
class SellerAdmin(SellerActions, ProposingAdmin):
    kind = guarded.SELLER
    list_before_template = "admin/payments/proposal/_pending.html"
    form = SellerForm
    list_display = ("name", "id", "wallet", "key", "is_default", "may_hold_money", "fee", "condition")
    list_per_page = 25
    list_select_related = ("wallet",)
    search_fields = ("id", "name", "wallet__url")
    actions_detail = (
        "new_key",
        "check_keys",
        "use_key",
        "discard_key",
        "retire_keys",
        "retire_seller",
        "resume_seller",
    )

    class Media:
        js = ("admin_copy.js",)

    @method_decorator(sensitive_post_parameters("private_key"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer: HttpResponse = super().changeform_view(request, *args, **kwargs)
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seller]:
        found: QuerySet[Seller] = super().get_queryset(request)
        return found.prefetch_related("keys")

    def get_fields(self, request: HttpRequest, obj: Seller | None = None) -> tuple[str, ...]:
        fee = FEE_FIELDS if request.user.has_perm("payments.set_fee_seller") else ("fee",)
        if obj:
            return ("name", "wallet_text", "is_default", *HOLDING, *fee, "keys_panel")
        return ("id", "name", "wallet_text", "key_id", "private_key", "key_file", "is_default", *HOLDING, *fee)

    def get_readonly_fields(self, request: HttpRequest, obj: Seller | None = None) -> tuple[str, ...]:
        fields: tuple[str, ...] = ("keys_panel",) if obj else ()
        if not request.user.has_perm("payments.hold_money_seller"):
            fields = (*fields, *HOLDING)
        if not request.user.has_perm("payments.set_fee_seller"):
            fields = (*fields, "fee")
        return fields

    def get_form(self, request: HttpRequest, obj: Seller | None = None, change: bool = False, **options: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Fields that this form adds to the row's are not left out by themselves where they may not be used."""
        form = super().get_form(request, obj, change=change, **options)
        if not request.user.has_perm("payments.set_fee_seller"):
            for name in FEE_FIELDS:
                form.base_fields.pop(name, None)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Seller | None = None) -> list[tuple[None, dict[str, Any]]]:
        if obj and not self.has_change_permission(request, obj):
            shown = ("name", "wallet", "is_default", *HOLDING, "fee", "keys_panel")
            return [(None, {"fields": shown})]
        return [(None, {"fields": self.get_fields(request, obj)})]

    def has_delete_permission(self, _request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_rotate_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.rotate_seller_key")

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = Seller.objects.filter(pk=object_id).first()
        offered = steps_of(row, key_rows(row)) if row else set()
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name in offered]

    @display(description=gettext_lazy("key"))
    def key(self, row: Seller) -> str:
        return next((key.kid for key in row.keys.all() if key.state == KeyState.ACTIVE), "-")

    @display(description=gettext_lazy("condition"), label={"ready": "success", "key": "danger", "retired": "warning"})
    def condition(self, row: Seller) -> tuple[str, str]:
        if row.retired_at:
            return "retired", _("Retired")
        if any(key.missing_at for key in row.keys.all() if key.state in {KeyState.ACTIVE, KeyState.REPLACED}):
            return "key", _("Key not published")
        return "ready", _("In use")

    @display(description=gettext_lazy("keys"))
    def keys_panel(self, row: Seller) -> str:
        rows = [
            {
                "row": key,
                "tone": KEY_TONES[KeyState(key.state)],
                "jwk": json.dumps(key.jwk.to_wire()) if key.state != KeyState.RETIRED else "",
                "problem": sentence(key.reason, key.reason_params),
                "opens": key.state == KeyState.RETIRED or seller_keys.opens(key),
                "waits_for": seller_keys.in_flight(key) if key.state == KeyState.REPLACED else 0,
            }
            for key in key_rows(row)
        ]
        return render_to_string("admin/payments/seller/keys.html", {"keys": rows, "seller": row})

    @display(description=gettext_lazy("platform fee"))
    def fee(self, row: Seller) -> str:
        if row.fee_each:
            return _("%(amount)s for each worker") % {"amount": format_amount(row.fee_each)}
        return f"{percent(row.fee_share)} %" if row.fee_share else "\N{EN DASH}"

    def save_model(self, request: HttpRequest, obj: Seller, form: SellerForm, change: Any) -> None:
        told, by = form.cleaned_data, staff(request)
        wanted: dict[str, Any] = {"wallet": told["wallet_text"]}
        wanted |= {name: told[name] for name in ("name", "is_default", *HOLDING) if told.get(name) is not None}
        if "fee" in told:
            fee = told["fee"]
            wanted |= {"fee_share": fee.share, "fee_each": dict(fee.each.to_wire()) if fee.each else None}
        if change:
            propose(request, lambda: guarded.propose_seller(obj.pk, wanted, by=by))
            self._warn_of_open_requests(request, obj, form.changed_data)
        else:
            wanted["is_default"] = told["is_default"] or not Seller.objects.filter(is_default=True).exists()
            key = (told["key_id"], told["private_key"])
            propose(request, lambda: guarded.register_seller(obj.pk, key, wanted, by=by))

    def _warn_of_open_requests(self, request: HttpRequest, seller: Seller, changed: list[str]) -> None:
        """An approval in flight belongs to the wallet that asked for it."""
        if "wallet_text" not in changed:
            return
        count = seller.requests.filter(state__in=OPEN_REQUESTS).count()
        if count:
            messages.warning(
                request,
                ngettext(
                    "%(count)s open payment request was asked for with the earlier wallet. Its payer may have to"
                    " approve again.",
                    "%(count)s open payment requests were asked for with the earlier wallet. Their payers may have to"
                    " approve again.",
                    count,
                )
                % {"count": count},
            )
