"""Money that sellers received for jobs says so itself."""

from typing import Any

from django.db import migrations


def mark(apps: Any, _editor: Any) -> None:
    funded = apps.get_model("jobs", "JobFunding").objects.values("request")
    apps.get_model("payments", "Payment").objects.filter(request__in=funded).update(purpose="escrow")


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_e_escrow"), ("payments", "0014_e_refund")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
