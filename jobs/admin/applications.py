"""Applications: who offered to do a job, the decision, and where their money stands."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm

from jobs import decisions, held_payments
from jobs.admin.audited_admin import KeptAdmin
from jobs.admin.badges import application_badge, money_badge
from jobs.admin.bulk import BulkDecision, decide_marked
from jobs.admin.currency_filter import BudgetCurrencyOfJobFilter, OwedFilter
from jobs.intake.applications import ApplicationIntake
from jobs.job_payments import PREFETCHED
from jobs.models import Application, Payout
from jobs.worker_mail import messages_to
from payments.admin.dialogs import DecisionOn, Sentence, dialog_action, number_of
from payments.admin.short_texts import shorts


class RejectForm(BaseDialogForm):
    """Shows the payment that was approved beforehand and is called off."""

    form_before_template = "admin/jobs/job/calls_off.html"

    def get_before_template_context(self, _request: HttpRequest, object_id: object = None) -> dict[str, Any]:
        return {"payouts": held_payments.waiting(Payout.objects.filter(application=number_of(object_id)))}


SELECT = BulkDecision(
    decisions.select,
    title=lambda n: ngettext("Select %(n)s worker?", "Select %(n)s workers?", n) % {"n": n},
    consequence=_("They are owed the budget once their work is accepted. No money moves now."),
    submit=_("Select"),
    done=lambda n: ngettext("%(n)s worker is selected.", "%(n)s workers are selected.", n) % {"n": n},
)
REJECT = BulkDecision(
    decisions.reject,
    title=lambda n: ngettext("Reject %(n)s application?", "Reject %(n)s applications?", n) % {"n": n},
    consequence=_("They are not selected. This can be changed as long as nothing was paid."),
    moves_held=_("Calls off the payment that was approved:"),
    submit=_("Reject"),
    done=lambda n: ngettext("%(n)s application is rejected.", "%(n)s applications are rejected.", n) % {"n": n},
)
#: `decisions` takes the job of an application, then the application.
on_application = DecisionOn(lambda pk: Application.objects.get(pk=number_of(pk)))


@admin.register(Application)
class ApplicationAdmin(KeptAdmin):
    form = ApplicationIntake
    list_display = ("applicant", "job", "state", "money", "created_at")
    list_filter = ("status", "job__status", OwedFilter, BudgetCurrencyOfJobFilter)
    search_fields = ("worker__name", "worker__email", "job__title", "job__reference")
    autocomplete_fields = ("job", "worker")
    fields = ("job", "worker")
    readonly_fields = ("state", "money", "created_at")
    change_form_outer_after_template = "admin/payments/message/shorts.html"
    actions = ("select_all_marked", "reject_all_marked")
    actions_row = ("select_worker", "reject_worker")
    actions_detail = ("select_worker", "reject_worker")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        found: QuerySet[Application] = super().get_queryset(request)
        # Their names also make what is called an application elsewhere.
        return found.select_related("job", "worker").prefetch_related(*PREFETCHED)

    def get_fields(self, _request: HttpRequest, obj: Application | None = None) -> Any:
        return ("job", "worker", ("state", "money"), "created_at") if obj else ("job", "worker")

    def get_readonly_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        fixed = ("job", "worker") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        application = context.get("original")
        if application:
            context = {**context, "shorts": shorts(messages_to(application), request.user)}
        return super().render_change_form(request, context, *args, **options)

    @display(description=_("worker"), ordering="worker__name", header=True)
    def applicant(self, application: Application) -> tuple[str, str]:
        return application.worker.name, application.worker.email

    @display(description=_("status"), ordering="status")
    def state(self, application: Application) -> str:
        return application_badge(application)

    @display(description=_("money"))
    def money(self, application: Application) -> str:
        return money_badge(application)

    @dialog_action(
        _("Select"),
        permission="change",
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        path="select",
        title=_("Select this worker?"),
        description=_("They are owed the budget once their work is accepted. No money moves now."),
        submit=_("Select"),
    )
    @on_application
    def select_worker(self, application: Application, by: User, _form: BaseDialogForm) -> Sentence:
        decisions.select(application.pk, by=by)
        return _("The worker is selected.")

    @dialog_action(
        _("Reject"),
        permission="change",
        icon="person_off",
        path="reject",
        title=_("Reject this application?"),
        description=_("The worker is not selected. This can be changed as long as nothing was paid."),
        form=RejectForm,
        submit=_("Reject"),
    )
    @on_application
    def reject_worker(self, application: Application, by: User, _form: RejectForm) -> Sentence:
        decisions.reject(application.pk, by=by)
        return _("The application is rejected.")

    @admin.action(description=_("Select"), permissions=["change"])
    def select_all_marked(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return decide_marked(self, request, queryset, "select_all_marked", SELECT)

    @admin.action(description=_("Reject"), permissions=["change"])
    def reject_all_marked(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        return decide_marked(self, request, queryset, "reject_all_marked", REJECT)
