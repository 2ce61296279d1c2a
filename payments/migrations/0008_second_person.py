"""Rules for a second person in place of one limit per currency; why a request waits for one; proposals of changes."""

import django.core.validators
import django.db.models.deletion
import payments.identifiers
import ledger.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("payments", "0007_vouched"),
    ]

    operations = [
        migrations.RenameModel("AuthorisationLimit", "SecondPersonRule"),
        migrations.CreateModel(
            name='BrokenGlass',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('id', models.CharField(default=payments.identifiers.new_ulid, editable=False, max_length=26, primary_key=True, serialize=False, verbose_name='decision')),
                ('about', models.CharField(editable=False, max_length=32, verbose_name='what')),
                ('about_id', models.CharField(editable=False, max_length=64)),
                ('title', models.CharField(editable=False, max_length=200, verbose_name='title')),
                ('words', models.TextField(verbose_name='why')),
                ('seen_at', models.DateTimeField(null=True, verbose_name='seen')),
            ],
            options={
                'verbose_name': 'decision by one person alone',
                'verbose_name_plural': 'decisions by one person alone',
                'ordering': ['-created_at', '-id'],
                'permissions': [('break_glass', 'Can decide alone, in an emergency, what needs two people')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Colleague',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('language', models.CharField(default='en', max_length=8, verbose_name='language')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('id', models.CharField(default=payments.identifiers.new_ulid, editable=False, max_length=26, primary_key=True, serialize=False, verbose_name='proposal')),
                ('kind', models.CharField(editable=False, max_length=32, verbose_name='what')),
                ('subject', models.CharField(editable=False, max_length=120, verbose_name='of')),
                ('before', models.JSONField(default=dict, editable=False, verbose_name='until now')),
                ('after', models.JSONField(default=dict, editable=False, verbose_name='from then on')),
                ('state', models.CharField(choices=[('waiting', 'Waits for a second person'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('expired', 'Not decided in time'), ('superseded', 'Overtaken by another change')], default='waiting', editable=False, max_length=16, verbose_name='state')),
                ('expires_at', models.DateTimeField(verbose_name='to be decided by')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('words', models.TextField(blank=True, verbose_name='why')),
                ('alone', models.BooleanField(default=False, verbose_name='without a second person')),
            ],
            options={
                'verbose_name': 'proposal',
                'verbose_name_plural': 'proposals',
                'ordering': ['-created_at', '-id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.AlterModelOptions(
            name='secondpersonrule',
            options={'ordering': ['asset_code', 'measure', 'action', 'receiver'], 'verbose_name': 'rule for a second person', 'verbose_name_plural': 'rules for a second person'},
        ),
        migrations.AddField(
            model_name='payment',
            name='wallet_since',
            field=models.DateTimeField(editable=False, null=True, verbose_name="receiver's wallet since"),
        ),
        migrations.AddField(
            model_name='paymentrequest',
            name='second_person_because',
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AddField(
            model_name='secondpersonrule',
            name='action',
            field=models.CharField(choices=[('any', 'Whatever is asked for'), ('ask', 'Asking a payer'), ('draw', 'Paying from a standing budget'), ('budget', 'Setting up a standing budget'), ('refund', 'A refund')], default='any', max_length=8, verbose_name='for what'),
        ),
        migrations.AddField(
            model_name='secondpersonrule',
            name='days',
            field=models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(366)], verbose_name='within how many days'),
        ),
        migrations.AddField(
            model_name='secondpersonrule',
            name='measure',
            field=models.CharField(choices=[('request', 'One request'), ('day', 'All that one person sends alone in 24 hours')], default='request', max_length=8, verbose_name='what is compared'),
        ),
        migrations.AddField(
            model_name='secondpersonrule',
            name='receiver',
            field=models.CharField(choices=[('any', 'Whoever receives it'), ('unproven', "The owner of a receiver's wallet has not proven that it is theirs"), ('changed', "A receiver's wallet changed lately"), ('first', "Nothing was ever paid to a receiver's wallet")], default='any', max_length=8, verbose_name='when'),
        ),
        migrations.AddField(
            model_name='walletaddress',
            name='became_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='became another wallet'),
        ),
        migrations.AlterField(
            model_name='secondpersonrule',
            name='asset_code',
            field=models.CharField(max_length=32, verbose_name='currency'),
        ),
        migrations.AddIndex(
            model_name='paymentrequest',
            index=models.Index(fields=['requested_by', 'sent_at'], name='payments_pa_request_1e5f8f_idx'),
        ),
        migrations.AddConstraint(
            model_name='secondpersonrule',
            constraint=models.UniqueConstraint(fields=('asset_code', 'measure', 'action', 'receiver'), name='one_rule_about_the_same'),
        ),
        migrations.AddConstraint(
            model_name='secondpersonrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('measure', 'day'), _negated=True), models.Q(('action', 'any'), ('receiver', 'any')), _connector='OR'), name='a_persons_sum_is_of_everything'),
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='seen_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='seen by'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='proposed by'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(fields=['state', 'created_at'], name='payments_pr_state_51d538_idx'),
        ),
    ]
