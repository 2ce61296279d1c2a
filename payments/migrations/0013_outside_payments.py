"""What was paid outside the wallets for work never asked for in one; a mail that tells its worker so."""

import django.core.validators
import django.db.models.deletion
import ledger.clock
import payments.identifiers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0012_closing'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='message',
            name='template',
            field=models.CharField(choices=[('approval', 'Approval request'), ('approval_again', 'Approval needed again'), ('receipt', 'Receipt for the payer'), ('paid', 'Notice to the receiver'), ('failed', 'Payment failed'), ('cancelled', 'Request cancelled'), ('budget', 'Standing budget: approval request'), ('budget_draw', 'Standing budget: a payment from it'), ('budget_over', 'Standing budget: it is over'), ('paid_outside', 'Paid outside the wallet'), ('selected', 'Selected for work'), ('late', 'Delay told to the receiver'), ('not_paid', 'Failure told to the receiver'), ('wallet_change', 'Wallet about to change'), ('email_change', 'Email address changed'), ('proof', 'Is this wallet yours?'), ('account', 'An account here was changed'), ('second_person', 'A second person is needed'), ('decision', 'What was decided'), ('alone', 'Decided by one person alone'), ('checkpoint', 'Checkpoint of the ledger'), ('paused', 'Paused by the program')], max_length=32, verbose_name='what'),
        ),
        migrations.CreateModel(
            name='OutsidePayment',
            fields=[
                ('created_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='created')),
                ('changed_at', models.DateTimeField(default=ledger.clock.now, editable=False, verbose_name='changed')),
                ('id', models.CharField(default=payments.identifiers.new_ulid, editable=False, max_length=26, primary_key=True, serialize=False, verbose_name='outside payment')),
                ('state', models.CharField(choices=[('waiting', 'Waits for a second person'), ('confirmed', 'Confirmed'), ('withdrawn', 'Withdrawn')], default='waiting', editable=False, max_length=16, verbose_name='state')),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('reference', models.CharField(blank=True, max_length=200, verbose_name='reference')),
                ('payer_key', models.CharField(db_index=True, editable=False, max_length=80)),
                ('payer_name', models.CharField(max_length=200, verbose_name='payer')),
                ('receiver_key', models.CharField(db_index=True, editable=False, max_length=80)),
                ('receiver_name', models.CharField(max_length=200, verbose_name='receiver')),
                ('from_held', models.BooleanField(default=False, editable=False, verbose_name='from the money that was held')),
                ('value', models.BigIntegerField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='amount')),
                ('asset_code', models.CharField(max_length=32, verbose_name='currency')),
                ('asset_scale', models.PositiveSmallIntegerField(validators=[django.core.validators.MaxValueValidator(255)], verbose_name='scale')),
                ('owed_value', models.BigIntegerField(editable=False, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(9223372036854775807)], verbose_name='owed then')),
                ('paid_on', models.DateField(verbose_name='paid on')),
                ('way', models.CharField(choices=[('bank', 'Bank transfer'), ('cash', 'Cash'), ('other', 'Other')], max_length=16, verbose_name='how')),
                ('evidence', models.TextField(max_length=2000, verbose_name='evidence')),
                ('form_id', models.CharField(editable=False, max_length=40, unique=True)),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('claimed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reported by')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('seller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outside_payments', to='payments.seller', verbose_name='seller')),
            ],
            options={
                'verbose_name': 'outside payment',
                'verbose_name_plural': 'outside payments',
                'ordering': ['-created_at', '-id'],
                'permissions': [('report_outsidepayment', 'Can report what was paid outside the wallets'), ('confirm_outsidepayment', 'Can confirm what another person reported as paid outside the wallets')],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['state', 'created_at'], name='outside_payment_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('value__gt', 0)), name='something_was_paid_outside'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('claimed_by')), _negated=True), ('owed_value__gte', models.F('value'))), _connector='OR'), name='paid_outside_says_a_second_person_and_was_owed')],
            },
        ),
    ]
