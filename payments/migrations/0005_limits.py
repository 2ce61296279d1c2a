"""A limit is one of a currency, whatever the scale of a wallet; what a second person agreed to is a column."""

from decimal import Decimal

import django.core.validators
from django.db import migrations, models
from django.db.models import F


def one_of_each_currency(apps, schema_editor):
    """Of several limits of one currency, for wallets of different scales, the lowest stays."""
    for name in ("AuthorisationLimit", "ProofLimit"):
        model = apps.get_model("payments", name)
        seen = set()
        for row in sorted(model.objects.all(), key=lambda row: Decimal(row.limit).scaleb(-row.asset_scale)):
            code = row.asset_code.upper()
            if code in seen:
                row.delete()
            else:
                model.objects.filter(pk=row.pk).update(asset_code=code)
            seen.add(code)


def what_was_authorised(apps, schema_editor):
    requests = apps.get_model("payments", "PaymentRequest").objects
    requests.exclude(authorised_by=None).update(authorised_debit=F("ceiling_debit"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_evidence")]

    operations = [
        migrations.RemoveConstraint(model_name='authorisationlimit', name='one_authorisation_limit_per_asset'),
        migrations.RemoveConstraint(model_name='prooflimit', name='one_proof_limit_per_asset'),
        migrations.RunPython(one_of_each_currency, migrations.RunPython.noop),
        migrations.AddField(
            model_name='paymentrequest',
            name='authorised_debit',
            field=models.BigIntegerField(editable=False, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='authorised'),
        ),
        migrations.AddField(
            model_name='standingbudget',
            name='resumed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='resumed'),
        ),
        migrations.AlterField(
            model_name='authorisationlimit',
            name='asset_code',
            field=models.CharField(max_length=32, unique=True, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='authorisationlimit',
            name='asset_scale',
            field=models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(255)], verbose_name='decimal places'),
        ),
        migrations.AlterField(
            model_name='authorisationlimit',
            name='limit',
            field=models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='largest amount without a second person'),
        ),
        migrations.AlterField(
            model_name='prooflimit',
            name='asset_code',
            field=models.CharField(max_length=32, unique=True, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='prooflimit',
            name='asset_scale',
            field=models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(255)], verbose_name='decimal places'),
        ),
        migrations.AlterField(
            model_name='prooflimit',
            name='limit',
            field=models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='largest payment to an unproven wallet'),
        ),
        migrations.RunPython(what_was_authorised, migrations.RunPython.noop),
    ]
