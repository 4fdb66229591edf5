import datetime

import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from accounts.migration_operations import CreateModels


# The Dutch rates since 2001: code, from, share.
RATES = [
    ("high", datetime.date(2001, 1, 1), "0.19"),
    ("high", datetime.date(2012, 10, 1), "0.21"),
    ("low", datetime.date(2001, 1, 1), "0.06"),
    ("low", datetime.date(2019, 1, 1), "0.09"),
    ("zero", datetime.date(2001, 1, 1), "0"),
    ("exempt", datetime.date(2001, 1, 1), None),
]


def ship(apps, schema_editor):
    model = apps.get_model("pricing", "VatRate")
    model.objects.bulk_create(model(code=code, start_date=day, rate=rate) for code, day, rate in RATES)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("exchange", "0001_squashed_0004_layouts_by_hand"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("products", "0001_squashed_0010_versions_of_what_is_around"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "least",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="at least"
                    ),
                ),
                (
                    "most",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="at most"
                    ),
                ),
                ("with_vat", models.BooleanField(default=False, verbose_name="with VAT")),
                ("source", models.CharField(max_length=200, verbose_name="laid down in")),
                (
                    "beyond",
                    models.CharField(
                        choices=[("refuse", "refused"), ("reason", "only with a reason")],
                        default="refuse",
                        max_length=6,
                        verbose_name="beyond it",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="products.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "bound of a price",
                "ordering": ["start_date", "pk"],
            },
        ),
        migrations.CreateModel(
            name="BoundEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "least",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="at least"
                    ),
                ),
                (
                    "most",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="at most"
                    ),
                ),
                ("with_vat", models.BooleanField(default=False, verbose_name="with VAT")),
                ("source", models.CharField(max_length=200, verbose_name="laid down in")),
                (
                    "beyond",
                    models.CharField(
                        choices=[("refuse", "refused"), ("reason", "only with a reason")],
                        default="refuse",
                        max_length=6,
                        verbose_name="beyond it",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.bound",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NoticeDays",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(verbose_name="days of notice")),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="products.channel",
                        verbose_name="channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "days of notice",
            },
        ),
        migrations.CreateModel(
            name="NoticeDaysEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("days", models.PositiveSmallIntegerField(verbose_name="days of notice")),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.channel",
                        verbose_name="channel",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.noticedays",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PriceList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("own", "own price"),
                            ("advised", "consumer price, advised"),
                            ("observed", "consumer price, observed"),
                        ],
                        default="own",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("with_vat", models.BooleanField(default=False, verbose_name="with VAT")),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.channel",
                        verbose_name="channel",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="products.segment",
                        verbose_name="segment",
                    ),
                ),
            ],
            options={
                "verbose_name": "price list",
                "ordering": ["-kind", "code"],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "component",
                    models.CharField(
                        choices=[("unit", "per unit"), ("month", "per month"), ("once", "once")],
                        default="unit",
                        max_length=5,
                        verbose_name="component",
                    ),
                ),
                ("tier", models.CharField(blank=True, default="", max_length=40, verbose_name="tier")),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="price"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "source_import",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="exchange.import",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="pricing.pricelist",
                        verbose_name="price list",
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "ordering": ["start_date", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PriceListEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("own", "own price"),
                            ("advised", "consumer price, advised"),
                            ("observed", "consumer price, observed"),
                        ],
                        default="own",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("with_vat", models.BooleanField(default=False, verbose_name="with VAT")),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.channel",
                        verbose_name="channel",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.pricelist",
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.segment",
                        verbose_name="segment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start_date", models.DateField(verbose_name="from")),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("exception", models.CharField(blank=True, max_length=400, verbose_name="why the exception")),
                ("rule", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposals",
                        to="pricing.pricelist",
                        verbose_name="price list",
                    ),
                ),
            ],
            options={
                "verbose_name": "price proposal",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="PriceEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "component",
                    models.CharField(
                        choices=[("unit", "per unit"), ("month", "per month"), ("once", "once")],
                        default="unit",
                        max_length=5,
                        verbose_name="component",
                    ),
                ),
                ("tier", models.CharField(blank=True, default="", max_length=40, verbose_name="tier")),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=18, null=True, verbose_name="price"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                        ],
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("approved_at", models.DateTimeField(null=True, verbose_name="approved")),
                (
                    "approved_by",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.price",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
                (
                    "source_import",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="exchange.import",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="pricing.pricelist",
                        verbose_name="price list",
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="pricing.proposal",
                        verbose_name="price proposal",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="price",
            name="proposal",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="prices",
                to="pricing.proposal",
                verbose_name="price proposal",
            ),
        ),
        migrations.CreateModel(
            name="ProposalEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("start_date", models.DateField(verbose_name="from")),
                ("reason", models.CharField(max_length=400, verbose_name="reason")),
                ("exception", models.CharField(blank=True, max_length=400, verbose_name="why the exception")),
                ("rule", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("proposed", "proposed"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                (
                    "author",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="author",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.proposal",
                    ),
                ),
                (
                    "price_list",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="pricing.pricelist",
                        verbose_name="price list",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VatCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[("high", "high"), ("low", "low"), ("zero", "zero"), ("exempt", "exempt")],
                        max_length=6,
                        verbose_name="VAT",
                    ),
                ),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="products.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "VAT",
                "ordering": ["start_date"],
            },
        ),
        migrations.CreateModel(
            name="VatCodeEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                (
                    "code",
                    models.CharField(
                        choices=[("high", "high"), ("low", "low"), ("zero", "zero"), ("exempt", "exempt")],
                        max_length=6,
                        verbose_name="VAT",
                    ),
                ),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.productline",
                        verbose_name="product line",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="pricing.vatcode",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="products.product",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="VatRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[("high", "high"), ("low", "low"), ("zero", "zero"), ("exempt", "exempt")],
                        max_length=6,
                        verbose_name="VAT",
                    ),
                ),
                ("start_date", models.DateField(verbose_name="from")),
                (
                    "rate",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=5, null=True, verbose_name="rate"
                    ),
                ),
            ],
            options={
                "verbose_name": "VAT rate",
                "ordering": ["code", "start_date"],
                "constraints": [
                    models.UniqueConstraint(fields=("code", "start_date"), name="vat_rate_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", "exempt"), ("rate", None)),
                            models.Q(
                                ("code__in", ["high", "low", "zero"]), ("rate__gte", 0), ("rate__lt", 1)
                            ),
                            _connector="OR",
                        ),
                        name="vat_rate_where_not_exempt",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="bound",
            constraint=models.UniqueConstraint(
                fields=("product", "line", "start_date"), name="bound_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="bound",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("line", None), ("product__isnull", False)),
                    models.Q(("line__isnull", False), ("product", None)),
                    _connector="OR",
                ),
                name="bound_of_product_or_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="bound",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least", None), ("most", None), ("most__gte", models.F("least")), _connector="OR"
                ),
                name="bound_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="bound",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", ""), _negated=True), name="bound_has_source"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bound",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_boundevent" ("beyond", "id", "least", "line_id", "most", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "start_date", "with_vat") VALUES (NEW."beyond", NEW."id", NEW."least", NEW."line_id", NEW."most", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."source", NEW."start_date", NEW."with_vat"); RETURN NULL;',
                    hash="3597b0d90757a1fd34cc5f3995f6102fc397c656",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_4a577",
                    table="pricing_bound",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bound",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_boundevent" ("beyond", "id", "least", "line_id", "most", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "start_date", "with_vat") VALUES (NEW."beyond", NEW."id", NEW."least", NEW."line_id", NEW."most", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."source", NEW."start_date", NEW."with_vat"); RETURN NULL;',
                    hash="f799f5ae9bafb28ce02ba20edc59ce637c328e76",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_38c7d",
                    table="pricing_bound",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bound",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_boundevent" ("beyond", "id", "least", "line_id", "most", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "start_date", "with_vat") VALUES (OLD."beyond", OLD."id", OLD."least", OLD."line_id", OLD."most", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."source", OLD."start_date", OLD."with_vat"); RETURN NULL;',
                    hash="f3c92a0a3293584dd399cc88a4a30756325ad987",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c70b5",
                    table="pricing_bound",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="noticedays",
            constraint=models.UniqueConstraint(fields=("channel",), name="notice_once", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name="noticedays",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__lte", 366)), name="notice_within_a_year"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticedays",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_noticedaysevent" ("channel_id", "days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."channel_id", NEW."days", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                    hash="3f098a87a60f70b8715ab498274fe1d55b1ad6c5",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_828e8",
                    table="pricing_noticedays",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticedays",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_noticedaysevent" ("channel_id", "days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."channel_id", NEW."days", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                    hash="8b069e309bdb3d6024205f720568ea882ada390f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_cd6f2",
                    table="pricing_noticedays",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="noticedays",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_noticedaysevent" ("channel_id", "days", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."channel_id", OLD."days", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                    hash="6bb8eafbb3d0064684399a7d858dfe7d2c520082",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_b0d59",
                    table="pricing_noticedays",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Upper("code"), name="price_list_code_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.UniqueConstraint(
                fields=("kind", "currency", "channel", "segment"),
                name="price_list_one_a_place",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", ""), _negated=True),
                    models.Q(("name_en", ""), _negated=True),
                    models.Q(("name_nl", ""), _negated=True),
                ),
                name="price_list_code_and_names",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="price_list_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricelist",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["own", "advised", "observed"])), name="price_list_kind_known"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pricelist",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_pricelistevent" ("channel_id", "code", "currency", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "segment_id", "version", "with_vat") VALUES (NEW."channel_id", NEW."code", NEW."currency", NEW."id", NEW."kind", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."segment_id", NEW."version", NEW."with_vat"); RETURN NULL;',
                    hash="9fed629577e0a065518928d011f3bff6773ae0c9",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_d5093",
                    table="pricing_pricelist",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pricelist",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_pricelistevent" ("channel_id", "code", "currency", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "segment_id", "version", "with_vat") VALUES (NEW."channel_id", NEW."code", NEW."currency", NEW."id", NEW."kind", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."segment_id", NEW."version", NEW."with_vat"); RETURN NULL;',
                    hash="5c20f3532d47692aab7f1aa5ec47c7afadd5c463",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6d494",
                    table="pricing_pricelist",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="pricelist",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_pricelistevent" ("channel_id", "code", "currency", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "segment_id", "version", "with_vat") VALUES (OLD."channel_id", OLD."code", OLD."currency", OLD."id", OLD."kind", OLD."name_en", OLD."name_nl", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."segment_id", OLD."version", OLD."with_vat"); RETURN NULL;',
                    hash="8ba41fb7a9451192ac7651b801d636f565f530d0",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_18640",
                    table="pricing_pricelist",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("state", "proposed")), fields=["-id"], name="proposal_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="proposal_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "rejected"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="proposal_rejected_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at", None), ("decided_by", None), ("state__in", ["draft", "proposed"])
                    ),
                    models.Q(
                        ("state__in", ["approved", "rejected", "withdrawn"]),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="proposal_decided_by_somebody",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_proposalevent" ("author_id", "created_at", "decided_at", "decided_by_id", "exception", "id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "reason", "rule", "start_date", "state") VALUES (NEW."author_id", NEW."created_at", NEW."decided_at", NEW."decided_by_id", NEW."exception", NEW."id", NEW."note", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."price_list_id", NEW."reason", NEW."rule", NEW."start_date", NEW."state"); RETURN NULL;',
                    hash="71879f28e580628ee3e659673c90d9df90eb44f1",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7c3e0",
                    table="pricing_proposal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_proposalevent" ("author_id", "created_at", "decided_at", "decided_by_id", "exception", "id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "reason", "rule", "start_date", "state") VALUES (NEW."author_id", NEW."created_at", NEW."decided_at", NEW."decided_by_id", NEW."exception", NEW."id", NEW."note", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."price_list_id", NEW."reason", NEW."rule", NEW."start_date", NEW."state"); RETURN NULL;',
                    hash="98d781adb14a625a0cd45b3da5486f50152fdc57",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_68b1a",
                    table="pricing_proposal",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_proposalevent" ("author_id", "created_at", "decided_at", "decided_by_id", "exception", "id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "reason", "rule", "start_date", "state") VALUES (OLD."author_id", OLD."created_at", OLD."decided_at", OLD."decided_by_id", OLD."exception", OLD."id", OLD."note", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."price_list_id", OLD."reason", OLD."rule", OLD."start_date", OLD."state"); RETURN NULL;',
                    hash="6ac0c8d163952141e826d6c5df64b6187b5aeed3",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ac08b",
                    table="pricing_proposal",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "approved")),
                fields=("price_list", "product", "component", "tier", "start_date"),
                name="price_one_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                fields=("proposal", "product", "component", "tier"), name="price_once_a_proposal"
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", None), ("amount__gte", 0), _connector="OR"),
                name="price_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("component__in", ["unit", "month", "once"])), name="price_component_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "proposed", "approved", "rejected", "withdrawn"])),
                name="price_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "approved"), _negated=True),
                    ("approved_at__isnull", False),
                    _connector="OR",
                ),
                name="price_approved_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "approved"),
                    ("state", "withdrawn"),
                    ("proposal__isnull", False),
                    _connector="OR",
                ),
                name="price_waits_in_a_proposal",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="price",
            trigger=pgtrigger.compiler.Trigger(
                name="decided_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.\"state\" IN ('approved', 'rejected', 'withdrawn'))",
                    func="\n                    IF TG_OP = 'UPDATE' AND OLD.state = 'approved' AND NEW.state = 'withdrawn'\n                       AND OLD.start_date > (now() AT TIME ZONE (SELECT time_zone FROM core_organisation WHERE id = 1))::date\n                       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN\n                        RETURN NEW;\n                    END IF;\n                    RAISE EXCEPTION 'price % is decided', OLD.id USING ERRCODE = 'check_violation';\n                ",
                    hash="d794f68b2e86a05a13ce1be7013cd743baccd485",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_decided_stays_e8aa9",
                    table="pricing_price",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="price",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_priceevent" ("amount", "approved_at", "approved_by_id", "component", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "product_id", "proposal_id", "source_import_id", "start_date", "state", "tier") VALUES (NEW."amount", NEW."approved_at", NEW."approved_by_id", NEW."component", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."price_list_id", NEW."product_id", NEW."proposal_id", NEW."source_import_id", NEW."start_date", NEW."state", NEW."tier"); RETURN NULL;',
                    hash="4cc4388b4e4ca11db7b968fd71532a423ad5d697",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_12aba",
                    table="pricing_price",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="price",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_priceevent" ("amount", "approved_at", "approved_by_id", "component", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "product_id", "proposal_id", "source_import_id", "start_date", "state", "tier") VALUES (NEW."amount", NEW."approved_at", NEW."approved_by_id", NEW."component", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."price_list_id", NEW."product_id", NEW."proposal_id", NEW."source_import_id", NEW."start_date", NEW."state", NEW."tier"); RETURN NULL;',
                    hash="4f1b903a0586313fb81e701ac28e7d5daf1b802c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_c5d0c",
                    table="pricing_price",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="price",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_priceevent" ("amount", "approved_at", "approved_by_id", "component", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_list_id", "product_id", "proposal_id", "source_import_id", "start_date", "state", "tier") VALUES (OLD."amount", OLD."approved_at", OLD."approved_by_id", OLD."component", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."price_list_id", OLD."product_id", OLD."proposal_id", OLD."source_import_id", OLD."start_date", OLD."state", OLD."tier"); RETURN NULL;',
                    hash="af9569ee3ef3bb459b613bac49f27e8e566f1041",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_0c9a5",
                    table="pricing_price",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="vatcode",
            constraint=models.UniqueConstraint(
                fields=("product", "line", "start_date"), name="vat_code_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="vatcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("line", None), ("product__isnull", False)),
                    models.Q(("line__isnull", False), ("product", None)),
                    _connector="OR",
                ),
                name="vat_code_of_product_or_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="vatcode",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__in", ["high", "low", "zero", "exempt"])), name="vat_code_known"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="vatcode",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_vatcodeevent" ("code", "id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date") VALUES (NEW."code", NEW."id", NEW."line_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."start_date"); RETURN NULL;',
                    hash="9f91e0d99c861db3e022e09bcfdcb918993a0990",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5d2d5",
                    table="pricing_vatcode",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="vatcode",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "pricing_vatcodeevent" ("code", "id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date") VALUES (NEW."code", NEW."id", NEW."line_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."start_date"); RETURN NULL;',
                    hash="6e28d0ead19d3ed50949a1bd16100d6ecfaa3738",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_57963",
                    table="pricing_vatcode",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="vatcode",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "pricing_vatcodeevent" ("code", "id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date") VALUES (OLD."code", OLD."id", OLD."line_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."start_date"); RETURN NULL;',
                    hash="689d578cd4f6e660d07fb5e5b9f9fc9072e383e6",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_6d453",
                    table="pricing_vatcode",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
    operations = [CreateModels(operations[:-1]), operations[-1]]
