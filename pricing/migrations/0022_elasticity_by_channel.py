import django.db.models.deletion
from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("forecasting", "0018_spread"),
        ("pricing", "0021_cost_signs"),
        ("products", "0013_month_closing"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="elasticity",
            options={"ordering": ["product", "channel"]},
        ),
        migrations.AddField(
            model_name="elasticity",
            name="channel",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="products.channel",
            ),
        ),
        migrations.AlterField(
            model_name="elasticity",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="elasticities",
                to="products.product",
            ),
        ),
        migrations.AddConstraint(
            model_name="elasticity",
            constraint=models.UniqueConstraint(
                fields=("product", "channel"), name="elasticity_once", nulls_distinct=False
            ),
        ),
    ]
    operations = [AtOnce(operations)]
