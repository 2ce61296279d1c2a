"""A state says everything: requests that were paid in part, or outside the wallets, have states of their own.

What was read out of a reason stands in columns. `payments.upgrade` writes the ledger's entries for rows that move here.
"""

from django.db import migrations, models
from django.db.models import F

PARTLY = {
    "some_failed": "failed",
    "rest_declined": "declined",
    "rest_expired": "expired",
    "rest_cancelled": "cancelled",
}
BLOCKS = {
    "payment_failed": "could_not_send",
    "over_limit": "over_limit",
    "wallet_refused": "refused",
    "receiver_wallet": "refused",
}
CAUSES = ("database_restored", "ledger_unprotected")


def forwards(apps, schema_editor):
    request, payment, outgoing, key, pause = (
        apps.get_model("payments", name) for name in ("PaymentRequest", "Payment", "OutgoingPayment", "SellerKey", "Pause")
    )
    request.objects.filter(state="settled", reason="settled_outside").update(state="settled_outside")
    request.objects.filter(state="failed", reason__in=PARTLY).update(state="settled_in_part")
    for reason, end in PARTLY.items():
        request.objects.filter(state="approved", reason=reason).update(remaining_end=end)
    for reason, block in BLOCKS.items():
        payment.objects.filter(state__in=["new", "quoted", "approved"], reason=reason).update(blocked_by=block)
    outgoing.objects.filter(state="failed", reason="fenced").update(state="fenced")
    key.objects.filter(state__in=["active", "replaced"]).exclude(reason="").update(missing_at=F("checked_at"))
    pause.objects.filter(reason__in=CAUSES).update(cause=F("reason"))


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_wire_nouns")]

    operations = [
        migrations.AddField(
            model_name='sellerkey',
            name='missing_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='pause',
            name='cause',
            field=models.CharField(choices=[('person', 'A person'), ('database_restored', 'The database was restored or copied'), ('ledger_unprotected', 'The ledger is not protected')], default='person', editable=False, max_length=32, verbose_name='cause'),
        ),
        migrations.AddField(
            model_name='payment',
            name='blocked_by',
            field=models.CharField(blank=True, choices=[('', 'Nothing'), ('could_not_send', "The payer's wallet could not send it"), ('over_limit', "The payer's wallet says that it is more than was approved"), ('refused', 'A wallet refused it')], default='', editable=False, max_length=16),
        ),
        migrations.AddField(
            model_name='paymentrequest',
            name='remaining_end',
            field=models.CharField(blank=True, choices=[('declined', 'Declined by the payer'), ('expired', 'Expired'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], editable=False, max_length=16),
        ),
        migrations.AlterField(
            model_name='incomingpayment',
            name='state',
            field=models.CharField(choices=[('intended', 'Being created'), ('open', 'Open'), ('refused', 'Refused'), ('unknown', 'Outcome unknown'), ('done', 'Done'), ('failed', 'Failed'), ('fenced', 'Closed before it could arrive')], default='intended', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='outgoingpayment',
            name='state',
            field=models.CharField(choices=[('intended', 'Being created'), ('open', 'Open'), ('refused', 'Refused'), ('unknown', 'Outcome unknown'), ('done', 'Done'), ('failed', 'Failed'), ('fenced', 'Closed before it could arrive')], default='intended', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='state',
            field=models.CharField(choices=[('new', 'Being quoted'), ('quoted', 'Waiting for approval'), ('approved', 'Approved'), ('sending', 'Being sent'), ('sent', 'Sent'), ('unknown', 'Checking with the wallet'), ('settled', 'Settled'), ('failed', 'Failed'), ('cancelled', 'Cancelled'), ('needs_attention', 'Needs attention'), ('settled_outside', 'Settled outside')], default='new', editable=False, max_length=32, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='paymentrequest',
            name='state',
            field=models.CharField(choices=[('quoting', 'Getting a quote'), ('quoted', 'Quoted, not sent'), ('awaiting_authorisation', 'Waiting for a second person'), ('awaiting_approval', 'Waiting for the payer'), ('approved', 'Approved'), ('settled', 'Settled'), ('settled_in_part', 'Settled in part'), ('settled_outside', 'Settled outside'), ('failed', 'Failed'), ('declined', 'Declined by the payer'), ('cancelled', 'Cancelled'), ('expired', 'Expired')], default='quoting', editable=False, max_length=32, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='state',
            field=models.CharField(choices=[('intended', 'Being created'), ('open', 'Open'), ('refused', 'Refused'), ('unknown', 'Outcome unknown'), ('done', 'Done'), ('failed', 'Failed'), ('fenced', 'Closed before it could arrive')], default='intended', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
