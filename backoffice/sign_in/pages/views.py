"""The pages for coming in, and of people's own sign-in: the library's views in our frame, with our words."""

from typing import Any

from allauth.account import views as account
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.base import views as factor
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.generic.edit import FormView

from backoffice.sign_in import entries, proof, sessions
from backoffice.sign_in.door import UNDONE
from backoffice.sign_in.pages import one_click
from backoffice.sign_in.pages.forms import (
    CodeForm,
    ConfirmByCodeForm,
    ConfirmByPasswordForm,
    ForgottenForm,
    NewPasswordForm,
    OwnPasswordForm,
    SetUpFactorForm,
    SignInForm,
)
from payments.admin.dialogs import number_of


class InTheFrame:
    """A page of the admin's look; before somebody is in, it has no sidebar."""

    request: HttpRequest
    title: str | Promise = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # a view stands beside this
        return {**admin.site.each_context(self.request), "title": self.title, **context}


class SignIn(InTheFrame, account.LoginView):
    template_name = "sign_in/sign_in.html"
    title = gettext_lazy("Sign in")
    form_class = SignInForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not _person(request).is_staff:
            # They were staff when they came; where they were sent here from, they may not go.
            logout(request)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "one_click": one_click.people()}


class Code(InTheFrame, factor.AuthenticateView):
    """The second step, for whoever has a second factor. Until then nobody is in."""

    template_name = "sign_in/code.html"
    title = gettext_lazy("Second step")
    form_class = CodeForm

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """A code that was used up, and the entry of it, are one thing."""
        response: HttpResponse = super().post(*args, **kwargs)
        return response


class Confirmation(InTheFrame):
    """Asked of somebody who is in, before money moves: whether it is still they."""

    title = gettext_lazy("Confirm that it is you")
    template_name = "sign_in/confirm.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "undone": self.request.session.get(UNDONE, False)}

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # a view stands beside this
        if self.request.session.pop(UNDONE, False):
            messages.info(self.request, _("Thank you. What you chose before was not done yet: please choose it again."))
        return response


class ConfirmByPassword(Confirmation, account.ReauthenticateView):
    form_class = ConfirmByPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        proof.shown(self.request, factor=False)
        return super().form_valid(form)


class ConfirmByCode(Confirmation, factor.ReauthenticateView):
    form_class = ConfirmByCodeForm

    @transaction.atomic
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(*args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        proof.shown(self.request, factor=True)
        return super().form_valid(form)


@never_cache
@login_required
def own_sign_in(request: HttpRequest) -> HttpResponse:
    """Everything about how somebody comes in, on one page: second factor, password, where they are signed in.

    What is sent to it ends the session that the form names, or all others of this person.
    """
    if request.method == "POST":
        return _end_sessions(request, _person(request))
    page: HttpResponse = OwnSignIn.as_view()(request)
    return page


class OwnSignIn(InTheFrame, factor.IndexView):
    template_name = "sign_in/own.html"
    title = gettext_lazy("Your sign-in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = _person(self.request)
        context = super().get_context_data(**kwargs)
        kept = context["authenticators"].get("recovery_codes")
        return {
            **context,
            "codes_left": len(kept.get_unused_codes()) if kept else 0,
            "must_have_factor": proof.must_have_factor(user),
            "places": sessions.places(self.request, user),
        }


@method_decorator(login_required, name="dispatch")
class SetUpFactor(InTheFrame, totp.ActivateTOTPView):
    """The first one, or another in the place of the one that there is: on a new phone."""

    template_name = "sign_in/set_up.html"
    title = gettext_lazy("Set up your second factor")
    form_class = SetUpFactorForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Without what the library asks first: the door has asked, and a second factor can be set up anew."""
        answer: HttpResponseBase = FormView.dispatch(self, request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = _person(self.request)
        waits = proof.must_have_factor(user) and not proof.has_factor(self.request)
        told = {"in_fours": _in_fours(context["form"].secret), "waits": waits, "anew": proof.owns_factor(user)}
        return {**context, **told}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        user = _person(self.request)
        if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()[0]:
            entries.tell("sign_in.factor_removed", user, request=self.request)
        response: HttpResponse = super().form_valid(form)
        # They typed a code of it just now.
        proof.shown(self.request, factor=True)
        return response


class RemoveFactor(InTheFrame, totp.DeactivateTOTPView):
    template_name = "sign_in/remove.html"
    title = gettext_lazy("Remove your second factor")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        proof.factor_is_gone(self.request)
        return response


class RecoveryCodes(InTheFrame, codes.ViewRecoveryCodesView):
    """Shown once: whoever opens it again makes new ones."""

    template_name = "sign_in/codes.html"
    title = gettext_lazy("Recovery codes")


class NewRecoveryCodes(InTheFrame, codes.GenerateRecoveryCodesView):
    template_name = "sign_in/new_codes.html"
    title = gettext_lazy("New recovery codes")


class OwnPassword(InTheFrame, account.PasswordChangeView):
    template_name = "sign_in/password.html"
    title = gettext_lazy("Change your password")
    form_class = OwnPasswordForm

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        return response

    def get_default_success_url(self) -> str:
        messages.success(self.request, _("Your password was changed. Your other sessions have ended."))
        return reverse("mfa_index")


class Forgotten(InTheFrame, account.PasswordResetView):
    template_name = "sign_in/forgotten.html"
    title = gettext_lazy("A new password by email")
    form_class = ForgottenForm


class ForgottenSent(InTheFrame, account.PasswordResetDoneView):
    template_name = "sign_in/forgotten_sent.html"
    title = gettext_lazy("Look into your mail")


class NewPassword(InTheFrame, account.PasswordResetFromKeyView):
    template_name = "sign_in/new_password.html"
    title = gettext_lazy("Choose a new password")
    form_class = NewPasswordForm

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        return response


class NewPasswordChosen(InTheFrame, account.PasswordResetFromKeyDoneView):
    template_name = "sign_in/new_password_chosen.html"
    title = gettext_lazy("Your new password is set")


def _end_sessions(request: HttpRequest, user: User) -> HttpResponse:
    if "session" in request.POST:
        ended = sessions.end(user, only=number_of(request.POST["session"]))
    else:
        ended = sessions.end(user, besides=request.session.session_key)
    if ended:
        entries.tell("sign_in.sessions_ended", user, request=request, sessions=ended)
        messages.success(request, _("Ended: whoever was there is signed out now."))
    return HttpResponseRedirect(reverse("mfa_index"))


@require_POST
def sign_in_with_one_click(request: HttpRequest, name: str) -> HttpResponse:
    """In the demo, as one of its people, without a password."""
    if name not in settings.ONE_CLICK_SIGN_IN:
        raise Http404
    login = Login(user=get_object_or_404(User, username=name, is_active=True), redirect_url=reverse("admin:index"))
    answer: HttpResponse = perform_login(request, login)
    return answer


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _in_fours(secret: str) -> str:
    """As people copy it: in groups of four letters."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
