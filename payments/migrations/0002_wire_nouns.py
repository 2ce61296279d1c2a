"""Columns by the wire's nouns: polls, what is committed of a ceiling, and that a plan is to be made again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RenameField("payment", "looks", "polls"),
        migrations.RenameField("paymentrequest", "woken", "needs_replan"),
        migrations.RenameField("paymentrequest", "ordered_debit", "committed_debit"),
    ]
