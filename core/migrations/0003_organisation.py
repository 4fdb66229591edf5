from django.db import migrations


def found(apps, schema_editor):
    apps.get_model("core", "Organisation").objects.get_or_create(pk=1, defaults={"name": "pmtool"})


class Migration(migrations.Migration):
    """The one row that says who this installation serves; named on the settings page."""

    dependencies = [("core", "0002_initial")]

    operations = [migrations.RunPython(found, migrations.RunPython.noop)]
