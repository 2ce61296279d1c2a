"""What is known of an incoming payment: when it was read, and whether that was after it was over, once and again."""

import django.core.validators
from django.db import migrations, models
from django.db.models import F


def forwards(apps, schema_editor):
    incoming = apps.get_model("payments", "IncomingPayment")
    incoming.objects.filter(closed=True).update(
        read_at=F("changed_at"), over_at=F("changed_at"), over_value=F("received_value"), closed_at=F("changed_at")
    )


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0003_states_say_everything'),
    ]

    operations = [
        migrations.AddField(
            model_name='incomingpayment',
            name='closed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='closed for good'),
        ),
        migrations.AddField(
            model_name='incomingpayment',
            name='over_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='first read as over'),
        ),
        migrations.AddField(
            model_name='incomingpayment',
            name='over_value',
            field=models.BigIntegerField(editable=False, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='received by then'),
        ),
        migrations.AddField(
            model_name='incomingpayment',
            name='read_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='read'),
        ),
        migrations.AddField(
            model_name='payment',
            name='late_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='more arrived after its end'),
        ),
        migrations.AddField(
            model_name='paymentrequest',
            name='crash',
            field=models.CharField(blank=True, editable=False, max_length=100, verbose_name='crashed on'),
        ),
        migrations.AddField(
            model_name='paymentrequest',
            name='crashes',
            field=models.PositiveIntegerField(db_index=True, default=0, editable=False, verbose_name='crashes in a row'),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='incomingpayment',
            name='closed',
        ),
    ]
