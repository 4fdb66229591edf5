from django.db import migrations

SEE, EDIT, APPROVE = "pricing.view", "pricing.edit", "pricing.approve"
GIVEN = {
    "product-manager": [SEE, EDIT, APPROVE],
    "marketing": [SEE, EDIT],
    "sales": [SEE],
    "logistics": [SEE],
    "quality": [SEE],
    "finance": [SEE],
    "viewer": [SEE],
    "administrator": [SEE, EDIT, APPROVE],
}


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=GIVEN, shipped=True):
        role.rights = [*role.rights, *(right for right in GIVEN[role.code] if right not in role.rights)]
        role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Who sees the marketing mix, proposes in it and approves."""

    dependencies = [("accounts", "0001_squashed_0004_judgement_rights")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
