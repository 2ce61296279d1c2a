from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.AlterField("entrysubject", "subject_kind", models.CharField(max_length=40)),
        migrations.AlterField("privatepart", "salt", models.CharField(max_length=80)),
        migrations.AlterField("link", "hash", models.CharField(max_length=80)),
        migrations.AddField("unsealed", "note", models.CharField(max_length=8, default="")),
        migrations.AlterField("entry", "kind", models.CharField(max_length=80)),
    ]
