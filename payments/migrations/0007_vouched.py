"""From here on the ledger vouches for the rows: `payments.upgrade` carries over those that are there. Checks are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0001_initial'),
        ('payments', '0006_hosts_and_lengths'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerCheck',
            fields=[
                ('kind', models.CharField(choices=[('quick', 'Open payments, limits and people'), ('whole', 'Everything')], max_length=8, primary_key=True, serialize=False, verbose_name='what was checked')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='rows compared')),
                ('entries', models.PositiveIntegerField(default=0, verbose_name='entries checked')),
                ('faults', models.PositiveIntegerField(default=0, verbose_name='faults')),
                ('found', models.JSONField(default=list, verbose_name='found')),
            ],
            options={
                'verbose_name': 'check of the ledger',
                'verbose_name_plural': 'checks of the ledger',
                'default_permissions': (),
            },
        ),
        migrations.AlterField(
            model_name='pause',
            name='cause',
            field=models.CharField(choices=[('person', 'A person'), ('database_restored', 'The database was restored or copied'), ('ledger_unprotected', 'The ledger is not protected'), ('ledger_faults', 'Something was changed beside the program')], default='person', editable=False, max_length=32, verbose_name='cause'),
        ),
    ]
