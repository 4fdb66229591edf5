from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0040_retired_kinds_of_cost"),
    ]

    operations = [
        AtOnce(
            [
                migrations.AddField(
                    model_name="costchangeeffect",
                    name="is_unit",
                    field=models.BooleanField(default=False),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm1",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm1_was",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm2",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm2_was",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm3",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="cm3_was",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="net",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costchangeeffect",
                    name="tied",
                    field=models.DecimalField(decimal_places=6, max_digits=20),
                ),
                migrations.AlterField(
                    model_name="costcorrection",
                    name="times",
                    field=models.DecimalField(
                        decimal_places=6, default=1, max_digits=14, verbose_name="how often"
                    ),
                ),
                migrations.AlterField(
                    model_name="costcorrectionevent",
                    name="times",
                    field=models.DecimalField(
                        decimal_places=6, default=1, max_digits=14, verbose_name="how often"
                    ),
                ),
                migrations.AlterField(
                    model_name="costrate",
                    name="times",
                    field=models.DecimalField(
                        decimal_places=6, default=1, max_digits=14, verbose_name="how often"
                    ),
                ),
                migrations.AlterField(
                    model_name="costrateevent",
                    name="times",
                    field=models.DecimalField(
                        decimal_places=6, default=1, max_digits=14, verbose_name="how often"
                    ),
                ),
            ]
        ),
    ]
