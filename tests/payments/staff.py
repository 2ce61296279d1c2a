"""The people of the back office, for tests of its pages."""

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from payments.models import PaymentRequest


def person(name: str, *permissions: str) -> User:
    """A member of staff who may do just this: `app_label.codename` each."""
    user = User.objects.create_user(name, is_staff=True)
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(request: PaymentRequest) -> str:
    return reverse("admin:payments_paymentrequest_change", args=[request.pk])


def action(request: PaymentRequest, name: str) -> str:
    return reverse(f"admin:payments_paymentrequest_{name}", args=[request.pk])
