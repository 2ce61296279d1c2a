"""Telling those who get a regular export that it is there: a link that asks who they are, never the file."""

from collections.abc import Iterable

from babel.numbers import format_decimal
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from backoffice.finance.exports.listed_rows import may_export, name_of_list, permission
from backoffice.models.exports import Export, Often, RegularExport
from payments.mail.colleagues import Told, name_of, with_permission, write_to
from payments.models.messages import Template
from payments.presentation.dates import moment
from payments.presentation.format_amounts import locale_of


def who_could_get(label: str) -> list[User]:
    """Everybody with an email address who may export that list."""
    return [user for user in with_permission(permission(label)) if user.email and may_export(user, label)]


def allowed(label: str, people: Iterable[User]) -> list[User]:
    """Those of them who may export that list now."""
    return [user for user in people if may_export(user, label)]


def tell_receivers(export: Export, regular: RegularExport) -> None:
    """Once for each export. In the transaction that makes it ready."""
    users = allowed(export.model, regular.receivers.order_by("pk"))
    subjects = {"export": export.pk, "regular_export": regular.pk}
    write_to(users, Template.EXPORT, lambda: _told(export, regular), occasion=f"export:{export.pk}", subjects=subjects)


def _told(export: Export, regular: RegularExport) -> Told:
    return Told(
        title=name_of_list(export.model),
        who=name_of(regular.made_by),
        path=reverse("admin:backoffice_export_change", args=[export.pk]),
        rows=[
            (_("How often"), str(Often(regular.often).label)),
            (_("Rows"), format_decimal(export.rows, locale=locale_of())),
            (_("Can be downloaded until"), moment(export.expires_at)),
        ],
    )
