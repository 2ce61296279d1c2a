from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('payments', '0031_doors_rest')]

    operations = [
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(
                condition=models.Q(('kind__in', ['incoming-payment', 'quote']), ('state', 'active')),
                fields=['key', 'created_at'],
                name='grant_shared_access',
            ),
        ),
        migrations.AddIndex(
            model_name='walletaddress',
            index=models.Index(
                condition=models.Q(('problem__gt', '')), fields=['checked_at'], name='wallet_problem'
            ),
        ),
    ]
