"""What administrators do with a seller: change its key in four steps, retire it. A dialog, one POST, one entry each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from ledger import clock
from payments.actions import seller_keys, sellers
from payments.admin.dialogs import SeenForm, attempt, go
from payments.models import Seller
from payments.openpayments.keys import KeyFormatError
from payments.presentation.reasons import Refusal, sentence
from payments.states import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from payments.models import SellerKey

CHECK_SECONDS = 8.0
LONGEST_PEM = 4000
NO_KEY = gettext_lazy("This is not an Ed25519 private key in PKCS#8 PEM without a password, or the key id has spaces.")


def key_rows(seller: Seller) -> list[SellerKey]:
    """The seller's keys, newest first."""
    return list(seller.keys.select_related("created_by").order_by("-created_at", "-id"))


def steps_of(seller: Seller, rows: list[SellerKey]) -> set[str]:
    """The actions that make sense now. `payments.actions` decides again, on the rows as they are then."""
    offered = {"check_keys", "resume_seller" if seller.retired_at else "retire_seller"}
    states = {key.state for key in rows}
    if KeyState.PUBLISHED in states:
        offered.add("use_key")
    if states & set(seller_keys.NEXT):
        offered.add("discard_key")
    else:
        offered.add("new_key")
    if KeyState.REPLACED in states:
        offered.add("retire_keys")
    return offered


class WriteOnlyTextarea(UnfoldAdminTextareaWidget):
    """Never shows what it was given, not even when the form comes back with an error."""

    def format_value(self, _value: Any) -> str:
        return ""


class SellerDialog(SeenForm):
    """Shows which keys there are, and is good for just these."""

    form_before_template = "admin/payments/seller/dialog.html"

    @cached_property
    def row(self) -> Seller:
        found = Seller.objects.select_related("wallet").filter(pk=self.object_id).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def rows(self) -> list[SellerKey]:
        return [key for key in key_rows(self.row) if key.state != KeyState.RETIRED]

    def now(self) -> str:
        told = [f"{key.pk}:{key.state}" for key in self.rows]
        return ".".join([*told, str(self.row.wallet_id), str(self.row.retired_at)])

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return {"seller": self.row, "keys": self.rows}


class NewKeyDialog(SellerDialog):
    kid = forms.CharField(
        label=gettext_lazy("Key id"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("The “kid” under which the wallet address will list it."),
    )
    private_key = forms.CharField(
        label=gettext_lazy("Private key (only if your wallet provider made it)"),
        required=False,
        max_length=LONGEST_PEM,
        widget=WriteOnlyTextarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Ed25519 in PKCS#8 PEM. Left empty, a key is made here. It is kept encrypted, never shown."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kid"].initial = f"{self.row.pk}-{clock.now():%Y-%m-%d}-{len(key_rows(self.row)) + 1}"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("private_key") and cleaned.get("kid"):
            try:
                sellers.check_key(cleaned["kid"], cleaned["private_key"])
            except KeyFormatError:
                self.add_error("private_key", str(NO_KEY))
        return cleaned


class SellerActions:
    """The action methods of `SellerAdmin`; the permissions they name are there."""

    @method_decorator(sensitive_post_parameters("private_key"))
    @action(
        description=gettext_lazy("New key"),
        permissions=["rotate"],
        icon="key",
        dialog={
            "title": gettext_lazy("Make a new key?"),
            "description": gettext_lazy(
                "It is not used yet. Next, its public part is published at the wallet; then you check that it is there,"
                " and only then use it."
            ),
            "form_class": NewKeyDialog,
            "form_submit_text": gettext_lazy("Make the key"),
        },
    )
    def new_key(self, request: HttpRequest, form: NewKeyDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            told = form.cleaned_data
            key = seller_keys.make(object_id, told["kid"], by=by, pem=told["private_key"] or None)
            return _("The key “%(key_id)s” is made. Publish it at the wallet now: copy it below.") % {"key_id": key.kid}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Check at the wallet"),
        permissions=["rotate"],
        icon="network_check",
        dialog={
            "title": gettext_lazy("Look which keys the wallet lists?"),
            "description": gettext_lazy(
                "Its public list of keys is read, for at most %(seconds)s seconds. No money moves."
            )
            % {"seconds": int(CHECK_SECONDS)},
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Check"),
        },
    )
    def check_keys(self, request: HttpRequest, _form: SellerDialog, object_id: str) -> HttpResponse:
        try:
            found = seller_keys.check(object_id, CHECK_SECONDS)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return go(request, _page(object_id))
        for key in found:
            if problem := sentence(key.reason, key.reason_params):
                messages.warning(request, problem)
            else:
                messages.success(request, _("The wallet lists the key “%(key_id)s”.") % {"key_id": key.kid})
        return go(request, _page(object_id))

    @action(
        description=gettext_lazy("Use the new key"),
        permissions=["rotate"],
        icon="published_with_changes",
        variant=ActionVariant.PRIMARY,
        dialog={
            "title": gettext_lazy("Sign with the new key from now on?"),
            "description": gettext_lazy(
                "What was begun with the old key is ended with it: leave both published at the wallet until the old one"
                " is retired."
            ),
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Use it"),
        },
    )
    def use_key(self, request: HttpRequest, form: SellerDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            key = seller_keys.use(object_id, by=by)
            return _("Everything new is asked for with the key “%(key_id)s”.") % {"key_id": key.kid}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Discard the new key"),
        permissions=["rotate"],
        icon="delete",
        dialog={
            "title": gettext_lazy("Discard the new key?"),
            "description": gettext_lazy("Its private part is destroyed. The key in use stays in use."),
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Discard it"),
        },
    )
    def discard_key(self, request: HttpRequest, form: SellerDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            return _("The key “%(key_id)s” is discarded.") % {"key_id": seller_keys.discard(object_id, by=by).kid}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Retire the old key"),
        permissions=["rotate"],
        icon="key_off",
        dialog={
            "title": gettext_lazy("Retire the old key?"),
            "description": gettext_lazy(
                "Its private part is destroyed, which is possible once nothing that was begun with it is under way. It"
                " also happens by itself, a day later. Then take the key out of the wallet."
            ),
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Retire it"),
        },
    )
    def retire_keys(self, request: HttpRequest, form: SellerDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            names = ", ".join(key.kid for key in seller_keys.retire(object_id, by=by))
            return _("Retired: %(names)s. Take it out of the wallet now.") % {"names": names}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Retire seller"),
        permissions=["change"],
        icon="inventory_2",
        dialog={
            "title": gettext_lazy("Retire this seller?"),
            "description": gettext_lazy("Nothing new is asked for with it. What was asked for goes on to its end."),
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Retire"),
        },
    )
    def retire_seller(self, request: HttpRequest, form: SellerDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            return _("The seller %(seller)s is retired.") % {"seller": sellers.retire(object_id, by=by).name}

        return _decide(request, form, object_id, act)

    @action(
        description=gettext_lazy("Use this seller again"),
        permissions=["change"],
        icon="unarchive",
        dialog={
            "title": gettext_lazy("Use this seller again?"),
            "description": gettext_lazy("New payments can be asked for with it."),
            "form_class": SellerDialog,
            "form_submit_text": gettext_lazy("Use it again"),
        },
    )
    def resume_seller(self, request: HttpRequest, form: SellerDialog, object_id: str) -> HttpResponse:
        def act(by: User) -> str:
            return _("The seller %(seller)s is used again.") % {"seller": sellers.resume(object_id, by=by).name}

        return _decide(request, form, object_id, act)


def _decide(request: HttpRequest, form: SellerDialog, object_id: str, act: Callable[[User], str]) -> HttpResponse:
    """Act once, on exactly what the dialog showed: the row is held until it is done."""
    assert request.user.is_authenticated, "the admin lets nobody else in"
    by = request.user
    with transaction.atomic():
        Seller.objects.select_for_update().filter(pk=object_id).first()
        if form.is_current:
            attempt(request, lambda: act(by))
        else:
            messages.warning(
                request,
                _("Something changed since you opened the dialog, so nothing was done. Look again, then decide."),
            )
    return go(request, _page(object_id))


def _page(object_id: str) -> str:
    return reverse("admin:payments_seller_change", args=[object_id])
