"""Columns as wide as what is taken from a wallet, and the hosts of a wallet's servers, by which requests take turns."""

from urllib.parse import urlsplit

from django.db import migrations, models


def name_hosts(apps, schema_editor):
    wallets = apps.get_model("payments", "WalletAddress").objects
    for pk, auth_server, resource_server in wallets.values_list("pk", "auth_server", "resource_server").iterator():
        hosts = {"auth_host": urlsplit(auth_server).netloc, "resource_host": urlsplit(resource_server).netloc}
        wallets.filter(pk=pk).update(**hosts)


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0005_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='walletaddress',
            name='auth_host',
            field=models.CharField(blank=True, editable=False, max_length=259),
        ),
        migrations.AddField(
            model_name='walletaddress',
            name='resource_host',
            field=models.CharField(blank=True, editable=False, max_length=259),
        ),
        migrations.AlterField(
            model_name='grant',
            name='asset_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='grant',
            name='auth_server',
            field=models.CharField(max_length=2000, verbose_name='authorization server'),
        ),
        migrations.AlterField(
            model_name='incomingpayment',
            name='asset_code',
            field=models.CharField(max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='incomingpayment',
            name='remote_id',
            field=models.CharField(blank=True, max_length=2000, verbose_name='id at the wallet'),
        ),
        migrations.AlterField(
            model_name='outgoingpayment',
            name='asset_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='outgoingpayment',
            name='remote_id',
            field=models.CharField(blank=True, max_length=2000, verbose_name='id at the wallet'),
        ),
        migrations.AlterField(
            model_name='pause',
            name='target',
            field=models.CharField(blank=True, help_text='Empty when everything is paused.', max_length=259, verbose_name='seller id or wallet host'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='asset_code',
            field=models.CharField(max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='debit_code',
            field=models.CharField(blank=True, editable=False, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='paymentrequest',
            name='asset_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='debit_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='receive_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='quote',
            name='remote_id',
            field=models.CharField(blank=True, max_length=2000, verbose_name='id at the wallet'),
        ),
        migrations.AlterField(
            model_name='seller',
            name='fee_code',
            field=models.CharField(blank=True, editable=False, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='standingbudget',
            name='asset_code',
            field=models.CharField(max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='asset_code',
            field=models.CharField(blank=True, max_length=32, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='auth_server',
            field=models.CharField(blank=True, max_length=2000, verbose_name='authorization server'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='canonical_id',
            field=models.CharField(blank=True, max_length=2000, verbose_name='id at the wallet'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='host',
            field=models.CharField(db_index=True, editable=False, max_length=259, verbose_name='host'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='resource_server',
            field=models.CharField(blank=True, max_length=2000, verbose_name='resource server'),
        ),
        migrations.AlterField(
            model_name='walletaddress',
            name='url',
            field=models.CharField(max_length=2000, unique=True, verbose_name='wallet address'),
        ),
        migrations.AlterField(
            model_name='wallethost',
            name='host',
            field=models.CharField(max_length=259, primary_key=True, serialize=False, verbose_name='host'),
        ),
        migrations.AlterField(
            model_name='walletproof',
            name='auth_server',
            field=models.CharField(blank=True, max_length=2000, verbose_name='authorization server'),
        ),
        migrations.AlterField(
            model_name='walletproof',
            name='subject',
            field=models.CharField(blank=True, max_length=2000, verbose_name='id at the wallet'),
        ),
        migrations.RunPython(name_hosts, migrations.RunPython.noop),
    ]
