from django.db import migrations


class Migration(migrations.Migration):
    """Django's log of the admin kept the names of people whose data was erased. Nothing reads it: the ledger is the log."""

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("backoffice", "0005_digests"),
    ]

    operations = [migrations.RunSQL("DELETE FROM django_admin_log", migrations.RunSQL.noop)]
