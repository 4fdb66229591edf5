from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("forecasting", "0002_product_news"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stagesetting",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
        ),
        migrations.AlterField(
            model_name="stagesettingevent",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
        ),
    ]
