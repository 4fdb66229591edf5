from django.db import migrations

BOUNDS = "pricing.bounds"
GIVEN = ["finance", "administrator"]


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=GIVEN, shipped=True):
        if BOUNDS not in role.rights:
            role.rights = [*role.rights, BOUNDS]
            role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Who sets what prices are held against: nobody who only proposes them."""

    dependencies = [("accounts", "0008_sharing_right")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
