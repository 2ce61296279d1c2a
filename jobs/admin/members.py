"""Members: who they are, and whether their wallet can be used."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from jobs import links, wallet_changes
from jobs.admin import organisations
from jobs.admin.audited_admin import ReadFirst
from jobs.admin.badges import badge
from jobs.admin.bounced_address import BouncedAddressForm, addresses_of
from jobs.admin.budget_dialog import BudgetTermsForm
from jobs.admin.member_panel import groups_of, version_of_member
from jobs.admin.organisations import OrganisationInline
from jobs.admin.personal_data import EXPORT, PersonalData
from jobs.admin.wallet_dialogs import DECISIONS, RefuseChangeForm, WalletChangeForm
from jobs.budget_offers import set_up_budget
from jobs.intake.members import MemberIntake
from jobs.models import Member, WalletChange, WalletChangeState
from ledger.stamps import short, stamp
from payments.actions import mail_stops, wallets
from payments.admin.dialogs import WAIT_SECONDS, DecisionOn, Sentence, dialog_action, go, number_of, staff
from payments.admin.following import FollowedRow
from payments.admin.mail_stops import MAY_STOP
from payments.admin.staff_notes import NotedRow
from payments.locking import lock
from payments.mail.stops import bounced
from payments.models import WalletAddress
from payments.presentation.reasons import Refusal, sentence
from payments.worker.places import place

NOTHING = "\N{EN DASH}"
WALLET_FIELDS = (
    "wallet_text",
    "wallet_state",
    ("public_name", "currency"),
    "last_checked",
    "proven",
    "waiting_wallet",
    "shared_wallet",
)


class MemberForm(MemberIntake):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "wallet_text" in self.fields:
            self.fields["wallet_text"].widget = UnfoldAdminTextInputWidget(
                attrs={"autocomplete": "off", "spellcheck": "false"}
            )


class WalletFilter(admin.SimpleListFilter):
    title = _("wallet")
    parameter_name = "wallet"

    def lookups(self, _request: HttpRequest, _model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("ready", pgettext_lazy("wallet", "Ready")),
            ("problem", _("Has a problem")),
            ("unchecked", _("Not checked")),
            ("none", _("None")),
        ]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Member]) -> QuerySet[Member]:
        match self.value():
            case "ready":
                return queryset.exclude(wallet__canonical_id="").filter(wallet__problem="", wallet__isnull=False)
            case "problem":
                return queryset.exclude(wallet__problem="").filter(wallet__isnull=False)
            case "unchecked":
                return queryset.filter(wallet__canonical_id="", wallet__problem="")
            case "none":
                return queryset.filter(wallet=None)
        return queryset


on_member = DecisionOn(lambda pk: lock(Member.objects.all(), number_of(pk)))


@admin.register(Member)
class MemberAdmin(FollowedRow, NotedRow, PersonalData, ReadFirst):
    form = MemberForm
    list_display = ("person", "kind", "language", "wallet_state", "currency", "public_name", "last_checked")
    list_select_related = ("wallet",)
    note_subject = "member"
    list_filter = ("kind", "language", WalletFilter)
    search_fields = ("name", "email", "wallet__url", "wallet__public_name")
    readonly_fields = (
        "wallet_state",
        "public_name",
        "currency",
        "last_checked",
        "proven",
        "waiting_wallet",
        "shared_wallet",
    )
    actions_detail = (
        *("check_wallet", "set_up_budget", "confirm_wallet", "refuse_wallet"),
        *("revoke_links", "mark_bounced", "erase_data"),
    )
    change_form_outer_before_template = "admin/jobs/member/page.html"
    actions_row = ("check_wallet",)
    fieldsets = ((None, {"fields": ("name", "kind", ("email", "language"))}), (_("Wallet"), {"fields": WALLET_FIELDS}))
    # The field that it is typed into is of the form.
    read_fieldsets = (
        fieldsets[0],
        (_("Wallet"), {"fields": tuple("wallet" if name == "wallet_text" else name for name in WALLET_FIELDS)}),
    )
    add_fieldsets = (
        (None, {"fields": ("name", "kind", ("email", "language"))}),
        (_("Wallet"), {"fields": ("wallet_text",)}),
    )

    class Media:
        js = ("admin_copy.js",)

    @display(description=_("member"), ordering="name", header=True)
    def person(self, member: Member) -> tuple[str, str]:
        return member.name, member.email

    @display(description=_("wallet"))
    def wallet_state(self, member: Member) -> str:
        wallet = member.wallet
        if wallet is None:
            return badge(str(_("No wallet yet")), "warning")
        if wallet.problem:
            problem = sentence(wallet.problem, wallet.problem_params)
            return format_html("{} <span>{}</span>", badge(str(_("Problem")), "danger"), problem)
        if not wallet.is_known:
            return badge(str(_("Not checked yet")), "warning")
        return badge(str(pgettext_lazy("wallet", "Ready")), "success")

    @display(description=_("currency"))
    def currency(self, member: Member) -> str:
        wallet = member.wallet
        if wallet is None or not wallet.is_known:
            return NOTHING
        return str(_("%(code)s, %(scale)s decimals")) % {"code": wallet.asset_code, "scale": wallet.asset_scale}

    @display(description=_("public name"))
    def public_name(self, member: Member) -> str:
        return (member.wallet and member.wallet.public_name) or NOTHING

    @display(description=_("last checked"), ordering="wallet__checked_at")
    def last_checked(self, member: Member) -> str:
        return (member.wallet and stamp(member.wallet.checked_at)) or NOTHING

    @display(description=_("control proven"))
    def proven(self, member: Member) -> str:
        return (member.wallet and stamp(member.wallet.proven_at)) or str(_("Not proven"))

    @display(description=_("new wallet"))
    def waiting_wallet(self, member: Member) -> str:
        change = wallet_changes.waiting_change(member)
        if change is None:
            return NOTHING
        who = change.proposed_by.get_username() if change.proposed_by else _("the member")
        told = {"after": change.after.url, "who": who, "when": short(change.created_at)}
        words = _("%(after)s, proposed by %(who)s on %(when)s. A second person must confirm it.") % told
        return format_html("{} <span>{}</span>", badge(str(_("Waits")), "warning"), words)

    @display(description=_("also the wallet of"))
    def shared_wallet(self, member: Member) -> str:
        return ", ".join(other.name for other in wallet_changes.others_with(member, member.wallet)) or NOTHING

    def save_model(self, request: HttpRequest, obj: Member, form: MemberForm, change: bool) -> None:  # type: ignore[override]  # noqa: FBT001 - this admin has one model and one form
        super().save_model(request, obj, form, change)
        if change:
            self._tell_wallet(request, form)
        for other in wallet_changes.others_with(obj, form.wallet_wanted):
            words = _("This is also the wallet of %(name)s. One of the two may be a mistake.") % {"name": other.name}
            messages.warning(request, words)

    def _tell_wallet(self, request: HttpRequest, form: MemberForm) -> None:
        if form.wallet_wanted is None:
            return
        told = {"after": form.wallet_wanted.url, "name": form.instance.name}
        if form.wallet_change:
            words = _("%(name)s was told that the wallet is to change to %(after)s. A second person must confirm it.")
            messages.warning(request, words % told)
        else:
            words = _("%(after)s is the wallet of %(name)s now, who is told. It is being checked.")
            messages.success(request, words % told)

    def get_inlines(self, _request: HttpRequest, obj: Member | None = None) -> Any:
        return [OrganisationInline] if organisations.is_for(obj) else []

    def save_formset(
        self,
        request: HttpRequest,
        form: forms.ModelForm[Any],
        formset: forms.BaseModelFormSet[Any, Any],
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        super().save_formset(request, form, formset, change)
        organisations.tell(request, form.instance, formset)

    @dialog_action(
        _("Check wallet now"),
        permission="change",
        icon="network_check",
        variant=ActionVariant.PRIMARY,
        path="check-wallet",
        title=_("Check the wallet now?"),
        description=_("The wallet is asked for its currency and its public name. No money moves."),
        submit=_("Check"),
    )
    def check_wallet(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        member = get_object_or_404(Member.objects.select_related("wallet"), pk=number_of(object_id))
        if member.wallet is None:
            messages.error(request, sentence("payer_without_wallet", {"name": member.name}))
        else:
            try:
                with place():
                    self._say(request, wallets.check(member.wallet.pk, WAIT_SECONDS))
            except Refusal as refusal:
                messages.error(request, str(refusal))
        return go(request, reverse("admin:jobs_member_change", args=[object_id]))

    @dialog_action(
        _("Set up a standing budget"),
        permission="ask",
        icon="savings",
        path="standing-budget",
        title=_("Set up a standing budget?"),
        description=_(
            "The funder approves once, in their wallet. Then staff pay within the limit without asking again. You"
            " look at it once more before it is sent."
        ),
        form=BudgetTermsForm,
        submit=_("Set it up"),
    )
    def set_up_budget(self, request: HttpRequest, form: BudgetTermsForm, object_id: str) -> HttpResponse:
        try:
            told = form.cleaned_data
            budget = set_up_budget(
                form.member, form.terms(), told["seller"], by=staff(request), form_id=told["form_id"]
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return go(request, reverse("admin:jobs_member_change", args=[object_id]))
        messages.success(request, _("Set up. Look at it, then send it to the funder."))
        return go(request, reverse("admin:payments_paymentrequest_change", args=[budget.request_id]))

    def has_ask_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        member = Member.objects.filter(pk=number_of(object_id)).first()
        more = self._page(request, member) if member and self.has_view_permission(request, member) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def version_of_row(self, row: Member) -> str:
        return version_of_member(row)

    def _page(self, request: HttpRequest, member: Member) -> dict[str, Any]:
        """Where their money stands, their notes, and the links to their own pages for who may do what those can."""
        may_see_worker, by = self.has_change_permission(request, member), request.user.pk
        may_see_funder = may_see_worker and request.user.has_perm("payments.request_paymentrequest")
        return {
            "money_groups": groups_of(member, request),
            "notes": member.notes.filter(handled_at=None) if request.user.has_perm("jobs.view_membernote") else [],
            "worker_link": links.worker_url(member, by) if may_see_worker and member.applications.exists() else "",
            "data_url": reverse("admin:jobs_member_data", args=[member.pk]) if request.user.has_perm(EXPORT) else "",
            "stops": bounced(addresses_of(member)).values(),
            "funder_link": links.funder_url(member, by) if may_see_funder and member.funded_jobs.exists() else "",
        }

    @dialog_action(
        _("Revoke the links"),
        permission="change",
        icon="link_off",
        path="revoke-links",
        title=_("Revoke the links to this member's page?"),
        description=_(
            "Every link that they got until now stops working, also those in emails. The next email carries a new "
            "one, and you can copy it here. Links to approve single payments keep working."
        ),
        submit=_("Revoke the links"),
    )
    @on_member
    def revoke_links(self, member: Member, by: User, _form: BaseDialogForm) -> Sentence:
        links.revoke(member.pk, by=by.pk)
        return _("The links no longer work.")

    def has_stop_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm(MAY_STOP)

    @dialog_action(
        _("An address bounced"),
        permission="stop",
        icon="unsubscribe",
        path="bounced",
        title=_("Mail nothing to an address of theirs any more?"),
        description=_(
            "For when mail to it came back. Nothing is mailed there until somebody lifts it, and pages say so where it"
            " matters."
        ),
        form=BouncedAddressForm,
        submit=_("Stop mail to it"),
    )
    @on_member
    def mark_bounced(self, member: Member, by: User, form: BouncedAddressForm) -> Sentence:
        told = form.cleaned_data
        stop = mail_stops.mark_bounced(told["address"], told["why"], by=by, about={"member": str(member.pk)})
        return _("Nothing is mailed to %(email)s any more.") % {"email": stop.email}

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        waits = WalletChange.objects.filter(member__pk=number_of(object_id), state=WalletChangeState.WAITING).exists()
        return [one for one in allowed if waits or one.method.original_function_name not in DECISIONS]

    def has_confirm_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.confirm_walletchange")

    @dialog_action(
        _("Confirm the new wallet"),
        permission="confirm",
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        path="confirm-wallet",
        title=_("Confirm this member's new wallet?"),
        description=_(
            "Ask the member first, by a way that you used before. New payments go to the new wallet from then on."
        ),
        form=WalletChangeForm,
        submit=_("Confirm"),
    )
    @on_member
    def confirm_wallet(self, _member: Member, by: User, form: WalletChangeForm) -> Sentence:
        done = wallet_changes.confirm(form.shown.pk, by=by)
        return _("New payments to %(name)s go to %(after)s.") % {"name": done.member.name, "after": done.after.url}

    @dialog_action(
        _("Refuse the new wallet"),
        permission="confirm",
        icon="block",
        path="refuse-wallet",
        title=_("Refuse this member's new wallet?"),
        description=_("The wallet stays as it is."),
        form=RefuseChangeForm,
        submit=_("Refuse"),
    )
    @on_member
    def refuse_wallet(self, _member: Member, by: User, form: RefuseChangeForm) -> Sentence:
        refused = wallet_changes.refuse(form.shown.pk, by=by, why=form.cleaned_data["why"])
        return _("The wallet %(before)s stays.") % {"before": refused.before.url}

    def _say(self, request: HttpRequest, wallet: WalletAddress) -> None:
        if wallet.problem:
            messages.error(request, sentence(wallet.problem, wallet.problem_params))
            return
        found = {"wallet": wallet.url, "name": wallet.public_name or NOTHING, "currency": wallet.asset_code}
        messages.success(request, _("%(wallet)s answers: %(name)s, in %(currency)s.") % found)
