"""Submissions: handed-in work, the decision, and where its money stands."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from jobs import decisions, held_payments
from jobs.admin.audited_admin import KeptAdmin
from jobs.admin.badges import money_badge, submission_badge
from jobs.admin.bulk import BulkDecision, decide_marked
from jobs.intake.submissions import CONTENT, SubmissionIntake
from jobs.job_payments import PREFETCHED
from jobs.models import Payout, Submission, SubmissionStatus
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of


class AcceptSubmissionForm(BaseDialogForm):
    """Shows what is paid by accepting: what the funder approved beforehand."""

    form_before_template = "admin/jobs/job/releases.html"

    def get_before_template_context(self, _request: HttpRequest, object_id: object = None) -> dict[str, Any]:
        mine = Payout.objects.filter(application__submissions=number_of(object_id))
        return {"payouts": held_payments.waiting(mine.select_related("payment__request"))}


ACCEPT = BulkDecision(
    decisions.accept_submission,
    title=lambda n: ngettext("Accept %(n)s submission?", "Accept %(n)s submissions?", n) % {"n": n},
    consequence=_("The workers are owed the budget of their job."),
    moves_held=_("Pays now, as the funder approved:"),
    submit=_("Accept"),
    done=lambda n: ngettext("%(n)s submission is accepted.", "%(n)s submissions are accepted.", n) % {"n": n},
)
REJECT = BulkDecision(
    decisions.reject_submission,
    title=lambda n: ngettext("Reject %(n)s submission?", "Reject %(n)s submissions?", n) % {"n": n},
    consequence=_("The workers may hand in again, as long as their job takes work."),
    submit=_("Reject"),
    done=lambda n: ngettext("%(n)s submission is rejected.", "%(n)s submissions are rejected.", n) % {"n": n},
)
#: `decisions` takes the job of a submission, then the submission.
on_submission = DecisionOn(lambda pk: Submission.objects.get(pk=number_of(pk)))


@admin.register(Submission)
class SubmissionAdmin(KeptAdmin):
    form = SubmissionIntake
    list_display = ("worker", "job", "state", "money", "created_at")
    list_select_related = ("application__worker", "application__job")
    list_filter = ("status",)
    search_fields = ("application__worker__name", "application__job__title")
    autocomplete_fields = ("application",)
    readonly_fields = ("state", "money", "created_at")
    actions = ("accept_all_marked", "reject_all_marked")
    actions_row = ("accept_work", "reject_work")
    actions_detail = ("accept_work", "reject_work")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        found: QuerySet[Submission] = super().get_queryset(request)
        return found.prefetch_related(*(f"application__{each}" for each in PREFETCHED))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "link":
            options["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **options)

    def get_fields(self, _request: HttpRequest, obj: Submission | None = None) -> Any:
        return ("application", *((("state", "money"), "created_at") if obj else ()), *CONTENT)

    def get_readonly_fields(self, request: HttpRequest, obj: Submission | None = None) -> Any:
        """What was decided on stays as it was."""
        fixed: tuple[str, ...] = ("application",) if obj else ()
        if obj and obj.status != SubmissionStatus.PENDING:
            fixed = (*fixed, *CONTENT)
        return (*fixed, *super().get_readonly_fields(request, obj))

    @display(description=_("worker"), ordering="application__worker__name")
    def worker(self, submission: Submission) -> str:
        return submission.application.worker.name

    @display(description=_("job"), ordering="application__job__title")
    def job(self, submission: Submission) -> str:
        return submission.application.job.title

    @display(description=_("status"), ordering="status")
    def state(self, submission: Submission) -> str:
        return submission_badge(submission)

    @display(description=_("money"))
    def money(self, submission: Submission) -> str:
        return money_badge(submission.application)

    # Files are given out here, to who may see the submission, and never shown by the browser itself.

    def get_custom_urls(self) -> Any:
        return (("files/<path:name>", "jobs_submission_file", self.file_view),)

    def file_view(self, request: HttpRequest, name: str, **_kwargs: Any) -> FileResponse:
        submission = Submission.objects.filter(file=name).first()
        if submission is None:
            raise Http404
        if not self.has_view_permission(request, submission):
            raise PermissionDenied
        try:
            content = submission.file.open("rb")
        except FileNotFoundError as error:
            raise Http404 from error
        return FileResponse(content, as_attachment=True, filename=name.rsplit("/", 1)[-1])

    @dialog_action(
        _("Accept"),
        permission="change",
        icon="task",
        variant=ActionVariant.PRIMARY,
        path="accept",
        title=_("Accept this work?"),
        form=AcceptSubmissionForm,
        submit=_("Accept"),
    )
    @on_submission
    def accept_work(self, submission: Submission, by: User, _form: AcceptSubmissionForm) -> Sentence:
        decisions.accept_submission(submission.pk, by=by)
        return _("The work is accepted.")

    @dialog_action(
        _("Reject"),
        permission="change",
        icon="assignment_return",
        path="reject",
        title=_("Reject this work?"),
        description=_("The worker may hand in again."),
        submit=_("Reject"),
    )
    @on_submission
    def reject_work(self, submission: Submission, by: User, _form: BaseDialogForm) -> Sentence:
        decisions.reject_submission(submission.pk, by=by)
        return _("The work is rejected.")

    @admin.action(description=_("Accept"), permissions=["change"])
    def accept_all_marked(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return decide_marked(self, request, queryset, "accept_all_marked", ACCEPT)

    @admin.action(description=_("Reject"), permissions=["change"])
    def reject_all_marked(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return decide_marked(self, request, queryset, "reject_all_marked", REJECT)
