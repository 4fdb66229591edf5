from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("forecasting", "0017_price_ratio"),
    ]

    operations = [
        migrations.AddField(
            model_name="forecastmonth",
            name="spread",
            field=models.FloatField(null=True),
        ),
    ]
    operations = [AtOnce(operations)]
