import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("products", "0005_product_search"),
    ]

    operations = [
        migrations.AlterField(
            model_name="family",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="families",
                to="products.productline",
                verbose_name="product line",
            ),
        ),
        migrations.AlterField(
            model_name="familyevent",
            name="line",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="products.productline",
                verbose_name="product line",
            ),
        ),
        migrations.AlterField(
            model_name="familymember",
            name="family",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="members",
                to="products.family",
                verbose_name="family",
            ),
        ),
        migrations.AlterField(
            model_name="familymemberevent",
            name="family",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="products.family",
                verbose_name="family",
            ),
        ),
    ]
