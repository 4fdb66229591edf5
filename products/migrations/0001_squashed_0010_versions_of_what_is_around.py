import accounts.migration_operations
import core.search
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


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
    """Products and what is around them, with the measure of every line that names no other.

    One step instead of those it replaces: a new database is made in seconds."""

    replaces = [
        ("products", "0001_initial"),
        ("products", "0002_measure"),
        ("products", "0003_import_journal"),
        ("products", "0004_bulk_change"),
        ("products", "0005_product_search"),
        ("products", "0006_family_words"),
        ("products", "0007_succession_takes_over"),
        ("products", "0008_forecast_step"),
        ("products", "0009_budget_history"),
        ("products", "0010_versions_of_what_is_around"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0004_judgement_rights"),
        ("exchange", "0001_squashed_0004_layouts_by_hand"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="ProductLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("unit", models.CharField(blank=True, max_length=40, verbose_name="unit")),
                        (
                            "reporting_unit",
                            models.CharField(
                                blank=True,
                                help_text="Volumes of different products are added in this unit only; empty: money only.",
                                max_length=40,
                                verbose_name="reporting unit",
                            ),
                        ),
                        (
                            "floor_rate",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=6,
                                null=True,
                                verbose_name="margin floor",
                            ),
                        ),
                        (
                            "review_months",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="review every (months)"
                            ),
                        ),
                        (
                            "price_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("price", "price"),
                                    ("tariff", "tariff"),
                                    ("premium", "premium"),
                                    ("fee", "fee"),
                                ],
                                max_length=20,
                                verbose_name="word for price",
                            ),
                        ),
                        (
                            "customer_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("customer", "customer"),
                                    ("account", "account (customer)"),
                                    ("insured", "insured person"),
                                    ("client", "client"),
                                    ("patient", "patient"),
                                ],
                                max_length=20,
                                verbose_name="word for customer",
                            ),
                        ),
                        (
                            "volume_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("units", "units"),
                                    ("contracts", "contracts"),
                                    ("policies", "policies"),
                                    ("mwh", "MWh"),
                                    ("treatments", "treatments"),
                                    ("prescriptions", "prescriptions"),
                                ],
                                max_length=20,
                                verbose_name="word for volume",
                            ),
                        ),
                        (
                            "final_after_months",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Younger months are provisional: drawn hatched and left out of the forecast's fit.",
                                null=True,
                                verbose_name="figures are final after (months)",
                            ),
                        ),
                        (
                            "alert_settings",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Thresholds per kind of alert; missing: as the line above.",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="products.productline",
                                verbose_name="part of",
                            ),
                        ),
                        (
                            "forecast_step",
                            models.CharField(
                                blank=True,
                                choices=[("month", "by the month"), ("week", "by the week")],
                                help_text="By the week: 26 weeks ahead where figures come by the week or day; the months are their sums.",
                                max_length=5,
                                verbose_name="forecast",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product line",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("parent", None),
                                    models.Q(("parent", models.F("pk")), _negated=True),
                                    _connector="OR",
                                ),
                                name="line_not_its_own_parent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("floor_rate", None),
                                    models.Q(("floor_rate__gte", -1), ("floor_rate__lte", 1)),
                                    _connector="OR",
                                ),
                                name="line_floor_is_a_rate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("forecast_step__in", ["", "month", "week"])),
                                name="line_forecast_step_known",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productlineevent" ("alert_settings", "code", "customer_word", "final_after_months", "floor_rate", "forecast_step", "id", "name", "owner_id", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_word", "reporting_unit", "review_months", "unit", "version", "volume_word") VALUES (NEW."alert_settings", NEW."code", NEW."customer_word", NEW."final_after_months", NEW."floor_rate", NEW."forecast_step", NEW."id", NEW."name", NEW."owner_id", NEW."parent_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."price_word", NEW."reporting_unit", NEW."review_months", NEW."unit", NEW."version", NEW."volume_word"); RETURN NULL;',
                                    hash="36b1e28819052697be42185f9af49302174f26d2",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_d31f1",
                                    table="products_productline",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_productlineevent" ("alert_settings", "code", "customer_word", "final_after_months", "floor_rate", "forecast_step", "id", "name", "owner_id", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_word", "reporting_unit", "review_months", "unit", "version", "volume_word") VALUES (NEW."alert_settings", NEW."code", NEW."customer_word", NEW."final_after_months", NEW."floor_rate", NEW."forecast_step", NEW."id", NEW."name", NEW."owner_id", NEW."parent_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."price_word", NEW."reporting_unit", NEW."review_months", NEW."unit", NEW."version", NEW."volume_word"); RETURN NULL;',
                                    hash="911bb011bb6d64ee1bede0e09cc340d6cec51f3e",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_3e906",
                                    table="products_productline",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productlineevent" ("alert_settings", "code", "customer_word", "final_after_months", "floor_rate", "forecast_step", "id", "name", "owner_id", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "price_word", "reporting_unit", "review_months", "unit", "version", "volume_word") VALUES (OLD."alert_settings", OLD."code", OLD."customer_word", OLD."final_after_months", OLD."floor_rate", OLD."forecast_step", OLD."id", OLD."name", OLD."owner_id", OLD."parent_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."price_word", OLD."reporting_unit", OLD."review_months", OLD."unit", OLD."version", OLD."volume_word"); RETURN NULL;',
                                    hash="376d189a6ef041dd87c50ab2a0ce883c6ebdc956",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_9e644",
                                    table="products_productline",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("query", models.CharField(blank=True, max_length=1000)),
                        ("shared", models.BooleanField(default=False, verbose_name="shared with everybody")),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_views",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "saved view",
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "name"), name="saved_view_name_unique")
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_savedviewevent" ("id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query", "shared", "user_id", "version") VALUES (NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."query", NEW."shared", NEW."user_id", NEW."version"); RETURN NULL;',
                                    hash="f031b50259e40325748d3a0d982bd1ce9d7ac6e9",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_fd052",
                                    table="products_savedview",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_savedviewevent" ("id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query", "shared", "user_id", "version") VALUES (NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."query", NEW."shared", NEW."user_id", NEW."version"); RETURN NULL;',
                                    hash="bdc32436839760a16bd4e5c0f1d62a8adac4e901",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_a4a89",
                                    table="products_savedview",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_savedviewevent" ("id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query", "shared", "user_id", "version") VALUES (OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."query", OLD."shared", OLD."user_id", OLD."version"); RETURN NULL;',
                                    hash="592ce045cb38bd22c880fdc959a3651bdbe025d6",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_30117",
                                    table="products_savedview",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Segment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "customer segment",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Upper("code"), name="segment_code_unique"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_segmentevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="51870c3ebdd084ff4a11a894e0bde66123fd9418",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_a4b28",
                                    table="products_segment",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_segmentevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="6c89ade907de94a3839896115c658fc8d1487d01",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_06ecc",
                                    table="products_segment",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_segmentevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."version"); RETURN NULL;',
                                    hash="7eb83f3ba66da7a975f9bd32783cabbab0ccde71",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_f2a46",
                                    table="products_segment",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Supplier",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "supplier",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Upper("code"), name="supplier_code_unique"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_supplierevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="08e86be6fbcbe5903c3a7eefeae6183a4c0ecc7d",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_8fb3f",
                                    table="products_supplier",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_supplierevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="9f61dc267458f08f41f5a76c2e70e89264333124",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_a6314",
                                    table="products_supplier",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_supplierevent" ("code", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (OLD."code", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."version"); RETURN NULL;',
                                    hash="25695f581975238af32e372c0f67a38777690693",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_80a0b",
                                    table="products_supplier",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BudgetVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("year", models.PositiveSmallIntegerField(verbose_name="financial year")),
                        ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="frozen")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "frozen_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="frozen by",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "budget",
                        "ordering": ["-year", "-frozen_at", "-pk"],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="frozen_stays",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."frozen_at" IS NOT NULL)',
                                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                                    hash="307784648c17e0c4496975bd1403de4c98afc7a7",
                                    operation="UPDATE OR DELETE",
                                    pgid="pgtrigger_frozen_stays_cdb19",
                                    table="products_budgetversion",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_budgetversionevent" ("code", "created_at", "frozen_at", "frozen_by_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "year") VALUES (NEW."code", NEW."created_at", NEW."frozen_at", NEW."frozen_by_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."year"); RETURN NULL;',
                                    hash="397487a4b953e69a65cd9ddbf6ea63d9552e001a",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_6f006",
                                    table="products_budgetversion",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_budgetversionevent" ("code", "created_at", "frozen_at", "frozen_by_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "year") VALUES (NEW."code", NEW."created_at", NEW."frozen_at", NEW."frozen_by_id", NEW."id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."year"); RETURN NULL;',
                                    hash="6bd2fe38b31223a1703a4c65d8c3fe4ea4dd54eb",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_106fd",
                                    table="products_budgetversion",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_budgetversionevent" ("code", "created_at", "frozen_at", "frozen_by_id", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "year") VALUES (OLD."code", OLD."created_at", OLD."frozen_at", OLD."frozen_by_id", OLD."id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."year"); RETURN NULL;',
                                    hash="5f0d2c86f3d488741696b171b28a46b859f944b7",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_e9f49",
                                    table="products_budgetversion",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Channel",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=80, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("type", "type of channel"),
                                    ("account", "account (customer)"),
                                    ("region", "region"),
                                    ("store", "store"),
                                ],
                                default="type",
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="products.channel",
                                verbose_name="part of",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "channel",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Upper("code"), name="channel_code_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("parent", None),
                                    models.Q(("parent", models.F("pk")), _negated=True),
                                    _connector="OR",
                                ),
                                name="channel_not_its_own_parent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("code", ""), _negated=True),
                                    models.Q(("name", ""), _negated=True),
                                ),
                                name="channel_code_and_name",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_channelevent" ("code", "id", "kind", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."kind", NEW."name", NEW."parent_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="0a789081345a6692203270ad064687f9e8436f89",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_7da50",
                                    table="products_channel",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_channelevent" ("code", "id", "kind", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."kind", NEW."name", NEW."parent_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="3ca578a09663dbe50fa5a2f05898f1a666b36670",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_26e4e",
                                    table="products_channel",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_channelevent" ("code", "id", "kind", "name", "parent_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (OLD."code", OLD."id", OLD."kind", OLD."name", OLD."parent_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."version"); RETURN NULL;',
                                    hash="b3bd9f8b1b9442c8eae8eb55c7564507f2e8ab55",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_e51d1",
                                    table="products_channel",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Measure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                        ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                        ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                        ("unit_en", models.CharField(max_length=40, verbose_name="unit in English")),
                        ("unit_nl", models.CharField(max_length=40, verbose_name="unit in Dutch")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("flow", "flow (adds over time)"),
                                    ("level", "level (state at the end)"),
                                ],
                                default="flow",
                                max_length=5,
                                verbose_name="kind",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "measure",
                        "ordering": ["code"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["flow", "level"])), name="measure_kind_known"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_measureevent" ("code", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit_en", "unit_nl", "version") VALUES (NEW."code", NEW."id", NEW."kind", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."unit_en", NEW."unit_nl", NEW."version"); RETURN NULL;',
                                    hash="24f348c60dea7684fda52e58e08c5c6dbcd0362e",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_3a012",
                                    table="products_measure",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_measureevent" ("code", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit_en", "unit_nl", "version") VALUES (NEW."code", NEW."id", NEW."kind", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."unit_en", NEW."unit_nl", NEW."version"); RETURN NULL;',
                                    hash="8e212adc5139e1ecc443050a7a23a563674ceff0",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_bc34c",
                                    table="products_measure",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_measureevent" ("code", "id", "kind", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "unit_en", "unit_nl", "version") VALUES (OLD."code", OLD."id", OLD."kind", OLD."name_en", OLD."name_nl", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."unit_en", OLD."unit_nl", OLD."version"); RETURN NULL;',
                                    hash="8a26e86ee654d0b2e4b9a53d15e555099e447c10",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_24375",
                                    table="products_measure",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Family",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=160, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="families",
                                to="products.productline",
                                verbose_name="product line",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "family",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Upper("code"), name="family_code_unique"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_familyevent" ("code", "id", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."line_id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="0aa902410e8566e792cb3028209154717cc74d43",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_9dc44",
                                    table="products_family",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_familyevent" ("code", "id", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (NEW."code", NEW."id", NEW."line_id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."version"); RETURN NULL;',
                                    hash="ace209f70aea8eda1fd8f28a2a6139bb108ec4f9",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_424e4",
                                    table="products_family",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_familyevent" ("code", "id", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "version") VALUES (OLD."code", OLD."id", OLD."line_id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."version"); RETURN NULL;',
                                    hash="7c2746aed54047d79fd54b90cc25792c33744b5f",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_ed83f",
                                    table="products_family",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FourEyesRule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("decision_kind", models.CharField(max_length=40, verbose_name="kind of decision")),
                        (
                            "mode",
                            models.CharField(
                                choices=[("always", "always"), ("above", "above an amount"), ("off", "off")],
                                default="always",
                                max_length=6,
                                verbose_name="four eyes",
                            ),
                        ),
                        (
                            "threshold_amount",
                            models.DecimalField(
                                blank=True,
                                decimal_places=2,
                                max_digits=18,
                                null=True,
                                verbose_name="above this amount",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="four_eyes",
                                to="products.productline",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("line", "decision_kind"), name="four_eyes_once", nulls_distinct=False
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("mode", "above"), ("threshold_amount__isnull", False)),
                                    models.Q(
                                        models.Q(("mode", "above"), _negated=True), ("threshold_amount", None)
                                    ),
                                    _connector="OR",
                                ),
                                name="four_eyes_threshold_where_above",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_foureyesruleevent" ("decision_kind", "id", "line_id", "mode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "threshold_amount", "version") VALUES (NEW."decision_kind", NEW."id", NEW."line_id", NEW."mode", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."threshold_amount", NEW."version"); RETURN NULL;',
                                    hash="ab199e50317f3906e080879c3971e36524d814a4",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_94e0c",
                                    table="products_foureyesrule",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_foureyesruleevent" ("decision_kind", "id", "line_id", "mode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "threshold_amount", "version") VALUES (NEW."decision_kind", NEW."id", NEW."line_id", NEW."mode", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."threshold_amount", NEW."version"); RETURN NULL;',
                                    hash="7700078698487f93eead86bb892e52cb3716aa48",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_3a644",
                                    table="products_foureyesrule",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_foureyesruleevent" ("decision_kind", "id", "line_id", "mode", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "threshold_amount", "version") VALUES (OLD."decision_kind", OLD."id", OLD."line_id", OLD."mode", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."threshold_amount", OLD."version"); RETURN NULL;',
                                    hash="2ddc06374841931b03d1fef2fbf2cad10ec90fe3",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_a617b",
                                    table="products_foureyesrule",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LineMeasure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("leads", models.BooleanField(default=False, verbose_name="leads")),
                        (
                            "measure",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="line_measures",
                                to="products.measure",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="line_measures",
                                to="products.productline",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-leads", "pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("line", "measure"), name="line_measure_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("leads", True)),
                                fields=("line",),
                                name="line_has_one_lead",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_linemeasureevent" ("id", "leads", "line_id", "measure_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."leads", NEW."line_id", NEW."measure_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;',
                                    hash="ff98f6709b923ba1c41434cec9bbd51eca7ba67f",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_567dc",
                                    table="products_linemeasure",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_linemeasureevent" ("id", "leads", "line_id", "measure_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."leads", NEW."line_id", NEW."measure_id", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;',
                                    hash="b0c569da85edfcc15030cb0cd4f5fbdc4b8126f4",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_0103d",
                                    table="products_linemeasure",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_linemeasureevent" ("id", "leads", "line_id", "measure_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."id", OLD."leads", OLD."line_id", OLD."measure_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;',
                                    hash="33e15b22bf0da2a6a719bb2c1b5f52c51f1883a5",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_c95b0",
                                    table="products_linemeasure",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MeasureEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.SlugField(db_index=False, max_length=40, verbose_name="code")),
                        ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                        ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                        ("unit_en", models.CharField(max_length=40, verbose_name="unit in English")),
                        ("unit_nl", models.CharField(max_length=40, verbose_name="unit in Dutch")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("flow", "flow (adds over time)"),
                                    ("level", "level (state at the end)"),
                                ],
                                default="flow",
                                max_length=5,
                                verbose_name="kind",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
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
                                to="products.measure",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Product",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=160, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[("good", "good"), ("service", "service")],
                                default="good",
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "unit",
                            models.CharField(
                                blank=True,
                                help_text="Empty: as the line.",
                                max_length=40,
                                verbose_name="unit",
                            ),
                        ),
                        ("description", models.TextField(blank=True, verbose_name="description")),
                        ("launched", models.DateField(blank=True, null=True, verbose_name="launched")),
                        (
                            "ended",
                            models.DateField(
                                blank=True, help_text="The last day on sale.", null=True, verbose_name="ended"
                            ),
                        ),
                        (
                            "temporary",
                            models.BooleanField(
                                default=False,
                                help_text="A promotion pack or monthly tariff: no stage of its own.",
                                verbose_name="temporary",
                            ),
                        ),
                        (
                            "floor_rate",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=6,
                                null=True,
                                verbose_name="margin floor",
                            ),
                        ),
                        (
                            "review_months",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="review every (months)"
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                help_text="Empty: as the line.",
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="owned_products",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="products",
                                to="products.productline",
                                verbose_name="product line",
                            ),
                        ),
                        (
                            "segment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="products",
                                to="products.segment",
                                verbose_name="segment",
                            ),
                        ),
                        (
                            "supplier",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="products",
                                to="products.supplier",
                                verbose_name="supplier",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "product",
                        "verbose_name_plural": "products",
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "indexes": [
                            django.contrib.postgres.indexes.GinIndex(
                                django.contrib.postgres.indexes.OpClass(
                                    core.search.Fold(core.search._Joined(models.F("code"), models.F("name"))),
                                    name="gin_trgm_ops",
                                ),
                                name="product_search_trigram",
                            ),
                            models.Index(
                                django.db.models.functions.text.Lower("name"),
                                models.F("id"),
                                name="product_by_name",
                            ),
                            django.contrib.postgres.indexes.GinIndex(
                                django.contrib.postgres.search.CombinedSearchVector(
                                    django.contrib.postgres.search.SearchVector(
                                        "description", config="dutch"
                                    ),
                                    "||",
                                    django.contrib.postgres.search.SearchVector(
                                        "description", config="english"
                                    ),
                                    django.contrib.postgres.search.SearchConfig("dutch"),
                                ),
                                name="product_search_words",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Upper("code"), name="product_code_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("code", ""), _negated=True),
                                    models.Q(("name", ""), _negated=True),
                                ),
                                name="product_code_and_name",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["good", "service"])),
                                name="product_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("launched", None),
                                    ("ended", None),
                                    ("ended__gte", models.F("launched")),
                                    _connector="OR",
                                ),
                                name="product_ends_after_launch",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("floor_rate", None),
                                    models.Q(("floor_rate__gte", -1), ("floor_rate__lte", 1)),
                                    _connector="OR",
                                ),
                                name="product_floor_is_a_rate",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productevent" ("code", "created_at", "description", "ended", "floor_rate", "id", "kind", "launched", "line_id", "name", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_months", "segment_id", "supplier_id", "temporary", "unit", "version") VALUES (NEW."code", NEW."created_at", NEW."description", NEW."ended", NEW."floor_rate", NEW."id", NEW."kind", NEW."launched", NEW."line_id", NEW."name", NEW."owner_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."review_months", NEW."segment_id", NEW."supplier_id", NEW."temporary", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="c3f5bed209caabe7698d98fc48dc25b0319b574e",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_1fd97",
                                    table="products_product",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_productevent" ("code", "created_at", "description", "ended", "floor_rate", "id", "kind", "launched", "line_id", "name", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_months", "segment_id", "supplier_id", "temporary", "unit", "version") VALUES (NEW."code", NEW."created_at", NEW."description", NEW."ended", NEW."floor_rate", NEW."id", NEW."kind", NEW."launched", NEW."line_id", NEW."name", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."review_months", NEW."segment_id", NEW."supplier_id", NEW."temporary", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="4b5b0e49ad5b21b58ff649890560cd6711bc5d9c",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_18d15",
                                    table="products_product",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productevent" ("code", "created_at", "description", "ended", "floor_rate", "id", "kind", "launched", "line_id", "name", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "review_months", "segment_id", "supplier_id", "temporary", "unit", "version") VALUES (OLD."code", OLD."created_at", OLD."description", OLD."ended", OLD."floor_rate", OLD."id", OLD."kind", OLD."launched", OLD."line_id", OLD."name", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."review_months", OLD."segment_id", OLD."supplier_id", OLD."temporary", OLD."unit", OLD."version"); RETURN NULL;',
                                    hash="2b55c8b36f4f9f68003f2dd3458506ee8097b95d",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_cb7df",
                                    table="products_product",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductLineEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.SlugField(db_index=False, max_length=40, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("unit", models.CharField(blank=True, max_length=40, verbose_name="unit")),
                        (
                            "reporting_unit",
                            models.CharField(
                                blank=True,
                                help_text="Volumes of different products are added in this unit only; empty: money only.",
                                max_length=40,
                                verbose_name="reporting unit",
                            ),
                        ),
                        (
                            "floor_rate",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=6,
                                null=True,
                                verbose_name="margin floor",
                            ),
                        ),
                        (
                            "review_months",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="review every (months)"
                            ),
                        ),
                        (
                            "price_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("price", "price"),
                                    ("tariff", "tariff"),
                                    ("premium", "premium"),
                                    ("fee", "fee"),
                                ],
                                max_length=20,
                                verbose_name="word for price",
                            ),
                        ),
                        (
                            "customer_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("customer", "customer"),
                                    ("account", "account (customer)"),
                                    ("insured", "insured person"),
                                    ("client", "client"),
                                    ("patient", "patient"),
                                ],
                                max_length=20,
                                verbose_name="word for customer",
                            ),
                        ),
                        (
                            "volume_word",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("units", "units"),
                                    ("contracts", "contracts"),
                                    ("policies", "policies"),
                                    ("mwh", "MWh"),
                                    ("treatments", "treatments"),
                                    ("prescriptions", "prescriptions"),
                                ],
                                max_length=20,
                                verbose_name="word for volume",
                            ),
                        ),
                        (
                            "final_after_months",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Younger months are provisional: drawn hatched and left out of the forecast's fit.",
                                null=True,
                                verbose_name="figures are final after (months)",
                            ),
                        ),
                        (
                            "alert_settings",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Thresholds per kind of alert; missing: as the line above.",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                                verbose_name="part of",
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
                                to="products.productline",
                            ),
                        ),
                        (
                            "forecast_step",
                            models.CharField(
                                blank=True,
                                choices=[("month", "by the month"), ("week", "by the week")],
                                help_text="By the week: 26 weeks ahead where figures come by the week or day; the months are their sums.",
                                max_length=5,
                                verbose_name="forecast",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SavedViewEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("query", models.CharField(blank=True, max_length=1000)),
                        ("shared", models.BooleanField(default=False, verbose_name="shared with everybody")),
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
                                to="products.savedview",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="SegmentEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
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
                                to="products.segment",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SupplierEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
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
                                to="products.supplier",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ChannelEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.CharField(max_length=80, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("type", "type of channel"),
                                    ("account", "account (customer)"),
                                    ("region", "region"),
                                    ("store", "store"),
                                ],
                                default="type",
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.channel",
                                verbose_name="part of",
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
                                to="products.channel",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ChannelLimit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "channel",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="channel_limits",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "channel"), name="channel_limit_once")
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_channellimitevent" ("channel_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."channel_id", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."user_id"); RETURN NULL;',
                                    hash="218551fea4028992ab9e958e81342e888a63f958",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_dd094",
                                    table="products_channellimit",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_channellimitevent" ("channel_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."channel_id", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."user_id"); RETURN NULL;',
                                    hash="cc19e2e3f83ee1580cd23bdcffa0fd6a93c6f250",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_6e488",
                                    table="products_channellimit",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_channellimitevent" ("channel_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (OLD."channel_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."user_id"); RETURN NULL;',
                                    hash="9c5582db807c952aea0013bbc3f7a0e67f128ddb",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_65bcd",
                                    table="products_channellimit",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LineLimit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="line_limits",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.productline",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "line"), name="line_limit_once")
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_linelimitevent" ("id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."id", NEW."line_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."user_id"); RETURN NULL;',
                                    hash="2ebe374d97eeea776734cb2d997855d0eb8438b0",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_61664",
                                    table="products_linelimit",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_linelimitevent" ("id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."id", NEW."line_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."user_id"); RETURN NULL;',
                                    hash="949d622cd2a094399911c72e2c0aec35f235104e",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_bf4fa",
                                    table="products_linelimit",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_linelimitevent" ("id", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (OLD."id", OLD."line_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."user_id"); RETURN NULL;',
                                    hash="98b47009f9fb36776f42fa31bbfbf785cd631c21",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_22db5",
                                    table="products_linelimit",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BundlePart",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        (
                            "quantity",
                            models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                        ),
                        (
                            "revenue_share",
                            models.DecimalField(
                                decimal_places=6, max_digits=7, verbose_name="share of revenue"
                            ),
                        ),
                        (
                            "bundle",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="parts",
                                to="products.product",
                            ),
                        ),
                        (
                            "part",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bundles",
                                to="products.product",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["start_date", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("bundle", "part", "start_date"), name="bundle_part_dated"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("bundle", models.F("part")), _negated=True),
                                name="bundle_not_in_itself",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("quantity__gte", 0), ("revenue_share__gte", 0), ("revenue_share__lte", 1)
                                ),
                                name="bundle_part_in_range",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_bundlepartevent" ("bundle_id", "id", "part_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "revenue_share", "start_date", "version") VALUES (NEW."bundle_id", NEW."id", NEW."part_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."quantity", NEW."revenue_share", NEW."start_date", NEW."version"); RETURN NULL;',
                                    hash="b4d4d47ae0602dbb26673b6a7c3d1f9524348d00",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_d217c",
                                    table="products_bundlepart",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_bundlepartevent" ("bundle_id", "id", "part_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "revenue_share", "start_date", "version") VALUES (NEW."bundle_id", NEW."id", NEW."part_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."quantity", NEW."revenue_share", NEW."start_date", NEW."version"); RETURN NULL;',
                                    hash="38a71235d4e8bc939025f26e5b8e2dc9c0c0818d",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_07696",
                                    table="products_bundlepart",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_bundlepartevent" ("bundle_id", "id", "part_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "quantity", "revenue_share", "start_date", "version") VALUES (OLD."bundle_id", OLD."id", OLD."part_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."quantity", OLD."revenue_share", OLD."start_date", OLD."version"); RETURN NULL;',
                                    hash="b64dd320dfad05ade2c25b59f4a63dd4fe826b75",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_0d504",
                                    table="products_bundlepart",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductCode",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("source", models.CharField(max_length=60, verbose_name="source")),
                        ("code", models.CharField(max_length=80, verbose_name="code")),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="codes",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["source", "code"],
                        "indexes": [
                            models.Index(
                                django.db.models.functions.text.Upper("code"), name="product_other_code"
                            ),
                            django.contrib.postgres.indexes.GinIndex(
                                django.contrib.postgres.indexes.OpClass(
                                    core.search.Fold(models.F("code")), name="gin_trgm_ops"
                                ),
                                name="product_code_search_trigram",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("source", "code"), name="product_code_per_source")
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productcodeevent" ("code", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source") VALUES (NEW."code", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."source"); RETURN NULL;',
                                    hash="562518fa49dcf14fb59a8188e9f43f7d878ae08c",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_b1522",
                                    table="products_productcode",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_productcodeevent" ("code", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source") VALUES (NEW."code", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."source"); RETURN NULL;',
                                    hash="876b5f5b88090ba09be3d3ac5df5b76f86faaf0b",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_9039b",
                                    table="products_productcode",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_productcodeevent" ("code", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source") VALUES (OLD."code", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."source"); RETURN NULL;',
                                    hash="d96180169d1df31fffb1ba196e7d52db43251ee6",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_1b891",
                                    table="products_productcode",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=160, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[("good", "good"), ("service", "service")],
                                default="good",
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "unit",
                            models.CharField(
                                blank=True,
                                help_text="Empty: as the line.",
                                max_length=40,
                                verbose_name="unit",
                            ),
                        ),
                        ("description", models.TextField(blank=True, verbose_name="description")),
                        ("launched", models.DateField(blank=True, null=True, verbose_name="launched")),
                        (
                            "ended",
                            models.DateField(
                                blank=True, help_text="The last day on sale.", null=True, verbose_name="ended"
                            ),
                        ),
                        (
                            "temporary",
                            models.BooleanField(
                                default=False,
                                help_text="A promotion pack or monthly tariff: no stage of its own.",
                                verbose_name="temporary",
                            ),
                        ),
                        (
                            "floor_rate",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=6,
                                null=True,
                                verbose_name="margin floor",
                            ),
                        ),
                        (
                            "review_months",
                            models.PositiveSmallIntegerField(
                                blank=True, null=True, verbose_name="review every (months)"
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="Empty: as the line.",
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
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
                                to="products.product",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                                verbose_name="product line",
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
                        (
                            "supplier",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.supplier",
                                verbose_name="supplier",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ProductMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("average_volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("days", models.PositiveSmallIntegerField()),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["month", "measure"],
                                include=("product", "volume", "revenue"),
                                name="product_month_sum",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "month"), name="product_month_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="product_month_is_a_month"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SalesFact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField()),
                        (
                            "period",
                            models.CharField(
                                choices=[("D", "day"), ("W", "week"), ("M", "month")], max_length=1
                            ),
                        ),
                        ("volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("gross_revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("discounts", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "channel",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "source_import",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "channel", "start_date", "period"),
                                name="sales_fact_unique",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("period__in", ["D", "W", "M"])), name="sales_fact_period"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("period", "M"), _negated=True),
                                    ("start_date__day", 1),
                                    _connector="OR",
                                ),
                                name="sales_fact_month_starts_on_1",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("volume__isnull", False), ("revenue__isnull", False), _connector="OR"
                                ),
                                name="sales_fact_says_something",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SalesJournal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField()),
                        ("period", models.CharField(max_length=1)),
                        ("old_volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("old_revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "old_gross_revenue",
                            models.DecimalField(decimal_places=4, max_digits=18, null=True),
                        ),
                        ("old_discounts", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("gross_revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("discounts", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "channel",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "old_source_import",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "source_import",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["product", "measure", "channel", "start_date"],
                                name="sales_journal_fact",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SalesMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("average_volume", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("days", models.PositiveSmallIntegerField()),
                        ("gross_revenue", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        ("discounts", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "channel",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["channel", "month"], name="sales_month_channel")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "month", "channel"), name="sales_month_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="sales_month_is_a_month"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Succession",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        (
                            "predecessor",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="successions",
                                to="products.product",
                            ),
                        ),
                        (
                            "successor",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="predecessions",
                                to="products.product",
                            ),
                        ),
                        (
                            "factor",
                            models.DecimalField(
                                decimal_places=4,
                                default=Decimal("1"),
                                max_digits=12,
                                verbose_name="volume per unit of the predecessor",
                            ),
                        ),
                        (
                            "phase_out_months",
                            models.PositiveSmallIntegerField(default=0, verbose_name="phase-out (months)"),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["start_date"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("predecessor", "successor"), name="succession_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("predecessor", models.F("successor")), _negated=True),
                                name="succession_of_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("factor__gt", 0)), name="succession_factor_positive"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("phase_out_months__lte", 60)),
                                name="succession_phase_out_in_range",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_successionevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_out_months", "predecessor_id", "start_date", "successor_id", "version") VALUES (NEW."factor", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phase_out_months", NEW."predecessor_id", NEW."start_date", NEW."successor_id", NEW."version"); RETURN NULL;',
                                    hash="075eb6a73027e17fa78631d089411c77fa69101d",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_af822",
                                    table="products_succession",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_successionevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_out_months", "predecessor_id", "start_date", "successor_id", "version") VALUES (NEW."factor", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phase_out_months", NEW."predecessor_id", NEW."start_date", NEW."successor_id", NEW."version"); RETURN NULL;',
                                    hash="2f039d00f39a7c933d6190a8f566eeabcbd4543c",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_8cba4",
                                    table="products_succession",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_successionevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_out_months", "predecessor_id", "start_date", "successor_id", "version") VALUES (OLD."factor", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phase_out_months", OLD."predecessor_id", OLD."start_date", OLD."successor_id", OLD."version"); RETURN NULL;',
                                    hash="51f671f68d2dcd724b8cf028af046b2737bae8ac",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_81948",
                                    table="products_succession",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UnitFactor",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("unit", models.CharField(max_length=40, verbose_name="unit")),
                        (
                            "factor",
                            models.DecimalField(decimal_places=6, max_digits=18, verbose_name="factor"),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="unit_factors",
                                to="products.product",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["unit"],
                        "constraints": [
                            models.UniqueConstraint(fields=("product", "unit"), name="unit_factor_once"),
                            models.CheckConstraint(
                                condition=models.Q(("factor__gt", 0)), name="unit_factor_positive"
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_unitfactorevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "unit", "version") VALUES (NEW."factor", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="779aa500e2928f8c45c6f429c11a833e937a4f3b",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_5b764",
                                    table="products_unitfactor",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_unitfactorevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "unit", "version") VALUES (NEW."factor", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="e44dd0347e6af581ecb43b9f3a8ed776cfe716ae",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_175bb",
                                    table="products_unitfactor",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_unitfactorevent" ("factor", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "unit", "version") VALUES (OLD."factor", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."unit", OLD."version"); RETURN NULL;',
                                    hash="7e8d37497a833626014cd9c90ae393563caecf4f",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_39e47",
                                    table="products_unitfactor",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ChannelLimitEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "channel",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.channel",
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
                                to="products.channellimit",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="FamilyEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.CharField(max_length=60, verbose_name="code")),
                        ("name", models.CharField(max_length=160, verbose_name="name")),
                        ("version", models.PositiveIntegerField(default=1)),
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
                                to="products.family",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                                verbose_name="product line",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="FamilyMember",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        (
                            "family",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="products.family",
                                verbose_name="family",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="products.product",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["start_date"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "start_date"), name="family_member_dated"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_familymemberevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date", "version") VALUES (NEW."family_id", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."start_date", NEW."version"); RETURN NULL;',
                                    hash="be50cd4e5e138d738517ff35988583e52a0d3b31",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_eea76",
                                    table="products_familymember",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "products_familymemberevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date", "version") VALUES (NEW."family_id", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."start_date", NEW."version"); RETURN NULL;',
                                    hash="149fd8c12bd73a34f23f5604295e5edc39c5b53c",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_46a49",
                                    table="products_familymember",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_familymemberevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "start_date", "version") VALUES (OLD."family_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."start_date", OLD."version"); RETURN NULL;',
                                    hash="239abb6cd2209b86f8a5a9386cbc639be17becac",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_c2380",
                                    table="products_familymember",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FourEyesRuleEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("decision_kind", models.CharField(max_length=40, verbose_name="kind of decision")),
                        (
                            "mode",
                            models.CharField(
                                choices=[("always", "always"), ("above", "above an amount"), ("off", "off")],
                                default="always",
                                max_length=6,
                                verbose_name="four eyes",
                            ),
                        ),
                        (
                            "threshold_amount",
                            models.DecimalField(
                                blank=True,
                                decimal_places=2,
                                max_digits=18,
                                null=True,
                                verbose_name="above this amount",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
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
                                to="products.foureyesrule",
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
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LineLimitEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
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
                                to="products.linelimit",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LineMeasureEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("leads", models.BooleanField(default=False, verbose_name="leads")),
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
                                to="products.linemeasure",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="BudgetRow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        (
                            "volume",
                            models.DecimalField(
                                decimal_places=4, max_digits=18, null=True, verbose_name="volume"
                            ),
                        ),
                        (
                            "revenue",
                            models.DecimalField(
                                decimal_places=4, max_digits=18, null=True, verbose_name="revenue"
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
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="rows",
                                to="products.budgetversion",
                            ),
                        ),
                        (
                            "channel",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.productline",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "product", "line", "measure", "month", "channel"),
                                name="budget_row_unique",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("line__isnull", True), ("product__isnull", False)),
                                    models.Q(("line__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="budget_row_product_or_line",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="budget_row_is_a_month"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("volume__isnull", False), ("revenue__isnull", False), _connector="OR"
                                ),
                                name="budget_row_says_something",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="frozen_budget",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    declare="DECLARE frozen timestamptz; version_id bigint;",
                                    func="\n                    IF TG_OP = 'DELETE' THEN version_id := OLD.version_id; ELSE version_id := NEW.version_id; END IF;\n                    SELECT frozen_at INTO frozen FROM products_budgetversion WHERE id = version_id;\n                    IF frozen IS NOT NULL THEN\n                        RAISE EXCEPTION 'budget % is frozen', version_id USING ERRCODE = 'check_violation';\n                    END IF;\n                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n                    RETURN NEW;\n                ",
                                    hash="99276a269faaa2cfc61c0e3698a4efeae2d1862f",
                                    operation="INSERT OR UPDATE OR DELETE",
                                    pgid="pgtrigger_frozen_budget_54245",
                                    table="products_budgetrow",
                                    when="BEFORE",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_budgetrowevent" ("channel_id", "id", "line_id", "measure_id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "revenue", "version_id", "volume") VALUES (NEW."channel_id", NEW."id", NEW."line_id", NEW."measure_id", NEW."month", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."revenue", NEW."version_id", NEW."volume"); RETURN NULL;',
                                    hash="f585d5e1514398297c51ebe1fc3588e7a0f02b8c",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_b8ff7",
                                    table="products_budgetrow",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."channel_id" IS DISTINCT FROM (NEW."channel_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."line_id" IS DISTINCT FROM (NEW."line_id") OR OLD."measure_id" IS DISTINCT FROM (NEW."measure_id") OR OLD."month" IS DISTINCT FROM (NEW."month") OR OLD."product_id" IS DISTINCT FROM (NEW."product_id") OR OLD."revenue" IS DISTINCT FROM (NEW."revenue") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."volume" IS DISTINCT FROM (NEW."volume"))',
                                    func='INSERT INTO "products_budgetrowevent" ("channel_id", "id", "line_id", "measure_id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "revenue", "version_id", "volume") VALUES (NEW."channel_id", NEW."id", NEW."line_id", NEW."measure_id", NEW."month", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."revenue", NEW."version_id", NEW."volume"); RETURN NULL;',
                                    hash="2e0efb8b643d2bfb26d70ffae93536f0b5622499",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_921c4",
                                    table="products_budgetrow",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "products_budgetrowevent" ("channel_id", "id", "line_id", "measure_id", "month", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "revenue", "version_id", "volume") VALUES (OLD."channel_id", OLD."id", OLD."line_id", OLD."measure_id", OLD."month", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."revenue", OLD."version_id", OLD."volume"); RETURN NULL;',
                                    hash="b5cf2bf024000d071922315f1f21dc7bacdea329",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_fde66",
                                    table="products_budgetrow",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductFigures",
                    fields=[
                        (
                            "product",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="figures",
                                serialize=False,
                                to="products.product",
                            ),
                        ),
                        ("data_month", models.DateField(null=True)),
                        ("volume_12m", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "volume_12m_before",
                            models.DecimalField(decimal_places=4, max_digits=18, null=True),
                        ),
                        ("revenue_12m", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                        (
                            "revenue_12m_before",
                            models.DecimalField(decimal_places=4, max_digits=18, null=True),
                        ),
                        (
                            "growth_rate",
                            models.FloatField(
                                help_text="revenue (else volume) against the 12 months before", null=True
                            ),
                        ),
                        (
                            "spark_volumes",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(null=True), default=list, size=None
                            ),
                        ),
                        ("forecast_as_of", models.DateField(null=True)),
                        ("forecast_stale", models.BooleanField(default=False)),
                        ("forecast_12m", models.FloatField(help_text="volume", null=True)),
                        ("forecast_12m_lo80", models.FloatField(null=True)),
                        ("forecast_12m_hi80", models.FloatField(null=True)),
                        (
                            "forecast_12m_amount",
                            models.FloatField(
                                help_text="revenue at the price of the last 12 months", null=True
                            ),
                        ),
                        (
                            "spark_forecast",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), default=list, size=None
                            ),
                        ),
                        (
                            "spark_lo80",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), default=list, size=None
                            ),
                        ),
                        (
                            "spark_hi80",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), default=list, size=None
                            ),
                        ),
                        ("stage", models.CharField(blank=True, max_length=12)),
                        ("stage_since", models.DateField(null=True)),
                        ("stage_by_hand", models.BooleanField(default=False)),
                        (
                            "measure",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["-revenue_12m"], name="figures_by_revenue"),
                            models.Index(fields=["stage"], name="figures_by_stage"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductCodeEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("source", models.CharField(max_length=60, verbose_name="source")),
                        ("code", models.CharField(max_length=80, verbose_name="code")),
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
                                to="products.productcode",
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
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SuccessionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("start_date", models.DateField(verbose_name="from")),
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
                                to="products.succession",
                            ),
                        ),
                        (
                            "predecessor",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "successor",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "factor",
                            models.DecimalField(
                                decimal_places=4,
                                default=Decimal("1"),
                                max_digits=12,
                                verbose_name="volume per unit of the predecessor",
                            ),
                        ),
                        (
                            "phase_out_months",
                            models.PositiveSmallIntegerField(default=0, verbose_name="phase-out (months)"),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="UnitFactorEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("unit", models.CharField(max_length=40, verbose_name="unit")),
                        (
                            "factor",
                            models.DecimalField(decimal_places=6, max_digits=18, verbose_name="factor"),
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
                                to="products.unitfactor",
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
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="BundlePartEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("start_date", models.DateField(verbose_name="from")),
                        (
                            "quantity",
                            models.DecimalField(decimal_places=4, max_digits=18, verbose_name="quantity"),
                        ),
                        (
                            "revenue_share",
                            models.DecimalField(
                                decimal_places=6, max_digits=7, verbose_name="share of revenue"
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
                                to="products.bundlepart",
                            ),
                        ),
                        (
                            "bundle",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "part",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.product",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="FamilyMemberEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("start_date", models.DateField(verbose_name="from")),
                        (
                            "family",
                            models.ForeignKey(
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
                                to="products.familymember",
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
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="ImportedObject",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=20)),
                        ("object_id", models.BigIntegerField()),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField()),
                        (
                            "source_import",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["kind", "object_id"], name="imported_object_of")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("source_import", "kind", "object_id"), name="imported_object_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BulkChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=80, unique=True)),
                        ("field", models.CharField(max_length=20)),
                        ("changes", models.JSONField()),
                        ("applied_at", models.DateTimeField(auto_now_add=True)),
                        ("undone_at", models.DateTimeField(null=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "bulk change",
                        "ordering": ["-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="BudgetRowEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("month", models.DateField()),
                        (
                            "volume",
                            models.DecimalField(
                                decimal_places=4, max_digits=18, null=True, verbose_name="volume"
                            ),
                        ),
                        (
                            "revenue",
                            models.DecimalField(
                                decimal_places=4, max_digits=18, null=True, verbose_name="revenue"
                            ),
                        ),
                        (
                            "channel",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.productline",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.measure",
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
                                to="products.budgetrow",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.budgetversion",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="BudgetVersionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.SlugField(db_index=False, max_length=40, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("year", models.PositiveSmallIntegerField(verbose_name="financial year")),
                        ("frozen_at", models.DateTimeField(blank=True, null=True, verbose_name="frozen")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "frozen_by",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="frozen by",
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
                                to="products.budgetversion",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
