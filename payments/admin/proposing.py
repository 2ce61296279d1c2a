"""Pages of what two administrators change together: whatever is saved or deleted there is proposed."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from payments.models import Proposal
from payments.models.proposals import ProposalState
from payments.presentation.reasons import Refusal


class ProposingAdmin(ModelAdmin):
    """Says what became of what was saved, in place of Django's “was changed”, which may not be so yet."""

    actions = None
    #: Of the proposals that are made here.
    kind: ClassVar[str]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Above the list: how much of it is to change once a second administrator agrees."""
        pending = Proposal.objects.filter(kind=self.kind, state=ProposalState.WAITING).count()
        answer: HttpResponse = super().changelist_view(request, {"pending": pending, **(extra_context or {})})
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What was saved may not be there yet, so there is nothing to go on editing."""
        one_way = {"show_save_and_continue": False, "show_save_and_add_another": False}
        more = {**one_way, **(extra_context or {})}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    def propose(self, request: HttpRequest, make: Callable[[], Proposal]) -> None:
        """Propose it, and say whether it counts already or waits for a second person."""
        try:
            proposal = make()
        except Refusal as refusal:
            messages.warning(request, str(refusal))
        else:
            self.say(request, proposal)

    def say(self, request: HttpRequest, proposal: Proposal) -> None:
        if proposal.state == ProposalState.WAITING:
            words = _("Proposed. It changes nothing before a second administrator has agreed; they get an email.")
            messages.warning(request, words)
        else:
            words = _("It counts from now on. Nobody else could decide on it, so the ledger and an email say so.")
            messages.success(request, words)

    def response_add(self, request: HttpRequest, obj: Model, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        return self._to_list()

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:  # noqa: ARG002 - Django's signature
        return self._to_list()

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:  # noqa: ARG002 - Django's signature
        return self._to_list()

    def _to_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def log_addition(self, *_args: Any, **_kwargs: Any) -> None:
        """The ledger says who proposed what, and what became of it; Django's own history would say that it was done."""

    log_change = log_addition
    log_deletions = log_addition
