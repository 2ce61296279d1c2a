"""Proposals: what waits for a second administrator, with exactly what is decided; and what was decided."""

import json
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from ledger.api import timeline
from payments.actions import break_glass, proposals
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action, staff
from payments.admin.glass import AloneForm, may_break_glass
from payments.admin.readonly import ReadOnlyAdmin
from payments.models import Proposal
from payments.models.proposals import ProposalState
from payments.presentation import timeline_lines
from payments.presentation.proposal_words import changed_rows, title
from payments.presentation.timeline_text import describe
from payments.second_person import objection

TIMELINE_LIMIT = 50
TONES = {
    ProposalState.WAITING: "warning",
    ProposalState.APPROVED: "success",
    ProposalState.REJECTED: "danger",
    ProposalState.WITHDRAWN: "default",
    ProposalState.EXPIRED: "default",
    ProposalState.SUPERSEDED: "default",
}


class ProposalForm(SeenForm):
    """Shows what changes, and is good for just that."""

    form_before_template = "admin/payments/proposal/dialog.html"

    @cached_property
    def row(self) -> Proposal:
        return get_object_or_404(Proposal.objects.select_related("proposed_by"), pk=self.object_id)

    def now(self) -> str:
        """The snapshot, and how the thing stands today: where that is another, there is nothing to agree to."""
        row = self.row
        told = [row.state, row.before, row.after, proposals.kind_of(row).now(row.subject)]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def get_before_template_context(self, _request: HttpRequest, _object_id: int | str | None = None) -> dict[str, Any]:
        return told_of(self.row)


class RejectProposalForm(ProposalForm):
    why = forms.CharField(
        label=_("Why not?"),
        max_length=proposals.LONGEST_WORDS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Whoever proposed it reads this."),
    )


class AloneProposalForm(AloneForm, ProposalForm):
    pass


def told_of(row: Proposal) -> dict[str, Any]:
    """What a proposal's page and dialogs show: its own snapshot."""
    return {
        "proposal": row,
        "title_words": title(row.kind, row.subject),
        "rows": changed_rows(row.kind, row.before, row.after),
    }


on_proposal = DecisionOn(proposals.locked)


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ("what", "state_label", "proposed_by", "created_at", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("proposed_by", "decided_by")
    fields = ("id",)
    readonly_fields = fields
    change_form_template = "admin/payments/proposal/change_form.html"
    actions_detail = ("approve", "reject", "withdraw", "approve_alone")

    @display(description=_("what"))
    def what(self, row: Proposal) -> str:
        return title(row.kind, row.subject)

    @display(description=_("state"), label={tone: tone for tone in TONES.values()}, ordering="state")
    def state_label(self, row: Proposal) -> tuple[str, str]:
        state = ProposalState(row.state)
        return TONES[state], str(state.label)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        row, offered = context["original"], context["actions_detail"]
        more = {
            **told_of(row),
            "title": title(row.kind, row.subject),
            "subtitle": None,
            "status": self.state_label(row),
            "timeline": timeline_lines.lines(timeline([("proposal", row.pk)], TIMELINE_LIMIT), describe),
            "primary_actions": [one for one in offered if one["variant"] == ActionVariant.PRIMARY],
            "actions_detail": [one for one in offered if one["variant"] != ActionVariant.PRIMARY],
        }
        answer: HttpResponse = super().render_change_form(request, {**context, **more}, *args, **options)
        return answer

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        row = Proposal.objects.filter(pk=object_id, state=ProposalState.WAITING).first()
        if row is None:
            return []
        offered = {"withdraw"} if row.proposed_by_id == request.user.pk else {"reject"}
        if objection(staff(request), [row.proposed_by_id]) is None:
            offered.add("approve")
        elif may_break_glass(request):
            offered.add("approve_alone")
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [one for one in allowed if one.method.original_function_name in offered]

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever may propose such a change may decide on it."""
        row = Proposal.objects.filter(pk=object_id).first() if object_id else None
        return row is not None and request.user.has_perm(proposals.kind_of(row).permission)

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return Proposal.objects.filter(pk=object_id or "", proposed_by=staff(request)).exists()

    def has_alone_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_break_glass(request) and self.has_decide_permission(request, object_id)

    @dialog_action(
        _("Approve"),
        permission="decide",
        icon="verified_user",
        variant=ActionVariant.PRIMARY,
        title=_("Approve this change?"),
        description=_("It counts as soon as you agree. Ask whoever proposed it if anything is not clear."),
        form=ProposalForm,
        submit=_("Approve"),
    )
    @on_proposal
    def approve(self, row: Proposal, by: User, _form: ProposalForm) -> Sentence:
        if proposals.approve(row.pk, by=by).state == ProposalState.APPROVED:
            return _("Approved: it counts from now on.")
        return _("Something it was based on was changed meanwhile, so it was not carried out.")

    @dialog_action(
        _("Reject"),
        permission="decide",
        icon="block",
        title=_("Reject this change?"),
        description=_("Nothing is changed, and whoever proposed it is told what you write."),
        form=RejectProposalForm,
        submit=_("Reject it"),
    )
    @on_proposal
    def reject(self, row: Proposal, by: User, form: RejectProposalForm) -> Sentence:
        proposals.reject(row.pk, by=by, why=form.cleaned_data["why"])
        return _("Rejected. Whoever proposed it is told why.")

    @dialog_action(
        _("Withdraw"),
        permission="withdraw",
        icon="undo",
        title=_("Withdraw your proposal?"),
        description=_("Nothing is changed."),
        form=ProposalForm,
        submit=_("Withdraw"),
    )
    @on_proposal
    def withdraw(self, row: Proposal, by: User, _form: ProposalForm) -> Sentence:
        proposals.withdraw(row.pk, by=by)
        return _("The proposal was withdrawn.")

    @dialog_action(
        _("Decide alone"),
        permission="alone",
        icon="emergency",
        variant=ActionVariant.DANGER,
        title=_("Decide alone, without a second person?"),
        description=_(
            "Only in an emergency. All administrators and finance are told at once, and the overview says so."
        ),
        form=AloneProposalForm,
        submit=_("Decide alone"),
    )
    @on_proposal
    def approve_alone(self, row: Proposal, by: User, form: AloneProposalForm) -> Sentence:
        done = break_glass.approve_alone(row.pk, by=by, why=form.cleaned_data["why"])
        if done.state == ProposalState.APPROVED:
            return _("Decided alone. Everybody who looks after the money is told.")
        return _("Something it was based on was changed meanwhile, so it was not carried out.")
