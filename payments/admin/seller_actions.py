"""What administrators do with a seller: change its key in four steps, retire it. A dialog, one POST, one entry each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from ledger import clock
from payments.actions import guarded, seller_keys, sellers
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, SeenForm, Sentence, dialog_action, go, with_wait
from payments.locking import lock
from payments.models import Seller, SellerKey
from payments.models.proposals import ProposalState
from payments.openpayments.keys import KeyFormatError
from payments.presentation.reasons import Refusal, sentence
from payments.states import KeyState
from payments.worker.places import place

LONGEST_PEM = 4000
NO_KEY = _("This is not an Ed25519 private key in PKCS#8 PEM without a password, or the key id has spaces.")


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
        return get_object_or_404(Seller.objects.select_related("wallet"), pk=self.object_id)

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
        label=_("Key id"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The “kid” under which the wallet address will list it."),
    )
    private_key = forms.CharField(
        label=_("Private key (only if your wallet provider made it)"),
        required=False,
        max_length=LONGEST_PEM,
        widget=WriteOnlyTextarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Ed25519 in PKCS#8 PEM. Left empty, a key is made here. It is kept encrypted, never shown."),
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


on_seller = DecisionOn(lambda pk: lock(Seller.objects.all(), pk))


class SellerActions:
    """The action methods of `SellerAdmin`; the permissions they name are there."""

    @method_decorator(sensitive_post_parameters("private_key"))
    @dialog_action(
        _("New key"),
        permission="rotate",
        icon="key",
        title=_("Make a new key?"),
        description=_(
            "It is not used yet. Next, its public part is published at the wallet; then you check that it is there,"
            " and only then use it."
        ),
        form=NewKeyDialog,
        submit=_("Make the key"),
    )
    @on_seller
    def new_key(self, row: Seller, by: User, form: NewKeyDialog) -> Sentence:
        told = form.cleaned_data
        key = seller_keys.make(row.pk, told["kid"], by=by, pem=told["private_key"] or None)
        return _("The key “%(key_id)s” is made. Publish it at the wallet now: copy it below.") % {"key_id": key.kid}

    @dialog_action(
        _("Check at the wallet"),
        permission="rotate",
        icon="network_check",
        title=_("Look which keys the wallet lists?"),
        description=with_wait(_("Its public list of keys is read, for at most %(seconds)s seconds. No money moves.")),
        form=SellerDialog,
        submit=_("Check"),
    )
    def check_keys(self, request: HttpRequest, _form: SellerDialog, object_id: str) -> HttpResponse:
        try:
            with place():
                found = seller_keys.check(object_id, WAIT_SECONDS)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            found = []
        for key in found:
            if problem := sentence(key.reason, key.reason_params):
                messages.warning(request, problem)
            else:
                messages.success(request, _("The wallet lists the key “%(key_id)s”.") % {"key_id": key.kid})
        return go(request, reverse("admin:payments_seller_change", args=[object_id]))

    @dialog_action(
        _("Use the new key"),
        permission="rotate",
        icon="published_with_changes",
        variant=ActionVariant.PRIMARY,
        title=_("Sign with the new key from now on?"),
        description=_(
            "What was begun with the old key is ended with it: leave both published at the wallet until the old one"
            " is retired."
        ),
        form=SellerDialog,
        submit=_("Use it"),
    )
    @on_seller
    def use_key(self, row: Seller, by: User, _form: SellerDialog) -> Sentence:
        key = seller_keys.use(row.pk, by=by)
        return _("Everything new is asked for with the key “%(key_id)s”.") % {"key_id": key.kid}

    @dialog_action(
        _("Discard the new key"),
        permission="rotate",
        icon="delete",
        title=_("Discard the new key?"),
        description=_("Its private part is destroyed. The key in use stays in use."),
        form=SellerDialog,
        submit=_("Discard it"),
    )
    @on_seller
    def discard_key(self, row: Seller, by: User, _form: SellerDialog) -> Sentence:
        return _("The key “%(key_id)s” is discarded.") % {"key_id": seller_keys.discard(row.pk, by=by).kid}

    @dialog_action(
        _("Retire the old key"),
        permission="rotate",
        icon="key_off",
        title=_("Retire the old key?"),
        description=_(
            "Its private part is destroyed, which is possible once nothing that was begun with it is under way. It"
            " also happens by itself, a day later. Then take the key out of the wallet."
        ),
        form=SellerDialog,
        submit=_("Retire it"),
    )
    @on_seller
    def retire_keys(self, row: Seller, by: User, _form: SellerDialog) -> Sentence:
        names = ", ".join(key.kid for key in seller_keys.retire(row.pk, by=by))
        return _("Retired: %(names)s. Take it out of the wallet now.") % {"names": names}

    @dialog_action(
        _("Retire seller"),
        permission="change",
        icon="inventory_2",
        title=_("Retire this seller?"),
        description=_("Nothing new is asked for with it. What was asked for goes on to its end."),
        form=SellerDialog,
        submit=_("Retire"),
    )
    @on_seller
    def retire_seller(self, row: Seller, by: User, _form: SellerDialog) -> Sentence:
        return _("The seller %(seller)s is retired.") % {"seller": sellers.retire(row.pk, by=by).name}

    @dialog_action(
        _("Use this seller again"),
        permission="change",
        icon="unarchive",
        title=_("Use this seller again?"),
        description=_("New payments can be asked for with it, once a second administrator agrees."),
        form=SellerDialog,
        submit=_("Use it again"),
    )
    @on_seller
    def resume_seller(self, row: Seller, by: User, _form: SellerDialog) -> Sentence:
        if guarded.propose_seller(row.pk, {"in_use": True}, by=by).state == ProposalState.WAITING:
            return _("Proposed. It changes nothing before a second administrator has agreed; they get an email.")
        return _("The seller %(seller)s is used again.") % {"seller": row.name}
