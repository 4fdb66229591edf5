from django.db import migrations

GRANT = "reporting.grant"


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(
        code__in=["finance", "administrator"], shipped=True
    ):
        if GRANT not in role.rights:
            role.rights = [*role.rights, GRANT]
            role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Finance approves what a report tells on purpose."""

    dependencies = [("accounts", "0006_reporting_rights")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
