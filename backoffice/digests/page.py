"""The page on which each person says when they get their own summary by email. Nobody chooses for another."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backoffice.models.digests import EARLIEST, LATEST, DigestOften, DigestSetting
from ledger.api import Actor, record
from payments.actions.mail_stops import subscribe_digests_again
from payments.admin.dialogs import staff
from payments.mail.stops import bounced, unwanted
from payments.models.mail_stops import StopKind


class DigestForm(forms.ModelForm[DigestSetting]):
    class Meta:
        model = DigestSetting
        fields = ("often", "hour", "time_zone")
        widgets = {
            "often": UnfoldAdminSelectWidget,
            "hour": UnfoldAdminSelectWidget(choices=[(hour, f"{hour}:00") for hour in range(EARLIEST, LATEST + 1)]),
            "time_zone": UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        }


def digest_view(request: HttpRequest) -> HttpResponse:
    """Their choice, and whether mail reaches them at all."""
    user = staff(request)
    setting = DigestSetting.objects.filter(user=user).first() or DigestSetting(user=user)
    stopped = user.email.lower() in unwanted([user.email], StopKind.NO_DIGESTS)
    if stopped and request.method != "POST":
        setting.often = DigestOften.NEVER
    form = DigestForm(request.POST if request.method == "POST" else None, instance=setting)
    if request.method == "POST" and form.is_valid():
        _keep(user, form)
        messages.success(request, _("Your choice is kept."))
        return HttpResponseRedirect(reverse("admin:digest"))
    context = {
        **admin.site.each_context(request),
        "title": _("Summary by email"),
        "form": form,
        "email": user.email,
        "stops": bounced([user.email]).values(),
    }
    return TemplateResponse(request, "admin/digests/page.html", context)


@transaction.atomic
def _keep(user: User, form: DigestForm) -> None:
    told = form.cleaned_data
    DigestSetting.objects.update_or_create(user=user, defaults=told)
    if told["often"] != DigestOften.NEVER:
        # By the link of a mail they had said that they want none.
        subscribe_digests_again(user)
    record("digest.chosen", actor=Actor.staff(user.pk), subjects={"user": str(user.pk)}, data=dict(told))
