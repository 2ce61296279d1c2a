"""The people of the back office, and their browsers."""

from django.contrib.auth.models import Permission, User
from django.test import Client


def staff(name: str = "rosa") -> User:
    """A member of staff who may do nothing yet; the same one, asked for again."""
    return User.objects.filter(username=name).first() or User.objects.create_user(name, is_staff=True)


def person(name: str, *permissions: str) -> User:
    """A new member of staff who may do just this: `app_label.codename` each."""
    user = User.objects.create_user(name, is_staff=True)
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
