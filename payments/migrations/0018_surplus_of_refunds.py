"""How much of a refund gives back what came beyond what was asked."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0017_outside_exports'),
    ]

    operations = [
        migrations.AddField(
            model_name='refund',
            name='surplus_value',
            field=models.BigIntegerField(default=0, editable=False, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)]),
        ),
    ]
