"""A currency code is as wide as what is taken from a wallet."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='budget_code',
            field=models.CharField(max_length=32, verbose_name='currency'),
        ),
    ]
