"""From here on the ledger vouches for the rows: `jobs.upgrade` carries over those that are there."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0002_lengths'),
    ]

    operations = []
