"""Keys of programs, the marketplaces they belong to, what they asked for and were answered."""

import django.db.models.deletion
import ledger.clock
import payments.identifiers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0022_webhooks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(max_length=26)),
                ('name', models.CharField(max_length=255)),
                ('asked', models.CharField(max_length=64)),
                ('begun_at', models.DateTimeField(db_index=True, default=ledger.clock.now)),
                ('http_status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.TextField(blank=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ApiAsk',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='api_ask', serialize=False, to='payments.paymentrequest')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('id', models.CharField(default=payments.identifiers.new_ulid, editable=False, max_length=26, primary_key=True, serialize=False, verbose_name='key')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('family', models.CharField(editable=False, max_length=26)),
                ('scopes', models.JSONField(default=list, verbose_name='may be used to')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('expires_at', models.DateTimeField(null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                ('last_used_at', models.DateTimeField(null=True, verbose_name='last used')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-created_at', '-id'],
                'default_permissions': ('add', 'change', 'view'),
            },
        ),
        migrations.CreateModel(
            name='Marketplace',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('id', models.CharField(default=payments.identifiers.new_ulid, editable=False, max_length=26, primary_key=True, serialize=False, verbose_name='marketplace')),
                ('name', models.CharField(max_length=200, unique=True, verbose_name='name')),
            ],
            options={
                'verbose_name': 'marketplace',
                'verbose_name_plural': 'marketplaces',
                'ordering': ['name', 'id'],
                'default_permissions': ('add', 'view'),
            },
        ),
        migrations.AddConstraint(
            model_name='apianswer',
            constraint=models.UniqueConstraint(fields=('family', 'name'), name='one_answer_to_an_idempotency_key'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='acts_for',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='acts for'),
        ),
        migrations.AddField(
            model_name='apiask',
            name='key',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='asked', to='payments.apikey'),
        ),
        migrations.AddField(
            model_name='marketplace',
            name='seller',
            field=models.ForeignKey(help_text='The account of ours that asks for its money. It can choose no other one.', on_delete=django.db.models.deletion.PROTECT, related_name='marketplaces', to='payments.seller', verbose_name='seller'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='marketplace',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='payments.marketplace', verbose_name='marketplace'),
        ),
    ]
