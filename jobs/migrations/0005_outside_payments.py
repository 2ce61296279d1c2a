"""Which work was paid outside the wallets."""

import django.core.validators
import django.db.models.deletion
import ledger.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0004_shown_links'),
        ('payments', '0013_outside_payments'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutsidePayout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('budget_value', models.BigIntegerField(editable=False, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)])),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outside_payouts', to='jobs.application', verbose_name='application')),
                ('funding', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='outside_payouts', to='jobs.jobfunding', verbose_name='paid from')),
                ('outside', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='payout', to='payments.outsidepayment', verbose_name='outside payment')),
            ],
            options={
                'verbose_name': 'payout outside the wallets',
                'verbose_name_plural': 'payouts outside the wallets',
                'ordering': ['created_at', 'id'],
                'default_permissions': (),
            },
        ),
    ]
