from django.db import migrations, models


def figure(label):
    return models.BigIntegerField(default=0, editable=False, verbose_name=label)


class Migration(migrations.Migration):
    """What bridges and sums of held money need to know of each movement."""

    dependencies = [("ledger", "0003_books")]

    operations = [
        migrations.AlterField("movement", "seller", models.CharField(editable=False, max_length=64, verbose_name="asked by")),
        migrations.AlterField("movement", "payer", models.CharField(blank=True, editable=False, max_length=80, verbose_name="payer")),
        migrations.AlterField("movement", "receiver", models.CharField(blank=True, editable=False, max_length=80, verbose_name="receiver")),
        migrations.AddField("movement", "returns", models.CharField(blank=True, default="", editable=False, max_length=8, verbose_name="gives back"), preserve_default=False),
        migrations.AddField("movement", "received_ended", figure("received of what ended")),
        migrations.AddField("movement", "surplus", figure("received beyond what was asked")),
        migrations.AddField("movement", "surplus_returned", figure("gives back what came beyond what was asked")),
        migrations.AddField("movement", "worth", figure("worth")),
        migrations.AddField("movement", "debited_ended", figure("debited for what ended")),
        migrations.AddField("movement", "saved", figure("approved, and cost less")),
        migrations.AddField("movement", "worth_paid", figure("worth, where the payer pays exactly")),
    ]
