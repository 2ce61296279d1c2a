from django.db import migrations, models

TEMPLATES = [
    ("approval", "Approval request"),
    ("approval_again", "Approval needed again"),
    ("receipt", "Receipt for the payer"),
    ("paid", "Notice to the receiver"),
    ("failed", "Payment failed"),
    ("cancelled", "Request cancelled"),
    ("budget", "Standing budget: approval request"),
    ("budget_draw", "Standing budget: a payment from it"),
    ("budget_over", "Standing budget: it is over"),
    ("selected", "Selected for work"),
    ("late", "Delay told to the receiver"),
    ("not_paid", "Failure told to the receiver"),
    ("wallet_change", "Wallet about to change"),
    ("proof", "Is this wallet yours?"),
    ("checkpoint", "Checkpoint of the ledger"),
    ("paused", "Paused by the program"),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_vouched")]

    operations = [
        migrations.AlterField(
            "message", "template", models.CharField(choices=TEMPLATES, max_length=32, verbose_name="what")
        )
    ]
