import ledger.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0029_titles'),
    ]

    operations = [
        migrations.AddField(
            model_name='marketplace',
            name='return_addresses',
            field=models.JSONField(default=list, editable=False, verbose_name='return addresses'),
        ),
        migrations.AddField(
            model_name='apiask',
            name='return_url',
            field=models.CharField(blank=True, default='', max_length=2000),
        ),
        migrations.AddField(
            model_name='incomingask',
            name='next_look_at',
            field=models.DateTimeField(default=ledger.clock.now, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='incomingask',
            index=models.Index(condition=models.Q(('next_look_at__isnull', False)), fields=['next_look_at'], name='incoming_asks_to_look_at'),
        ),
    ]
