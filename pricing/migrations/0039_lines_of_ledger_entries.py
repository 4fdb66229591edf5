from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0038_decided_proposals_stay"),
    ]

    operations = [
        AtOnce(
            [
                migrations.RemoveConstraint(
                    model_name="ledgerentry",
                    name="ledger_entry_once",
                ),
                migrations.AddField(
                    model_name="ledgerentry",
                    name="line",
                    field=models.CharField(blank=True, default="", max_length=20),
                    preserve_default=False,
                ),
                migrations.AddConstraint(
                    model_name="ledgerentry",
                    constraint=models.UniqueConstraint(
                        fields=("source", "number", "line", "is_reversal"), name="ledger_entry_once"
                    ),
                ),
            ]
        ),
    ]
