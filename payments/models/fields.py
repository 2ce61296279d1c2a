"""Columns that come in groups."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ledger import clock
from payments.identifiers import LENGTH, new_ulid
from payments.openpayments.amounts import LARGEST_SCALE, LARGEST_VALUE, LONGEST_ASSET_CODE, Amount, Asset
from payments.openpayments.urls import LONGEST_NETLOC, LONGEST_URL


def ulid_field(**options: Any) -> "models.CharField[Any, Any]":
    """A primary key that is made before the row."""
    own = {"max_length": LENGTH, "primary_key": True, "default": new_ulid, "editable": False}
    return models.CharField(**{**own, **options})


def value_field(**options: Any) -> "models.BigIntegerField[Any, Any]":
    """An amount in minor units, 0 … 2⁶³-1."""
    limits = [MinValueValidator(0), MaxValueValidator(LARGEST_VALUE)]
    return models.BigIntegerField(**{"validators": limits, **options})


def asset_code_field(**options: Any) -> "models.CharField[Any, Any]":
    return models.CharField(**{"verbose_name": _("currency"), "max_length": LONGEST_ASSET_CODE, **options})


def asset_scale_field(**options: Any) -> "models.PositiveSmallIntegerField[Any, Any]":
    limits = [MaxValueValidator(LARGEST_SCALE)]
    return models.PositiveSmallIntegerField(**{"verbose_name": _("scale"), "validators": limits, **options})


def url_field(**options: Any) -> "models.CharField[str, str]":
    """An address that a person typed or a wallet gave: as long as any that we are willing to call."""
    return models.CharField(**{"max_length": LONGEST_URL, **options})


def host_field(**options: Any) -> "models.CharField[str, str]":
    """The host of such an address, with its port where it has one."""
    return models.CharField(**{"max_length": LONGEST_NETLOC, **options})


class SealedField(models.TextField[str, str]):
    """What `payments.encryption` sealed for one row; empty when it has no secrets.

    `manage.py rotate_keys` finds the columns of this kind, in every room. To the database it is a text.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"blank": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options


def amount_of(value: int | None, code: str, scale: int | None) -> Amount | None:
    """The three columns as one amount; None while there is none."""
    if value is None or scale is None:
        return None
    return Amount(value, Asset(code, scale))


class Reasoned(models.Model):
    """Why a row is as it is: a code with parameters; the sentence is made in the reader's language."""

    reason = models.CharField(_("reason"), max_length=64, blank=True, editable=False)
    reason_params = models.JSONField(_("reason details"), default=dict, blank=True, editable=False)

    class Meta:
        abstract = True


class Dated(models.Model):
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    class Meta:
        abstract = True
