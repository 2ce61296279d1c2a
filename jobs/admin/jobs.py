"""A job's page: the work, what can be done next, and its money."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.enums import ActionVariant

from jobs import deadlines, escrow, funding, lifecycle, payables
from jobs.admin.add_worker import AddWorker
from jobs.admin.ask_forms import BETWEEN, MOST_JOBS, PLATFORM, AskForm
from jobs.admin.audited_admin import ReadFirst
from jobs.admin.badges import application_badge, job_badge, money_badge
from jobs.admin.currency_filter import BudgetCurrencyFilter
from jobs.admin.deadlines import OverdueFilter, ReopenForm
from jobs.admin.duplicate_dialog import DuplicateForm
from jobs.admin.job_forms import CancelForm, JobForm, MoveForm
from jobs.admin.money_panel import panel, version_of_job
from jobs.admin.pay_from_budget import pay_now
from jobs.admin.payout_forms import GiveBackForm, PayOutForm
from jobs.admin.report_outside import ReportOutside
from jobs.budget_offers import ask_within
from jobs.decisions import SELECTABLE, move_job
from jobs.job_payments import PREFETCHED, funding_under_way, money_statuses, requests_of
from jobs.models import Application, ApplicationStatus, Deliverable, Job, JobStatus
from jobs.reasons import JobRefusal
from ledger.filters import BusinessDaysFilter
from ledger.stamps import day_stamp
from payments.admin.dialogs import (
    WAIT_SECONDS,
    DecisionOn,
    Sentence,
    asks_for_money,
    dialog_action,
    go,
    number_of,
    staff,
)
from payments.admin.following import FollowedRow
from payments.admin.more_links import more_links
from payments.admin.staff_notes import NotedRow
from payments.models import PaymentRequest
from payments.presentation.format_amounts import format_amount
from payments.presentation.reasons import Refusal
from payments.states import PaymentState
from payments.worker.advance_now import advance_now

SELECTED = "selected_applications"


class ApplicationInline(TabularInline):
    """Who wants to do the job, with a way to decide on whoever waits for it."""

    model = Application
    fields = readonly_fields = ("worker", "state", "money", "created_at", "decide")
    extra = 0
    per_page = 25
    can_delete = False
    hide_title = True
    show_change_link = True
    #: As many are selected as are wanted.
    is_full = False

    def has_add_permission(self, *_args: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        found: QuerySet[Application] = super().get_queryset(request)
        return found.select_related("worker", "job").prefetch_related(*PREFETCHED)

    @display(description=_("status"))
    def state(self, application: Application) -> str:
        return application_badge(application)

    @display(description=_("money"))
    def money(self, application: Application) -> str:
        return money_badge(application)

    def get_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        """Without decisions for who may not make any, and once none can be made."""
        decides = request.user.has_perm("jobs.change_application") and obj and obj.status in SELECTABLE
        self.is_full = bool(obj and len(getattr(obj, SELECTED, ())) >= obj.workers_wanted)
        return self.fields if decides else self.fields[:-1]

    @display(description=_("decide"))
    def decide(self, application: Application) -> str:
        """Dialogs of the application that lead back to this page."""
        if application.status != ApplicationStatus.PENDING:
            return "\N{EN DASH}"
        pages = [(_("Reject"), "reject_worker")]
        if not self.is_full:
            pages.insert(0, (_("Select"), "select_worker"))
        return format_html_join(
            " · ",
            '<a href="{0}" hx-get="{0}" hx-target="#modal-content" hx-select="#dialog" aria-haspopup="dialog">{1}</a>',
            ((reverse(f"admin:jobs_application_{name}", args=[application.pk]), words) for words, name in pages),
        )


on_job = DecisionOn(lambda pk: lifecycle.lock_job(number_of(pk)))


def _moved(job: Job, event: str, by: User, form: MoveForm, until: Mapping[str, datetime | None] | None = None) -> str:
    seen, _space, waiting = form.cleaned_data["seen"].partition(" ")
    if waiting != form.now().partition(" ")[2]:
        raise JobRefusal("job_money_changed")
    moved = move_job(job.pk, event, by=by, seen=seen, until=until)
    return str(_("The job is now “%(status)s”.")) % {"status": JobStatus(moved.status).label}


@admin.register(Job)
class JobAdmin(FollowedRow, NotedRow, ReportOutside, AddWorker, ReadFirst):
    form = JobForm
    list_display = ("heading", "funder", "state", "budget", "workers", "due", "made")
    list_select_related = ("funder",)
    note_subject = "job"
    list_filter = ("status", OverdueFilter, "is_funded", BudgetCurrencyFilter, ("created_at", BusinessDaysFilter))
    search_fields = ("title", "reference", "funder__name", "target_language")
    autocomplete_fields = ("funder",)
    readonly_fields = ("state", "is_funded")
    date_hierarchy = None
    inlines = (ApplicationInline,)
    actions = ("request_payments",)
    actions_detail = (
        "request_payment",
        "add_worker",
        "pay_out",
        "give_back",
        "report_outside",
        "publish",
        "close_recruiting",
        "start_work",
        "reopen",
        "duplicate",
        "cancel",
    )
    change_form_outer_before_template = "admin/jobs/job/money.html"
    change_form_outer_after_template = "admin/jobs/job/timeline.html"
    fieldsets = (
        (None, {"fields": ("title", "description", ("target_language", "deliverable_types"))}),
        (
            _("Money"),
            {
                "fields": (
                    ("budget_text", "currency"),
                    "amount_side",
                    ("workers_wanted", "funder"),
                    ("reference", "seller"),
                )
            },
        ),
        (_("Dates"), {"fields": ("recruit_deadline", "submit_deadline", "expires_at")}),
    )
    read_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state", "is_funded"),
                    ("budget", "amount_side"),
                    ("funder", "seller"),
                    ("reference", "workers_wanted"),
                    "description",
                    ("target_language", "deliverables"),
                    ("recruit_deadline", "submit_deadline"),
                    "expires_at",
                )
            },
        ),
    )

    class Media:
        js = ("admin_copy.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        selected = Application.objects.filter(status=ApplicationStatus.SELECTED).prefetch_related(*PREFETCHED)
        found: QuerySet[Job] = super().get_queryset(request)
        return found.prefetch_related(Prefetch("applications", queryset=selected, to_attr=SELECTED))

    def get_fieldsets(self, request: HttpRequest, obj: Job | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.is_read(request, obj):
            return fieldsets
        return ((None, {"fields": (("state", "is_funded"),)}), *fieldsets)

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "budget")

    @display(description=_("job"), ordering="title", header=True)
    def heading(self, job: Job) -> tuple[str, str]:
        return job.title, job.reference or job.target_language

    @display(description=_("status"), ordering="status")
    def state(self, job: Job) -> str:
        return job_badge(job)

    @display(description=_("budget per worker"), ordering="budget_value")
    def budget(self, job: Job) -> str:
        return format_amount(job.budget)

    @display(description=_("deliverables"))
    def deliverables(self, job: Job) -> str:
        names = dict(Deliverable.choices)
        return ", ".join(str(names.get(one, one)) for one in job.deliverable_types) or "\N{EN DASH}"

    @display(description=_("selected"))
    def workers(self, job: Job) -> str:
        told = {"selected": len(getattr(job, SELECTED)), "wanted": job.workers_wanted}
        return format_html("{}<br>{}", _("%(selected)s of %(wanted)s") % told, self._money(job))

    def _money(self, job: Job) -> str:
        found = money_statuses(getattr(job, SELECTED))
        words = [f"{count} {where.label}" for where, count in found]
        if job.is_funded and not words:
            words = [str(PaymentState.SETTLED.label)]
        return " · ".join(words)

    @display(description=_("due"))
    def due(self, job: Job) -> str:
        told = day_stamp(deadlines.next_of(job)) or "\N{EN DASH}"
        return told if not deadlines.overdue_since(job) else format_html("{}<br>{}", told, _("Overdue"))

    @display(description=_("created"), ordering="created_at")
    def made(self, job: Job) -> str:
        return day_stamp(job.created_at)

    # The page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        job = self._named(object_id)
        more = {"money": panel(job)} if job and self.has_view_permission(request, job) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def version_of_row(self, row: Job) -> str:
        return version_of_job(row)

    def _named(self, object_id: str) -> Job | None:
        """The job of an address, which may name anything."""
        found = Job.objects.select_related("funder__wallet", "seller__wallet")
        return found.filter(pk=number_of(object_id)).first()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        """Until money was asked for, the panel offers to ask, where its words say so; the page's head doesn't."""
        offered, shown = context.get("actions_detail", []), context.get("money")
        ask = next((one["path"] for one in offered if one["variant"] == ActionVariant.PRIMARY), "")
        report = next((one["path"] for one in offered if one["path"].rstrip("/").endswith("report-outside")), "")
        links = more_links(request, context["original"]) if shown else []
        context = {**context, "ask_path": ask, "report_path": report, "more_links": links}
        if shown and shown.workers and not shown.cards:
            primary = [one for one in offered if one["variant"] == ActionVariant.PRIMARY]
            remaining = [one for one in offered if one["variant"] != ActionVariant.PRIMARY]
            context = {**context, "primary_actions": primary, "actions_detail": remaining}
        return super().render_change_form(request, context, *args, **options)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """Only what the job's status allows, and money only while somebody is left to be paid.

        Each action looks again when it is pressed.
        """
        job = self._named(object_id)
        status = job.status if job else None
        allowed = {event for event, move in lifecycle.MOVES.items() if move.by_staff and status in move.sources}
        if job and status in funding.PAYABLE:
            if not funding_under_way(job) and (payables.choices(job) or not requests_of(job).exists()):
                allowed.add("request_payment")
            if payables.owed(job):
                allowed.add("report_outside")
            if escrow.escrow_of(job) and escrow.payable(job):
                allowed.add("pay_out")
        if job:
            allowed.add("duplicate")
        if status in SELECTABLE:
            allowed.add("add_worker")
        if job and any(not each.held.is_zero for each in escrow.escrows_of(job)):
            allowed.add("give_back")
        found: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return [each for each in found if each.path.replace("-", "_") in allowed]

    # Money

    def has_request_payment_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.request_paymentrequest")

    @dialog_action(
        _("Quote & request approval"),
        permission="request_payment",
        icon="request_quote",
        variant=ActionVariant.PRIMARY,
        path="request-payment",
        title=_("Quote & request approval"),
        description=_(
            "The wallets are asked what it costs. The funder is asked nothing before you have seen both amounts."
        ),
        form=AskForm,
        submit=_("Continue"),
    )
    def request_payment(self, request: HttpRequest, form: AskForm, _object_id: str) -> HttpResponse:
        return self._ask(request, form)

    def _ask(self, request: HttpRequest, form: AskForm) -> HttpResponse:
        """Ask for the money, get its quote, and go to its page. Raises Refusal."""
        given, by = form.cleaned_data, staff(request)
        seller = given["seller"] or funding.seller_of(*form.payable)
        budget = form.budget
        chosen = {"seen": form.seen_by_person, "parts": given.get("parts")}
        if given["way"] == PLATFORM:
            made = funding.fund(form.jobs, "seller", seller, by=by, form_id=given["form_id"])
        elif budget:
            made = ask_within(form.jobs, given["receivers"], budget, by=by, form_id=given["form_id"], **chosen)
        else:
            way = funding.Way(given["way"])
            made = funding.fund(form.jobs, given["receivers"], seller, way, by=by, form_id=given["form_id"], **chosen)
        advance_now(made.pk, WAIT_SECONDS)
        if budget:
            pay_now(request, made.pk, budget, form.answer_for(made.pk))
        return go(request, reverse("admin:payments_paymentrequest_change", args=[made.pk]))

    @dialog_action(
        _("Pay out from escrow"),
        permission="request_payment",
        icon="outbox",
        variant=ActionVariant.PRIMARY,
        path="pay-out",
        title=_("Pay out from escrow"),
        description=_(
            "Workers whose work is accepted are paid from the money that is held for this job. A second person must"
            " authorise it, then it is approved in the wallet that holds the money."
        ),
        form=PayOutForm,
        submit=_("Get the quote"),
    )
    @asks_for_money
    def pay_out(self, by: User, form: PayOutForm) -> PaymentRequest:
        given = form.cleaned_data
        chosen = {"seen": form.seen_by_person, "parts": given["parts"]}
        return escrow.pay_out(form.job, given["receivers"], by=by, form_id=given["form_id"], **chosen)

    def has_refund_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("payments.refund_payment")

    @dialog_action(
        _("Refund the rest"),
        permission="refund",
        icon="undo",
        path="give-back",
        title=_("Refund what is held for this job?"),
        form=GiveBackForm,
        submit=_("Get the quote"),
    )
    @asks_for_money
    def give_back(self, by: User, form: GiveBackForm) -> PaymentRequest:
        given, of = form.cleaned_data, form.escrow.funding.pk
        return escrow.give_back(form.job, of, given["amount"], by=by, form_id=given["form_id"], seen=given["seen"])

    @admin.action(description=_("Quote & request approval"), permissions=["request_payment"])
    def request_payments(self, request: HttpRequest, queryset: QuerySet[Job]) -> HttpResponse | None:
        """For all marked jobs of one funder together: shows who would get what; nothing is asked yet."""
        marked = sorted(queryset.values_list("pk", flat=True))
        if len(marked) > MOST_JOBS:
            messages.error(request, _("Choose at most %(most)s jobs.") % {"most": MOST_JOBS})
            return None
        return HttpResponseRedirect(reverse("admin:jobs_job_ask_many", args=[BETWEEN.join(map(str, marked))]))

    def get_custom_urls(self) -> Any:
        return (("ask/<str:object_id>/", "jobs_job_ask_many", self.ask_many),)

    def ask_many(self, request: HttpRequest, object_id: str, **_kwargs: Any) -> HttpResponse:
        if not (self.has_view_permission(request) and self.has_request_payment_permission(request)):
            raise PermissionDenied
        form = AskForm(data=request.POST if request.method == "POST" else None, request=request, object_id=object_id)
        if request.method == "POST" and form.is_valid():
            try:
                return self._ask(request, form)
            except Refusal as refusal:
                form = form.refused(refusal)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Quote & request approval"),
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/jobs/job/ask_many.html", context)

    # Moves

    @dialog_action(
        _("Publish"),
        permission="change",
        icon="campaign",
        title=_("Publish the job?"),
        description=_("Workers can apply from now on."),
        form=MoveForm,
        submit=_("Publish"),
    )
    @on_job
    def publish(self, job: Job, by: User, form: MoveForm) -> Sentence:
        return _moved(job, "publish", by, form)

    @dialog_action(
        _("Close recruiting"),
        permission="change",
        icon="how_to_reg",
        path="close-recruiting",
        title=_("Close recruiting?"),
        description=_("Then select workers among those who applied."),
        form=MoveForm,
        submit=_("Close recruiting"),
    )
    @on_job
    def close_recruiting(self, job: Job, by: User, form: MoveForm) -> Sentence:
        return _moved(job, "close_recruiting", by, form)

    @dialog_action(
        _("Start work"),
        permission="change",
        icon="construction",
        path="start-work",
        title=_("Start the work?"),
        description=_("The selected workers can hand in from now on."),
        form=MoveForm,
        submit=_("Start work"),
    )
    @on_job
    def start_work(self, job: Job, by: User, form: MoveForm) -> Sentence:
        return _moved(job, "start_work", by, form)

    @dialog_action(
        _("Reopen"),
        permission="change",
        icon="restart_alt",
        title=_("Open the job again?"),
        description=_(
            "Workers can apply again. Applications and work stand as they were. Set the deadlines anew: one that "
            "is empty ends nothing."
        ),
        form=ReopenForm,
        submit=_("Reopen"),
    )
    @on_job
    def reopen(self, job: Job, by: User, form: ReopenForm) -> Sentence:
        return _moved(job, "reopen", by, form, form.until)

    def has_duplicate_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return bool(self.has_add_permission(request))

    @dialog_action(
        _("Duplicate"),
        permission="duplicate",
        icon="content_copy",
        title=_("Make another job like this one?"),
        description=_("It is a draft for the same funder. You can change all of it before it is published."),
        form=DuplicateForm,
        submit=_("Make the draft"),
    )
    @on_job
    def duplicate(self, _job: Job, by: User, form: DuplicateForm) -> Sentence:
        made = form.keep(by=by)
        page = reverse("admin:jobs_job_change", args=[made.pk])
        return format_html(str(_("The draft is made: {}.")), format_html('<a href="{}">{}</a>', page, made.title))

    @dialog_action(
        _("Cancel the job"),
        permission="change",
        icon="cancel",
        title=_("Cancel the job?"),
        description=_("This can't be undone. Money that has settled stays where it is."),
        form=CancelForm,
        submit=_("Cancel the job"),
    )
    @on_job
    def cancel(self, job: Job, by: User, form: CancelForm) -> Sentence:
        return _moved(job, "cancel", by, form)
