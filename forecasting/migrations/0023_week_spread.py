from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("forecasting", "0022_written_every_night"),
    ]

    operations = [
        migrations.AddField(
            model_name="forecastweek",
            name="spread",
            field=models.FloatField(null=True),
        ),
    ]
    operations = [AtOnce(operations)]
