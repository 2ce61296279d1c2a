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
    ("email_change", "Email address changed"),
    ("proof", "Is this wallet yours?"),
    ("account", "An account here was changed"),
    ("second_person", "A second person is needed"),
    ("decision", "What was decided"),
    ("alone", "Decided by one person alone"),
    ("checkpoint", "Checkpoint of the ledger"),
    ("paused", "Paused by the program"),
]


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_shown_links")]

    operations = [
        migrations.AlterField(
            "message", "template", models.CharField(choices=TEMPLATES, max_length=32, verbose_name="what")
        )
    ]
