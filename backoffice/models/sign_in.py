"""What signing in keeps: secrets of second factors, and wrong tries for as long as they count."""

from django.db import models

from payments.models.fields import SealedField, ulid_field


class FactorSecret(models.Model):
    """What a person's app, or their recovery codes, are computed from. The library's row has its name, not itself."""

    id = ulid_field()
    sealed = SealedField()

    def __str__(self) -> str:
        return str(self.id)


class FailedTries(models.Model):
    """Wrong tries under one name, from one address or from one known browser: `sign_in/lockout.py` has the rules."""

    # Which of them, and a keyed hash of what it is: neither names nor addresses are collected here.
    key = models.CharField(primary_key=True, max_length=80)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
