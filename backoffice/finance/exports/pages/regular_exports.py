"""Lists that are exported regularly: how it goes, who gets them; changed and stopped here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from backoffice.finance.exports.export_mail import allowed, who_could_get
from backoffice.finance.exports.listed_rows import name_of_list
from backoffice.finance.exports.pages.exports import OfExports
from backoffice.finance.exports.pages.receivers import offer
from backoffice.finance.exports.reasons import sentence
from backoffice.models import RegularExport
from backoffice.models.exports import Often
from ledger.stamps import short, stamp
from payments.admin.dialogs import DecisionOn, SeenForm, Sentence, dialog_action
from payments.locking import lock
from payments.mail.colleagues import name_of

NOTHING = "\N{EN DASH}"
NEWEST = 10


class StopForm(SeenForm):
    def now(self) -> str:
        return str(RegularExport.objects.filter(pk=self.object_id, stopped_at=None).exists())


class ChangeRegularForm(StopForm):
    often = forms.ChoiceField(label=_("How often"), choices=Often, widget=UnfoldAdminSelectWidget())
    receivers = forms.ModelMultipleChoiceField(
        label=_("Who gets it"),
        queryset=User.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        error_messages={"required": _("Choose at least one person who gets it.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = RegularExport.objects.filter(pk=self.object_id).first()
        field = self.fields["receivers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        if row:
            offer(field, row.model)
            self.fields["often"].initial = row.often
            field.initial = list(row.receivers.values_list("pk", flat=True))


on_regular = DecisionOn(lambda pk: lock(RegularExport.objects.all(), pk))


@admin.register(RegularExport)
class RegularExportAdmin(OfExports):
    list_display = ("list_name", "often", "format", "next", "receiver_names", "how_it_goes")
    list_display_links = ("list_name",)
    list_select_related = ("made_by",)
    when_empty = _("Press “Export” above a list, and choose “Export it regularly” there.")
    fields = ("list_name", "often", "format", "next", "receiver_names", "set_up_by", "how_it_goes", "errors", "latest")
    readonly_fields = fields
    actions_detail = ("change_regular", "stop_regular")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RegularExport]:
        found: QuerySet[RegularExport] = super().get_queryset(request)
        return found.prefetch_related("receivers")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With who may get each list of the page: asked once for each list, not for each row."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        could = {
            label: {user.pk for user in who_could_get(label)} for label in {row.model for row in found.result_list}
        }
        for row in found.result_list:
            row.could_get = could[row.model]
        return found

    @display(description=_("next"), ordering="next_at")
    def next(self, row: RegularExport) -> str:
        return NOTHING if row.stopped_at else stamp(row.next_at)

    @display(description=_("who gets it"))
    def receiver_names(self, row: Any) -> str:
        """Those who may not export the list any more get none, and are marked."""
        people = list(row.receivers.all())
        known = getattr(row, "could_get", None)
        may = {user.pk for user in allowed(row.model, people)} if known is None else known
        none = _("%(name)s (gets none: may not export this list)")
        names = [name_of(user) if user.pk in may else str(none) % {"name": name_of(user)} for user in people]
        return ", ".join(names) or NOTHING

    @display(description=_("set up by"))
    def set_up_by(self, row: RegularExport) -> str:
        return name_of(row.made_by)

    @display(description=_("how it goes"))
    def how_it_goes(self, row: RegularExport) -> str:
        if row.stopped_at:
            return str(_("Stopped on %(when)s")) % {"when": short(row.stopped_at)}
        return sentence(row.reason, row.reason_params) if row.errors else str(_("It works"))

    @display(description=_("latest files"))
    def latest(self, row: RegularExport) -> str:
        made = [short(one.finished_at) for one in row.exports.order_by("-created_at")[:NEWEST] if one.finished_at]
        return " · ".join(made) or NOTHING

    # Acting

    def has_manage_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        row = RegularExport.objects.filter(pk=object_id or "").first()
        return self.has_view_permission(request, row)

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        goes_on = RegularExport.objects.filter(pk=object_id, stopped_at=None).exists()
        allowed_here: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        return allowed_here if goes_on else []

    @dialog_action(
        _("Change"),
        permission="manage",
        icon="edit",
        title=_("How often, and who gets it?"),
        description=_("Only people who may export this list can be chosen. It counts from the next time on."),
        form=ChangeRegularForm,
        submit=_("Save"),
    )
    @on_regular
    def change_regular(self, row: RegularExport, by: User, form: ChangeRegularForm) -> Sentence:
        from backoffice.finance.exports import regular  # noqa: PLC0415 - loads the library, which costs each process 6 MB

        regular.change(row, Often(form.cleaned_data["often"]), form.cleaned_data["receivers"], by=by)
        return _("Saved. It counts from the next time on.")

    @dialog_action(
        _("Stop"),
        permission="manage",
        icon="event_busy",
        title=_("Stop this regular export?"),
        description=_("Files that were made stay until their time is over. To go on later, set up a new one."),
        form=StopForm,
        submit=_("Stop it"),
    )
    @on_regular
    def stop_regular(self, row: RegularExport, by: User, _form: StopForm) -> Sentence:
        from backoffice.finance.exports import regular  # noqa: PLC0415 - as above

        regular.stop(row, by=by)
        return _("%(list)s is no longer exported regularly.") % {"list": name_of_list(row.model)}
