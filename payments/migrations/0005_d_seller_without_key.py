"""The columns that `SellerKey` took over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_d_seller_keys")]

    operations = [
        # With defaults, so that the way back has something to put into the rows.
        migrations.AlterField("seller", "key_id", models.CharField(max_length=200, default="", verbose_name="key id")),
        migrations.AlterField("seller", "sealed_key", models.TextField(editable=False, default="")),
        migrations.RemoveField("seller", "key_id"),
        migrations.RemoveField("seller", "sealed_key"),
    ]
