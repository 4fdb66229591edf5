from django.db import migrations

SHARE = "reporting.share"
GIVEN = ["product-manager", "administrator"]


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=GIVEN, shipped=True):
        if SHARE not in role.rights:
            role.rights = [*role.rights, SHARE]
            role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Who shares reports by link."""

    dependencies = [("accounts", "0007_reporting_grants")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
