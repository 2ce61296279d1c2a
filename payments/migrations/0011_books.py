"""Changes no table: a database that comes past here has payments that were never booked (`payments.upgrade`)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_ledger_mails"), ("ledger", "0003_books")]

    operations = []
