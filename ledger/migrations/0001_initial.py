import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.CharField(
                        editable=False, max_length=26, primary_key=True, serialize=False, verbose_name="entry"
                    ),
                ),
                ("recorded_at", models.DateTimeField(editable=False, verbose_name="recorded at")),
                ("kind", models.CharField(editable=False, max_length=64, verbose_name="kind")),
                ("actor_kind", models.CharField(editable=False, max_length=16, verbose_name="kind of actor")),
                ("actor_id", models.CharField(editable=False, max_length=255, verbose_name="actor")),
                ("body", models.TextField(editable=False, verbose_name="body")),
                ("digest", models.CharField(editable=False, max_length=64, verbose_name="digest")),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
                "ordering": ["-recorded_at", "-id"],
                "default_permissions": ["view"],
            },
        ),
        migrations.CreateModel(
            name="EntrySubject",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry_id",
                        "subject_kind",
                        "subject_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subject_rows",
                        to="ledger.entry",
                    ),
                ),
                ("subject_kind", models.CharField(max_length=32)),
                ("subject_id", models.CharField(max_length=255)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("index", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="link", to="ledger.entry"
                    ),
                ),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PrivatePart",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="private_part",
                        serialize=False,
                        to="ledger.entry",
                    ),
                ),
                ("salt", models.CharField(max_length=64)),
                ("text", models.TextField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Unsealed",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="unsealed",
                        serialize=False,
                        to="ledger.entry",
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["recorded_at", "id"], name="ledger_entry_time"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["kind", "recorded_at"], name="ledger_entry_kind"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["actor_kind", "actor_id", "recorded_at"], name="ledger_entry_actor"),
        ),
        migrations.AddIndex(
            model_name="unsealed",
            index=models.Index(fields=["recorded_at", "entry"], name="ledger_unsealed_time"),
        ),
        migrations.AddIndex(
            model_name="entrysubject",
            index=models.Index(
                fields=["subject_kind", "subject_id", "recorded_at", "entry"], name="ledger_subject_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(condition=models.Q(("index__gte", 1)), name="ledger_link_from_one"),
        ),
    ]
