from django.db import migrations

READ, MAKE = "reporting.view", "reporting.edit"
GIVEN = {
    "product-manager": [READ, MAKE],
    "marketing": [READ, MAKE],
    "sales": [READ, MAKE],
    "logistics": [READ],
    "quality": [READ],
    "finance": [READ, MAKE],
    "viewer": [READ],
    "administrator": [READ, MAKE],
}


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=GIVEN, shipped=True):
        role.rights = [*role.rights, *(right for right in GIVEN[role.code] if right not in role.rights)]
        role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Who reads reports, and who makes and publishes them."""

    # allauth's as well: by the time ours are there, each of its changes renders these too.
    dependencies = [
        ("accounts", "0005_pricing_rights"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
