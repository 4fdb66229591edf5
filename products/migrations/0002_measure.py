from django.db import migrations


def ship(apps, schema_editor):
    apps.get_model("products", "Measure").objects.get_or_create(
        code="units",
        defaults={
            "name_en": "Sales volume",
            "name_nl": "Afzet",
            "unit_en": "units",
            "unit_nl": "stuks",
            "kind": "flow",
        },
    )


class Migration(migrations.Migration):
    """The measure of every line that names no other."""

    dependencies = [("products", "0001_initial")]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
