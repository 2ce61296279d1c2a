"""What people type to come in: the library's forms, with our words and in Unfold's dress."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordKeyForm
from allauth.account.forms import ReauthenticateForm as ByPassword
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ByCode
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from backoffice.sign_in import entries

RESET_TASK = "backoffice.sign_in.tasks.mail_password_reset"


def _password(field: forms.Field, label: str, autocomplete: str, help_text: str = "") -> None:
    field.label, field.help_text = label, help_text
    field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete})
    field.widget.is_required = True


def _code(field: forms.Field, label: str, *, numeric: bool) -> None:
    field.label = label
    attributes = {"autocomplete": "one-time-code", "autofocus": "", "spellcheck": "false"}
    if numeric:
        attributes["inputmode"] = "numeric"
    field.widget = UnfoldAdminTextInputWidget(attrs=attributes)
    field.widget.is_required = True


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username")
        self.fields["login"].widget = UnfoldAdminTextInputWidget(attrs={"autocomplete": "username", "autofocus": ""})
        _password(self.fields["password"], _("Password"), "current-password")


class CountedCode:
    """A code that is looked at only while there were not too many wrong ones, and that serves once."""

    user: Any
    authenticator: Authenticator
    cleaned_data: dict[str, Any]
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self.fields["code"], _("Code from your app, or a recovery code"), numeric=False)

    def clean_code(self) -> str:
        name = self.user.get_username()
        tried = get_adapter().begin(context.request, name)
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # the library's form, beside this one
            self._use_up(code)
        except ValidationError:
            entries.wrong_try(context.request, tried, name)
            raise
        tried.give_back()
        return code

    def _use_up(self, code: str) -> None:
        """RFC 6238, 5.2: a code is taken once, though clocks that differ make it right for more than its own time."""
        if self.authenticator.type != Authenticator.Type.TOTP:
            return
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=self.authenticator.pk)
            counter = _counter_of(decrypt(row.data["secret"]), code)
            if counter <= row.data.get("last_counter", 0):
                raise ValidationError(_("That code was used before. Wait for the next one: it takes half a minute."))
            row.data["last_counter"] = counter
            row.save(update_fields=["data"])


def _counter_of(secret: str, code: str) -> int:
    """The newest half minute whose code this is."""
    digits = "".join(filter(str.isdigit, code))
    fitting = [at for at in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, at)) == digits]
    return max(fitting, default=0)


class CodeForm(CountedCode, AuthenticateForm):
    """At the door, after the password."""


class ConfirmByCodeForm(CountedCode, ByCode):
    """Inside, before money is moved."""


class ConfirmByPasswordForm(ByPassword):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["password"], _("Password"), "current-password")
        self.fields["password"].widget.attrs["autofocus"] = ""


class SetUpFactorForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code(self.fields["code"], _("The six digits that the app shows now"), numeric=True)


class OwnPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _password(self.fields["oldpassword"], _("Password until now"), "current-password")
        _new_passwords(self)

    def clean_oldpassword(self) -> str:
        tried = get_adapter().begin(context.request, self.user.get_username())
        try:
            old: str = super().clean_oldpassword()
        except ValidationError:
            entries.wrong_try(context.request, tried, self.user.get_username())
            raise
        tried.give_back()
        return old


class ForgottenForm(forms.Form):
    """Whoever it belongs to is found where nobody waits for the answer, so that an answer tells nothing."""

    email = forms.EmailField(
        label=gettext_lazy("Email"),
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "email", "autofocus": ""}),
    )

    def save(self, _request: Any) -> None:
        async_task(RESET_TASK, self.cleaned_data["email"], translation.get_language())


class NewPasswordForm(ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_passwords(self)


def _new_passwords(form: forms.Form) -> None:
    rules = str(form.fields["password1"].help_text)
    _password(form.fields["password1"], _("New password"), "new-password", rules)
    _password(form.fields["password2"], _("New password, again"), "new-password")
