"""Choosing who gets a regular export."""

from django import forms
from django.contrib.auth.models import User

from backoffice.finance.exports.export_mail import who_could_get
from payments.mail.colleagues import name_of


def offer(field: forms.ModelMultipleChoiceField[User], label: str) -> None:
    """Offer those who may get a regular export of that list, and nobody else."""
    people = who_could_get(label)
    field.queryset = User.objects.filter(pk__in=[one.pk for one in people])
    field.choices = [(one.pk, f"{name_of(one)} <{one.email}>") for one in people]
