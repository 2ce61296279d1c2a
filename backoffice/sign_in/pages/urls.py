"""Included at the root, before the admin's own pages for the same. The library knows these by their names."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from backoffice.sign_in.pages import views

urlpatterns = [
    path("admin/login/", views.SignIn.as_view(), name="account_login"),
    path("admin/login/code/", views.Code.as_view(), name="mfa_authenticate"),
    path("admin/login/as/<str:name>/", views.sign_in_with_one_click, name="one_click"),
    path("admin/login/forgotten/", views.Forgotten.as_view(), name="account_reset_password"),
    path("admin/login/forgotten/sent/", views.ForgottenSent.as_view(), name="account_reset_password_done"),
    re_path(
        r"^admin/login/forgotten/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-0-9A-Za-z]{1,80})/$",
        views.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("admin/login/forgotten/done/", views.NewPasswordChosen.as_view(), name="account_reset_password_from_key_done"),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/sign-in/", views.own_sign_in, name="mfa_index"),
    path("admin/sign-in/confirm/", views.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("admin/sign-in/confirm/code/", views.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("admin/sign-in/app/", views.SetUpFactor.as_view(), name="mfa_activate_totp"),
    path("admin/sign-in/app/remove/", views.RemoveFactor.as_view(), name="mfa_deactivate_totp"),
    path("admin/sign-in/codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("admin/sign-in/codes/new/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("admin/sign-in/password/", views.OwnPassword.as_view(), name="account_change_password"),
    # Where the library sends who has none to change.
    path(
        "admin/sign-in/password/first/",
        RedirectView.as_view(pattern_name="account_reset_password"),
        name="account_set_password",
    ),
]
