from django.db import migrations

GIVEN = {
    "product-manager": ["forecasting.override", "forecasting.contribute", "forecasting.agree"],
    "sales": ["forecasting.override", "forecasting.contribute"],
    "marketing": ["forecasting.contribute"],
    "finance": ["forecasting.contribute", "forecasting.agree"],
    "administrator": ["forecasting.override", "forecasting.contribute", "forecasting.agree"],
}


def give(apps, schema_editor):
    for role in apps.get_model("accounts", "Role").objects.filter(code__in=GIVEN, shipped=True):
        role.rights = [*role.rights, *(right for right in GIVEN[role.code] if right not in role.rights)]
        role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """Who changes forecasts by hand, gives figures for an agreed one, and agrees it."""

    dependencies = [("accounts", "0003_token_history")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
