"""The Merkle tree over the chain, and its signed checkpoints. A chain that is there gets its tree at once."""

from django.db import migrations, models

from ledger.checkpoints import merkle

WIDTH = 256


def keep_subtrees(apps, schema_editor):
    """The hash over each 256 links that are there, and over each 256 of those."""
    link, tile = apps.get_model("ledger", "Link"), apps.get_model("ledger", "Tile")
    digests = link.objects.order_by("index").values_list("entry__digest", flat=True)
    level, hashes = 1, _complete(merkle.leaf_hash(bytes.fromhex(digest)) for digest in digests.iterator())
    while hashes:
        tile.objects.bulk_create(
            tile(level=level, number=number, hash=kept.hex()) for number, kept in enumerate(hashes)
        )
        level, hashes = level + 1, _complete(hashes)


def _complete(hashes):
    found, waiting = [], []
    for one in hashes:
        waiting.append(one)
        if len(waiting) == WIDTH:
            found.append(merkle.complete(waiting))
            waiting = []
    return found


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Tile",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="entries")),
                ("note", models.TextField(verbose_name="signed checkpoint")),
            ],
            options={
                "verbose_name": "checkpoint",
                "verbose_name_plural": "checkpoints",
                "ordering": ["-size"],
                "default_permissions": ["view"],
            },
        ),
        migrations.RunPython(keep_subtrees, migrations.RunPython.noop),
    ]
