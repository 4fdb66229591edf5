import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The journal keeps what an import changed; what it added names its import itself. Objects that people
    edit too have a journal of their own, so that undo can put them back."""

    dependencies = [("exchange", "0001_initial"), ("products", "0002_measure")]

    operations = [
        migrations.RemoveField(model_name="salesjournal", name="existed"),
        migrations.CreateModel(
            name="ImportedObject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("object_id", models.BigIntegerField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField()),
                (
                    "source_import",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="exchange.import",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "object_id"], name="imported_object_of")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source_import", "kind", "object_id"), name="imported_object_once"
                    )
                ],
            },
        ),
    ]
