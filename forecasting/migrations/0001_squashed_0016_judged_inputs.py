import accounts.migration_operations
import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Nights, forecasts, judgement, launches, accuracy, findings and drivers.

    One step instead of those it replaces: a new database is made in seconds."""

    replaces = [
        ("forecasting", "0001_initial"),
        ("forecasting", "0002_product_news"),
        ("forecasting", "0003_stage_words"),
        ("forecasting", "0004_forecast_layers"),
        ("forecasting", "0005_totals"),
        ("forecasting", "0006_backtest_vintages"),
        ("forecasting", "0007_judgement"),
        ("forecasting", "0008_launches"),
        ("forecasting", "0009_accuracy"),
        ("forecasting", "0010_findings"),
        ("forecasting", "0011_override_parts"),
        ("forecasting", "0012_accuracy_by_author"),
        ("forecasting", "0013_subject_inputs"),
        ("forecasting", "0014_drivers"),
        ("forecasting", "0015_weeks"),
        ("forecasting", "0016_judged_inputs"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0004_judgement_rights"),
        ("exchange", "0001_squashed_0004_layouts_by_hand"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("products", "0001_squashed_0010_versions_of_what_is_around"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Calibration",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("as_of", models.DateField()),
                        ("engine_version", models.CharField(max_length=20)),
                        ("series", models.PositiveIntegerField(help_text="how many backtests are in it")),
                        ("payload", models.JSONField()),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "weeks",
                            models.JSONField(
                                help_text="the same, pooled over backtests by the week", null=True
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="NightlyRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("scheduled", "nightly"),
                                    ("manual", "on request"),
                                    ("single", "one product"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("key", models.CharField(max_length=80, unique=True)),
                        ("local_date", models.DateField()),
                        ("as_of", models.DateField()),
                        ("scope", models.JSONField(help_text="product ids; null is all", null=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[("running", "running"), ("done", "done"), ("failed", "failed")],
                                default="running",
                                max_length=8,
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("error_code", models.CharField(blank=True, max_length=60)),
                        (
                            "requested_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "nightly run",
                        "ordering": ["-pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("kind", "scheduled")),
                                fields=("local_date",),
                                name="one_night_a_local_date",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("as_of__day", 1)), name="night_as_of_is_a_month"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("finished_at", None), ("state", "running")),
                                    models.Q(
                                        ("finished_at__isnull", False), ("state__in", ["done", "failed"])
                                    ),
                                    _connector="OR",
                                ),
                                name="night_final_has_end",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StageSetting",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("introduction", "introduction"),
                                    ("growth", "growth"),
                                    ("maturity", "maturity"),
                                    ("decline", "decline"),
                                    ("revival", "revival"),
                                ],
                                max_length=12,
                                verbose_name="stage",
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        ("until", models.DateField(verbose_name="until and including")),
                        ("reason", models.CharField(max_length=400, verbose_name="reason")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                        ),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="stage_settings",
                                to="products.family",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="stage_settings",
                                to="products.product",
                            ),
                        ),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="stage_setting_one_subject",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("until__gte", models.F("start_date"))),
                                name="stage_setting_dates",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="stage_setting_has_reason",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("withdrawn_at", None)),
                                fields=("product", "family"),
                                name="stage_setting_one_in_force",
                                nulls_distinct=False,
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_stagesettingevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "set_by_id", "stage", "start_date", "until", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."family_id", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."reason", NEW."set_at", NEW."set_by_id", NEW."stage", NEW."start_date", NEW."until", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="7cf03bce79c66c99aab2957459fc7da7bbe75f0f",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_cf88c",
                                    table="forecasting_stagesetting",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_stagesettingevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "set_by_id", "stage", "start_date", "until", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."family_id", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."reason", NEW."set_at", NEW."set_by_id", NEW."stage", NEW."start_date", NEW."until", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="e2979d9b247e1a984046164c8db253d4a569089a",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_5c8ac",
                                    table="forecasting_stagesetting",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_stagesettingevent" ("family_id", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "set_by_id", "stage", "start_date", "until", "withdrawn_at", "withdrawn_by_id") VALUES (OLD."family_id", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."reason", OLD."set_at", OLD."set_by_id", OLD."stage", OLD."start_date", OLD."until", OLD."withdrawn_at", OLD."withdrawn_by_id"); RETURN NULL;',
                                    hash="9a5981fdeced6770c1f64473a807d2b4ed25c53d",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_b674d",
                                    table="forecasting_stagesetting",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Backtest",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("as_of", models.DateField(help_text="the last month it may know, first day")),
                        ("engine_version", models.CharField(max_length=20)),
                        ("input_hash", models.CharField(max_length=64)),
                        ("computed_at", models.DateTimeField()),
                        ("payload", models.JSONField()),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                        (
                            "weeks",
                            models.JSONField(
                                help_text="the same by the week, where it is forecast by the week", null=True
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="backtest_one_subject",
                            ),
                            models.UniqueConstraint(
                                fields=("product", "family", "measure", "as_of"),
                                name="backtest_unique",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Forecast",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("as_of", models.DateField(help_text="the last month it may know, first day")),
                        ("engine_version", models.CharField(max_length=20)),
                        ("input_hash", models.CharField(max_length=64)),
                        ("computed_at", models.DateTimeField()),
                        ("current", models.BooleanField(default=True)),
                        ("stale", models.BooleanField(default=False)),
                        ("method", models.CharField(max_length=40)),
                        ("reason_code", models.CharField(blank=True, max_length=60)),
                        ("reason_params", models.JSONField(default=dict)),
                        (
                            "data_month",
                            models.DateField(help_text="the last month with data that was used", null=True),
                        ),
                        ("wape", models.FloatField(null=True)),
                        ("bias", models.FloatField(null=True)),
                        ("mase", models.FloatField(null=True)),
                        ("content_hash", models.CharField(max_length=64)),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                        (
                            "driver_effects",
                            models.JSONField(
                                help_text="what drivers do to it and which were tried in vain; empty: none were tried",
                                null=True,
                            ),
                        ),
                        (
                            "by_week",
                            models.BooleanField(
                                default=False, help_text="made by the week; the months are sums of weeks"
                            ),
                        ),
                        (
                            "monthly_because",
                            models.CharField(
                                blank=True,
                                help_text="why it was made by the month where its line asks for weeks",
                                max_length=20,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-as_of", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="forecast_one_subject",
                            ),
                            models.UniqueConstraint(
                                fields=("product", "family", "measure", "as_of"),
                                name="forecast_vintage_unique",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("current", True)),
                                fields=("product", "family", "measure"),
                                name="forecast_one_current",
                                nulls_distinct=False,
                            ),
                        ],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("current", True), ("driver_effects__isnull", False)),
                                fields=["product"],
                                name="forecast_with_drivers",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NightlyFailure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("step", models.CharField(max_length=40)),
                        ("attempts", models.PositiveSmallIntegerField()),
                        ("code", models.CharField(max_length=60)),
                        ("params", models.JSONField(default=dict)),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="failures",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("run", "step", "product", "family"),
                                name="night_failure_once",
                                nulls_distinct=False,
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NightlyStep",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=40)),
                        ("position", models.PositiveSmallIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("waiting", "waiting"), ("running", "running"), ("done", "done")],
                                default="waiting",
                                max_length=8,
                            ),
                        ),
                        ("computed", models.PositiveIntegerField(default=0)),
                        ("skipped", models.PositiveIntegerField(default=0)),
                        ("failed", models.PositiveIntegerField(default=0)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "name"), name="night_step_once"),
                            models.UniqueConstraint(fields=("run", "position"), name="night_step_order"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StageEstimate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("as_of", models.DateField(help_text="the last month it may know, first day")),
                        ("engine_version", models.CharField(max_length=20)),
                        ("input_hash", models.CharField(max_length=64)),
                        ("computed_at", models.DateTimeField()),
                        ("current", models.BooleanField(default=True)),
                        (
                            "stage",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("introduction", "introduction"),
                                    ("growth", "growth"),
                                    ("maturity", "maturity"),
                                    ("decline", "decline"),
                                    ("revival", "revival"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("p_introduction", models.FloatField(default=0)),
                        ("p_growth", models.FloatField(default=0)),
                        ("p_maturity", models.FloatField(default=0)),
                        ("p_decline", models.FloatField(default=0)),
                        ("p_revival", models.FloatField(default=0)),
                        ("stage_start", models.DateField(null=True)),
                        ("months_to_next", models.FloatField(null=True)),
                        ("months_to_next_lo", models.FloatField(null=True)),
                        ("months_to_next_hi", models.FloatField(null=True)),
                        ("evidence_code", models.CharField(max_length=60)),
                        ("evidence_params", models.JSONField(default=dict)),
                        (
                            "second_opinion",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("introduction", "introduction"),
                                    ("growth", "growth"),
                                    ("maturity", "maturity"),
                                    ("decline", "decline"),
                                    ("revival", "revival"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("path", models.JSONField(default=list)),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-as_of", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="stage_one_subject",
                            ),
                            models.UniqueConstraint(
                                fields=("product", "family", "measure", "as_of"),
                                name="stage_vintage_unique",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("current", True)),
                                fields=("product", "family", "measure"),
                                name="stage_one_current",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StageSettingEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("introduction", "introduction"),
                                    ("growth", "growth"),
                                    ("maturity", "maturity"),
                                    ("decline", "decline"),
                                    ("revival", "revival"),
                                ],
                                max_length=12,
                                verbose_name="stage",
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        ("until", models.DateField(verbose_name="until and including")),
                        ("reason", models.CharField(max_length=400, verbose_name="reason")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                        ),
                        (
                            "family",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.family",
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
                                to="forecasting.stagesetting",
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
                            "set_by",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ForecastMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("mean", models.FloatField()),
                        ("median", models.FloatField()),
                        ("lo80", models.FloatField()),
                        ("hi80", models.FloatField()),
                        ("lo95", models.FloatField()),
                        ("hi95", models.FloatField()),
                        (
                            "forecast",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="months",
                                to="forecasting.forecast",
                            ),
                        ),
                        ("agreed", models.FloatField(null=True)),
                        ("driven", models.FloatField(null=True)),
                        ("naive", models.FloatField(null=True)),
                        ("overridden", models.FloatField(null=True)),
                    ],
                    options={
                        "ordering": ["month"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("forecast", "month"), name="forecast_month_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("hi80__lte", models.F("hi95")),
                                    ("lo80__lte", models.F("hi80")),
                                    ("lo95__lte", models.F("lo80")),
                                ),
                                name="forecast_bands_nested",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProductNews",
                    fields=[
                        (
                            "product",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="news",
                                serialize=False,
                                to="products.product",
                            ),
                        ),
                        ("as_of", models.DateField()),
                        ("before_as_of", models.DateField(null=True)),
                        (
                            "amount",
                            models.FloatField(help_text="revenue expected in the next 12 months", null=True),
                        ),
                        ("amount_before", models.FloatField(null=True)),
                        (
                            "move_rate",
                            models.FloatField(help_text="change of the volume expected", null=True),
                        ),
                        ("why_code", models.CharField(blank=True, max_length=40)),
                        ("why_params", models.JSONField(default=dict)),
                        ("stage_before", models.CharField(blank=True, max_length=12)),
                        ("error_amount", models.FloatField(null=True)),
                        ("sold_amount", models.FloatField(null=True)),
                        (
                            "error_amount_before",
                            models.FloatField(help_text="of the three months before those", null=True),
                        ),
                        ("sold_amount_before", models.FloatField(null=True)),
                        (
                            "year",
                            models.PositiveSmallIntegerField(
                                help_text="financial year of the budget", null=True
                            ),
                        ),
                        ("year_amount", models.FloatField(help_text="closed months and forecast", null=True)),
                        ("year_budget_amount", models.FloatField(null=True)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="TotalForecast",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("unit", models.CharField(blank=True, max_length=40)),
                        ("as_of", models.DateField(help_text="the last month with data, first day")),
                        ("current", models.BooleanField(default=True)),
                        ("products", models.PositiveIntegerField()),
                        ("left_out", models.PositiveIntegerField(default=0)),
                        ("months", models.JSONField()),
                        ("history", models.JSONField()),
                        (
                            "year",
                            models.FloatField(
                                help_text="the next 12 months; of a level its state at their end", null=True
                            ),
                        ),
                        ("year_lo80", models.FloatField(null=True)),
                        ("year_hi80", models.FloatField(null=True)),
                        ("computed_at", models.DateTimeField()),
                        (
                            "line",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.productline",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-as_of", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("line", "measure", "as_of"),
                                name="total_vintage_unique",
                                nulls_distinct=False,
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("current", True)),
                                fields=("line", "measure"),
                                name="total_one_current",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("line__isnull", False), ("measure__isnull", True), _connector="OR"
                                ),
                                name="total_of_all_is_money",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsensusInput",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "party",
                            models.CharField(
                                choices=[
                                    ("sales", "Sales"),
                                    ("marketing", "Marketing"),
                                    ("finance", "Finance"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("month", models.DateField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18)),
                        ("said_at", models.DateTimeField(auto_now=True)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "figure for the agreed forecast",
                        "ordering": ["month", "party"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "party", "month"), name="consensus_input_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="consensus_input_is_a_month"
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_consensusinputevent" ("author_id", "id", "measure_id", "month", "party", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "said_at", "value") VALUES (NEW."author_id", NEW."id", NEW."measure_id", NEW."month", NEW."party", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."said_at", NEW."value"); RETURN NULL;',
                                    hash="7f1024c5f76bc6b827e513638d635a1a78903c62",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_f8914",
                                    table="forecasting_consensusinput",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_consensusinputevent" ("author_id", "id", "measure_id", "month", "party", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "said_at", "value") VALUES (NEW."author_id", NEW."id", NEW."measure_id", NEW."month", NEW."party", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."said_at", NEW."value"); RETURN NULL;',
                                    hash="291f9930118203a6c18829e7f933cf87e15459f7",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_3c2e4",
                                    table="forecasting_consensusinput",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_consensusinputevent" ("author_id", "id", "measure_id", "month", "party", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "said_at", "value") VALUES (OLD."author_id", OLD."id", OLD."measure_id", OLD."month", OLD."party", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."said_at", OLD."value"); RETURN NULL;',
                                    hash="71d4e9b7f16db0dd447cd5a7f6ef5f726bc982d0",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_3dc46",
                                    table="forecasting_consensusinput",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsensusInputEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "party",
                            models.CharField(
                                choices=[
                                    ("sales", "Sales"),
                                    ("marketing", "Marketing"),
                                    ("finance", "Finance"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("month", models.DateField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18)),
                        ("said_at", models.DateTimeField(auto_now=True)),
                        (
                            "author",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                                to="forecasting.consensusinput",
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
                    name="ConsensusMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18)),
                        (
                            "baseline",
                            models.FloatField(
                                help_text="what statistics and overrides said when it was agreed"
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("agreed_at", models.DateTimeField(auto_now=True)),
                        (
                            "agreed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "agreed month",
                        "ordering": ["month"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "month"), name="consensus_month_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="consensus_month_is_a_month"
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_consensusmonthevent" ("agreed_at", "agreed_by_id", "baseline", "id", "measure_id", "month", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "value") VALUES (NEW."agreed_at", NEW."agreed_by_id", NEW."baseline", NEW."id", NEW."measure_id", NEW."month", NEW."note", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."value"); RETURN NULL;',
                                    hash="8e2883cbafedd82772a2031887e3d507a47192b1",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_c4804",
                                    table="forecasting_consensusmonth",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_consensusmonthevent" ("agreed_at", "agreed_by_id", "baseline", "id", "measure_id", "month", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "value") VALUES (NEW."agreed_at", NEW."agreed_by_id", NEW."baseline", NEW."id", NEW."measure_id", NEW."month", NEW."note", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."value"); RETURN NULL;',
                                    hash="5b2c14d228beacfd2fdbcfdf65bc1eb37dc6a3e3",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_7015e",
                                    table="forecasting_consensusmonth",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_consensusmonthevent" ("agreed_at", "agreed_by_id", "baseline", "id", "measure_id", "month", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "value") VALUES (OLD."agreed_at", OLD."agreed_by_id", OLD."baseline", OLD."id", OLD."measure_id", OLD."month", OLD."note", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."value"); RETURN NULL;',
                                    hash="9122343c9b085db89df65c4c8ee05d66bb46cd01",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_2b337",
                                    table="forecasting_consensusmonth",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsensusMonthEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("month", models.DateField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18)),
                        (
                            "baseline",
                            models.FloatField(
                                help_text="what statistics and overrides said when it was agreed"
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("agreed_at", models.DateTimeField(auto_now=True)),
                        (
                            "agreed_by",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                                to="forecasting.consensusmonth",
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
                    name="Override",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "operation",
                            models.CharField(
                                choices=[
                                    ("set", "set to"),
                                    ("add", "add"),
                                    ("percent", "change by per cent"),
                                ],
                                max_length=7,
                                verbose_name="change",
                            ),
                        ),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="value")),
                        ("first_month", models.DateField(verbose_name="first month")),
                        ("last_month", models.DateField(verbose_name="last month")),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("promotion", "promotion"),
                                    ("price", "price change"),
                                    ("listing", "listing"),
                                    ("delisting", "delisting"),
                                    ("customer_won", "customer won"),
                                    ("customer_lost", "customer lost"),
                                    ("order", "known order"),
                                    ("campaign", "campaign"),
                                    ("supply", "supply"),
                                    ("competitor", "competitor"),
                                    ("regulation", "regulation"),
                                    ("data", "figures that mislead"),
                                    ("other", "other"),
                                ],
                                max_length=13,
                                verbose_name="reason",
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("evidence", models.CharField(blank=True, max_length=400, verbose_name="evidence")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        ("until", models.DateField(verbose_name="until and including")),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                            "line",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.productline",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="overrides",
                                to="products.product",
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "override",
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("line__isnull", True), ("product__isnull", False)),
                                    models.Q(("line__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="override_of_product_or_line",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("first_month__day", 1),
                                    ("last_month__day", 1),
                                    ("last_month__gte", models.F("first_month")),
                                ),
                                name="override_months",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("operation", "percent"), _negated=True),
                                    ("value__gte", -1),
                                    _connector="OR",
                                ),
                                name="override_not_below_nothing",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_overrideevent" ("author_id", "channel_id", "evidence", "first_month", "id", "last_month", "line_id", "measure_id", "note", "operation", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "until", "value", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."author_id", NEW."channel_id", NEW."evidence", NEW."first_month", NEW."id", NEW."last_month", NEW."line_id", NEW."measure_id", NEW."note", NEW."operation", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."reason", NEW."set_at", NEW."until", NEW."value", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="a1ec3ce7c837c7c4d8d67aefae40023bd75c5704",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_b75f0",
                                    table="forecasting_override",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_overrideevent" ("author_id", "channel_id", "evidence", "first_month", "id", "last_month", "line_id", "measure_id", "note", "operation", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "until", "value", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."author_id", NEW."channel_id", NEW."evidence", NEW."first_month", NEW."id", NEW."last_month", NEW."line_id", NEW."measure_id", NEW."note", NEW."operation", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."reason", NEW."set_at", NEW."until", NEW."value", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="60253eeaf07fab8c6e8084c74af3f375ba72cfe6",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_473c3",
                                    table="forecasting_override",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_overrideevent" ("author_id", "channel_id", "evidence", "first_month", "id", "last_month", "line_id", "measure_id", "note", "operation", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "reason", "set_at", "until", "value", "withdrawn_at", "withdrawn_by_id") VALUES (OLD."author_id", OLD."channel_id", OLD."evidence", OLD."first_month", OLD."id", OLD."last_month", OLD."line_id", OLD."measure_id", OLD."note", OLD."operation", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."reason", OLD."set_at", OLD."until", OLD."value", OLD."withdrawn_at", OLD."withdrawn_by_id"); RETURN NULL;',
                                    hash="24016c9d9f8138e08a150cfb829fd75e46babc0a",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_6087c",
                                    table="forecasting_override",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OverrideEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "operation",
                            models.CharField(
                                choices=[
                                    ("set", "set to"),
                                    ("add", "add"),
                                    ("percent", "change by per cent"),
                                ],
                                max_length=7,
                                verbose_name="change",
                            ),
                        ),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="value")),
                        ("first_month", models.DateField(verbose_name="first month")),
                        ("last_month", models.DateField(verbose_name="last month")),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("promotion", "promotion"),
                                    ("price", "price change"),
                                    ("listing", "listing"),
                                    ("delisting", "delisting"),
                                    ("customer_won", "customer won"),
                                    ("customer_lost", "customer lost"),
                                    ("order", "known order"),
                                    ("campaign", "campaign"),
                                    ("supply", "supply"),
                                    ("competitor", "competitor"),
                                    ("regulation", "regulation"),
                                    ("data", "figures that mislead"),
                                    ("other", "other"),
                                ],
                                max_length=13,
                                verbose_name="reason",
                            ),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("evidence", models.CharField(blank=True, max_length=400, verbose_name="evidence")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        ("until", models.DateField(verbose_name="until and including")),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
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
                                to="forecasting.override",
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
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="OverrideMonth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("value", models.DecimalField(decimal_places=8, max_digits=22)),
                        ("share", models.FloatField(default=1.0)),
                        ("baseline", models.FloatField()),
                        ("active", models.BooleanField(default=True)),
                        (
                            "channel",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.channel",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "override",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="months",
                                to="forecasting.override",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["month", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("override", "product", "month"), name="override_month_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("active", True)),
                                fields=("product", "measure", "channel", "month"),
                                name="override_month_one_active",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="override_month_is_a_month"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                                name="override_month_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LaunchPlan",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    ("like_items", "as its like-items"),
                                    ("bass", "diffusion among buyers (Bass)"),
                                ],
                                max_length=12,
                                verbose_name="method",
                            ),
                        ),
                        ("launch_month", models.DateField(verbose_name="first month")),
                        (
                            "scale",
                            models.DecimalField(
                                decimal_places=4, default=1, max_digits=9, verbose_name="size"
                            ),
                        ),
                        (
                            "phase_in_months",
                            models.PositiveSmallIntegerField(default=0, verbose_name="phase-in (months)"),
                        ),
                        ("p", models.FloatField(blank=True, null=True, verbose_name="innovators (p)")),
                        ("q", models.FloatField(blank=True, null=True, verbose_name="imitators (q)")),
                        (
                            "market",
                            models.FloatField(blank=True, null=True, verbose_name="buyers in the end"),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="launch_plans",
                                to="products.product",
                            ),
                        ),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("method__in", ["like_items", "bass"])),
                                name="launch_method_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("launch_month__day", 1)), name="launch_month_is_a_month"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("scale__gt", 0), ("scale__lte", 1000)),
                                name="launch_scale_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("phase_in_months__lte", 36)),
                                name="launch_phase_in_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("p", None), ("q", None)),
                                    models.Q(
                                        ("method", "bass"),
                                        ("p__gt", 0),
                                        ("p__isnull", False),
                                        ("p__lte", 1),
                                        ("q__gte", 0),
                                        ("q__isnull", False),
                                        ("q__lte", 2),
                                    ),
                                    _connector="OR",
                                ),
                                name="launch_diffusion_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("market", None),
                                    models.Q(("market__gt", 0), ("method", "bass")),
                                    _connector="OR",
                                ),
                                name="launch_market_positive",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("withdrawn_at", None)),
                                fields=("product", "measure"),
                                name="launch_one_in_force",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_launchplanevent" ("id", "launch_month", "market", "measure_id", "method", "note", "p", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_in_months", "product_id", "q", "scale", "set_at", "set_by_id", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."id", NEW."launch_month", NEW."market", NEW."measure_id", NEW."method", NEW."note", NEW."p", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."phase_in_months", NEW."product_id", NEW."q", NEW."scale", NEW."set_at", NEW."set_by_id", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="54a9115d15e297a1ad4330e84b84d112d89bb090",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_93dcb",
                                    table="forecasting_launchplan",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_launchplanevent" ("id", "launch_month", "market", "measure_id", "method", "note", "p", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_in_months", "product_id", "q", "scale", "set_at", "set_by_id", "withdrawn_at", "withdrawn_by_id") VALUES (NEW."id", NEW."launch_month", NEW."market", NEW."measure_id", NEW."method", NEW."note", NEW."p", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."phase_in_months", NEW."product_id", NEW."q", NEW."scale", NEW."set_at", NEW."set_by_id", NEW."withdrawn_at", NEW."withdrawn_by_id"); RETURN NULL;',
                                    hash="ea03c3db20d2294d832d8520c2252e2c0b9a8cc9",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_0a38b",
                                    table="forecasting_launchplan",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_launchplanevent" ("id", "launch_month", "market", "measure_id", "method", "note", "p", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phase_in_months", "product_id", "q", "scale", "set_at", "set_by_id", "withdrawn_at", "withdrawn_by_id") VALUES (OLD."id", OLD."launch_month", OLD."market", OLD."measure_id", OLD."method", OLD."note", OLD."p", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."phase_in_months", OLD."product_id", OLD."q", OLD."scale", OLD."set_at", OLD."set_by_id", OLD."withdrawn_at", OLD."withdrawn_by_id"); RETURN NULL;',
                                    hash="a788142b83e69da5892522bbc65e34330effdb9c",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_cde88",
                                    table="forecasting_launchplan",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LaunchPlanEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    ("like_items", "as its like-items"),
                                    ("bass", "diffusion among buyers (Bass)"),
                                ],
                                max_length=12,
                                verbose_name="method",
                            ),
                        ),
                        ("launch_month", models.DateField(verbose_name="first month")),
                        (
                            "scale",
                            models.DecimalField(
                                decimal_places=4, default=1, max_digits=9, verbose_name="size"
                            ),
                        ),
                        (
                            "phase_in_months",
                            models.PositiveSmallIntegerField(default=0, verbose_name="phase-in (months)"),
                        ),
                        ("p", models.FloatField(blank=True, null=True, verbose_name="innovators (p)")),
                        ("q", models.FloatField(blank=True, null=True, verbose_name="imitators (q)")),
                        (
                            "market",
                            models.FloatField(blank=True, null=True, verbose_name="buyers in the end"),
                        ),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("set_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
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
                                to="forecasting.launchplan",
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
                        (
                            "set_by",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="LaunchReference",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "weight",
                            models.DecimalField(decimal_places=2, max_digits=7, verbose_name="weight"),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="references",
                                to="forecasting.launchplan",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                        "constraints": [
                            models.UniqueConstraint(fields=("plan", "product"), name="launch_reference_once"),
                            models.CheckConstraint(
                                condition=models.Q(("weight__gt", 0)), name="launch_reference_weight_positive"
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_launchreferenceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "product_id", "weight") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."plan_id", NEW."product_id", NEW."weight"); RETURN NULL;',
                                    hash="d0c49397edfe17827dba4a858f928bcf8bc98d30",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_77546",
                                    table="forecasting_launchreference",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_launchreferenceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "product_id", "weight") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."plan_id", NEW."product_id", NEW."weight"); RETURN NULL;',
                                    hash="17a704744c0b73127366e3ed8576a7c9a99a9ab5",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_cc560",
                                    table="forecasting_launchreference",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_launchreferenceevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plan_id", "product_id", "weight") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."plan_id", OLD."product_id", OLD."weight"); RETURN NULL;',
                                    hash="1b478aa0029e263dee0db8cbef81e12c728ce3cc",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_fae77",
                                    table="forecasting_launchreference",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LaunchReferenceEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "weight",
                            models.DecimalField(decimal_places=2, max_digits=7, verbose_name="weight"),
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
                                to="forecasting.launchreference",
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="forecasting.launchplan",
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
                    name="AccuracyRow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField(help_text="the month that was forecast, first day")),
                        ("lag", models.PositiveSmallIntegerField()),
                        ("actual", models.FloatField()),
                        ("naive", models.FloatField(null=True)),
                        ("statistical", models.FloatField()),
                        ("driven", models.FloatField(null=True)),
                        ("overridden", models.FloatField(null=True)),
                        ("agreed", models.FloatField(null=True)),
                        ("lo80", models.FloatField()),
                        ("hi80", models.FloatField()),
                        ("lo95", models.FloatField()),
                        ("hi95", models.FloatField()),
                        ("scale", models.FloatField(null=True)),
                        ("price", models.FloatField(null=True)),
                        ("reason_code", models.CharField(blank=True, max_length=40)),
                        ("afterwards", models.BooleanField(default=False)),
                        (
                            "author",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                        (
                            "vintage",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="forecasting.forecast",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-month", "lag", "pk"],
                        "indexes": [
                            models.Index(
                                fields=["month", "lag"], include=("run",), name="accuracy_month_lag"
                            ),
                            models.Index(
                                condition=models.Q(("overridden__isnull", False)),
                                fields=["lag", "author", "month"],
                                name="accuracy_changed_by_hand",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure", "month", "lag"), name="accuracy_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("month__day", 1)), name="accuracy_is_a_month"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("lag__in", (1, 2, 3, 6, 12))), name="accuracy_lag"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("hi80__lte", models.F("hi95")),
                                    ("lo80__lte", models.F("hi80")),
                                    ("lo95__lte", models.F("lo80")),
                                ),
                                name="accuracy_bands_nested",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("scale", None), ("scale__gt", 0), _connector="OR"),
                                name="accuracy_scale_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("overridden__isnull", False),
                                    models.Q(("author", None), ("reason_code", "")),
                                    _connector="OR",
                                ),
                                name="accuracy_judged_only_if_changed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccuracyState",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("input_hash", models.CharField(max_length=64)),
                        (
                            "measure",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("product", "measure"), name="accuracy_state_unique"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccuracySum",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("month", models.DateField()),
                        ("lag", models.PositiveSmallIntegerField()),
                        ("unit", models.CharField(blank=True, max_length=40)),
                        ("rows", models.PositiveIntegerField()),
                        ("unpriced", models.PositiveIntegerField()),
                        ("afterwards", models.PositiveIntegerField()),
                        (
                            "plain",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), size=None
                            ),
                        ),
                        (
                            "priced",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), size=None
                            ),
                        ),
                        ("structure", models.CharField(max_length=64)),
                        ("stale", models.BooleanField(default=False)),
                        (
                            "line",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.productline",
                            ),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("line", "month", "lag"),
                                name="accuracy_sum_unique",
                                nulls_distinct=False,
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccuracyWindow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("lag", models.PositiveSmallIntegerField()),
                        ("months", models.PositiveSmallIntegerField()),
                        ("until", models.DateField()),
                        ("n", models.PositiveSmallIntegerField()),
                        (
                            "off",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "over",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "size",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "net",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "amount",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "before_off",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "before_size",
                            django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=3),
                        ),
                        (
                            "measure",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="products.measure",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["product"], name="accuracy_window_product")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("lag", "months", "product", "measure"), name="accuracy_window_unique"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("months__in", (3, 12, 24))), name="accuracy_window_period"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Finding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("spike", "peak"),
                                    ("stock_out", "gap in sales"),
                                    ("zero", "stored as zero"),
                                    ("step", "jump of the level"),
                                    ("half_month", "half a month"),
                                    ("flagged", "marked by hand"),
                                ],
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        ("first", models.DateField(verbose_name="from")),
                        ("last", models.DateField(verbose_name="until and including")),
                        ("seen", models.FloatField()),
                        ("expected", models.FloatField(null=True)),
                        ("amount", models.FloatField(null=True)),
                        ("sure", models.BooleanField(default=False)),
                        ("course", models.JSONField(default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "to be judged"),
                                    ("confirmed", "exceptional"),
                                    ("refused", "right"),
                                ],
                                default="open",
                                max_length=9,
                                verbose_name="judged",
                            ),
                        ),
                        ("decided_at", models.DateTimeField(null=True)),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        ("found_at", models.DateTimeField(auto_now_add=True)),
                        ("gone_at", models.DateTimeField(null=True)),
                        (
                            "decided_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
                            ),
                        ),
                        (
                            "found_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="forecasting.nightlyrun",
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
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "unusual month",
                        "ordering": ["first", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("gone_at", None), ("state", "open")),
                                fields=["-amount"],
                                name="finding_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="finding_one_subject",
                            ),
                            models.UniqueConstraint(
                                fields=("product", "family", "measure", "kind", "first"),
                                name="finding_unique",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("first__day", 1), ("last__day", 1), ("last__gte", models.F("first"))
                                ),
                                name="finding_months",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at", None), ("decided_by", None), ("state", "open")),
                                    models.Q(
                                        ("decided_at__isnull", False),
                                        ("decided_by__isnull", False),
                                        ("state__in", ["confirmed", "refused"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="finding_decided_by_somebody",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("gone_at", None), ("state", "open"), _connector="OR"),
                                name="finding_gone_is_open",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("found_by", None),
                                        ("kind", "flagged"),
                                        ("state", "confirmed"),
                                        models.Q(("note", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("kind", "flagged"), _negated=True),
                                        ("expected__isnull", False),
                                        ("found_by__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="finding_flagged_says_why",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."state" IS DISTINCT FROM (NEW."state"))',
                                    func='INSERT INTO "forecasting_findingevent" ("decided_at", "decided_by_id", "family_id", "first", "id", "kind", "last", "measure_id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "state") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."family_id", NEW."first", NEW."id", NEW."kind", NEW."last", NEW."measure_id", NEW."note", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."state"); RETURN NULL;',
                                    hash="c786309f8e6328808140968dcb0fbd60acddd035",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_f401b",
                                    table="forecasting_finding",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (NEW.\"kind\" = 'flagged')",
                                    func='INSERT INTO "forecasting_findingevent" ("decided_at", "decided_by_id", "family_id", "first", "id", "kind", "last", "measure_id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "state") VALUES (NEW."decided_at", NEW."decided_by_id", NEW."family_id", NEW."first", NEW."id", NEW."kind", NEW."last", NEW."measure_id", NEW."note", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."state"); RETURN NULL;',
                                    hash="0aef2366dc83597a12a2f9f64a4e40f3ac9126c5",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_11808",
                                    table="forecasting_finding",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.\"kind\" = 'flagged')",
                                    func='INSERT INTO "forecasting_findingevent" ("decided_at", "decided_by_id", "family_id", "first", "id", "kind", "last", "measure_id", "note", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "state") VALUES (OLD."decided_at", OLD."decided_by_id", OLD."family_id", OLD."first", OLD."id", OLD."kind", OLD."last", OLD."measure_id", OLD."note", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."state"); RETURN NULL;',
                                    hash="28eb480d1f6ebf4a395bcf239be344525a9f94d6",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_d0948",
                                    table="forecasting_finding",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FindingEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("spike", "peak"),
                                    ("stock_out", "gap in sales"),
                                    ("zero", "stored as zero"),
                                    ("step", "jump of the level"),
                                    ("half_month", "half a month"),
                                    ("flagged", "marked by hand"),
                                ],
                                max_length=10,
                                verbose_name="kind",
                            ),
                        ),
                        ("first", models.DateField(verbose_name="from")),
                        ("last", models.DateField(verbose_name="until and including")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "to be judged"),
                                    ("confirmed", "exceptional"),
                                    ("refused", "right"),
                                ],
                                default="open",
                                max_length=9,
                                verbose_name="judged",
                            ),
                        ),
                        ("decided_at", models.DateTimeField(null=True)),
                        ("note", models.CharField(blank=True, max_length=400, verbose_name="note")),
                        (
                            "decided_by",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "family",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="products.family",
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
                                to="forecasting.finding",
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
                    ],
                ),
                migrations.CreateModel(
                    name="SubjectInputs",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("found", models.CharField(max_length=64)),
                        ("settled", models.CharField(blank=True, max_length=64)),
                        (
                            "family",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.family",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="products.product",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                help_text="that found it",
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="forecasting.nightlyrun",
                            ),
                        ),
                        (
                            "judged",
                            models.CharField(
                                blank=True,
                                help_text="what the alerts and news of a product were told from",
                                max_length=64,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("family__isnull", True), ("product__isnull", False)),
                                    models.Q(("family__isnull", False), ("product__isnull", True)),
                                    _connector="OR",
                                ),
                                name="subject_inputs_one_subject",
                            ),
                            models.UniqueConstraint(
                                fields=("product", "family"), name="subject_inputs_once", nulls_distinct=False
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Driver",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.SlugField(max_length=40, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("series", "a figure that always has a value"),
                                    ("event", "something that happens now and then"),
                                ],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "step",
                            models.CharField(
                                choices=[("day", "day"), ("week", "week"), ("month", "month")],
                                max_length=8,
                                verbose_name="step",
                            ),
                        ),
                        (
                            "calendar",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("holidays_nl", "Dutch public holidays"),
                                    ("trading_days", "trading days in the month"),
                                ],
                                max_length=20,
                                verbose_name="calendar",
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True, verbose_name="tried by the night")),
                        (
                            "source",
                            models.CharField(
                                blank=True,
                                help_text="the part of pmtool that fills it",
                                max_length=40,
                                verbose_name="source",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
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
                        (
                            "source_import",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="exchange.import",
                                verbose_name="import",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "driver",
                        "ordering": ["name", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("code", "product", "line"),
                                name="driver_code_unique",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("product__isnull", True), ("line__isnull", True), _connector="OR"
                                ),
                                name="driver_one_scope",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["series", "event"])),
                                name="driver_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("step__in", ["day", "week", "month"])),
                                name="driver_step_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("calendar__in", ["", "holidays_nl", "trading_days"])),
                                name="driver_calendar_known",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_driverevent" ("calendar", "code", "created_at", "id", "is_active", "kind", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "source_import_id", "step", "unit", "version") VALUES (NEW."calendar", NEW."code", NEW."created_at", NEW."id", NEW."is_active", NEW."kind", NEW."line_id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."source", NEW."source_import_id", NEW."step", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="25109ffffa38101f8d92856dc49e61f634ad8327",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_b40a6",
                                    table="forecasting_driver",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "forecasting_driverevent" ("calendar", "code", "created_at", "id", "is_active", "kind", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "source_import_id", "step", "unit", "version") VALUES (NEW."calendar", NEW."code", NEW."created_at", NEW."id", NEW."is_active", NEW."kind", NEW."line_id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."source", NEW."source_import_id", NEW."step", NEW."unit", NEW."version"); RETURN NULL;',
                                    hash="424419d3e7b00b3cf4420a41764019c34669fcc4",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_a0278",
                                    table="forecasting_driver",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "forecasting_driverevent" ("calendar", "code", "created_at", "id", "is_active", "kind", "line_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "source", "source_import_id", "step", "unit", "version") VALUES (OLD."calendar", OLD."code", OLD."created_at", OLD."id", OLD."is_active", OLD."kind", OLD."line_id", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."source", OLD."source_import_id", OLD."step", OLD."unit", OLD."version"); RETURN NULL;',
                                    hash="8f61de362156b438e33ffa8bf8219ca366dbdcba",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_93ab4",
                                    table="forecasting_driver",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DriverEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.SlugField(db_index=False, max_length=40, verbose_name="code")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("unit", models.CharField(blank=True, max_length=20, verbose_name="unit")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("series", "a figure that always has a value"),
                                    ("event", "something that happens now and then"),
                                ],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "step",
                            models.CharField(
                                choices=[("day", "day"), ("week", "week"), ("month", "month")],
                                max_length=8,
                                verbose_name="step",
                            ),
                        ),
                        (
                            "calendar",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("holidays_nl", "Dutch public holidays"),
                                    ("trading_days", "trading days in the month"),
                                ],
                                max_length=20,
                                verbose_name="calendar",
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True, verbose_name="tried by the night")),
                        (
                            "source",
                            models.CharField(
                                blank=True,
                                help_text="the part of pmtool that fills it",
                                max_length=40,
                                verbose_name="source",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
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
                                to="forecasting.driver",
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
                        (
                            "source_import",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="exchange.import",
                                verbose_name="import",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DriverJournal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("date", models.DateField()),
                        ("old_value", models.DecimalField(decimal_places=4, max_digits=18)),
                        (
                            "driver",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="forecasting.driver",
                            ),
                        ),
                        (
                            "old_source_import",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                        (
                            "source_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("source_import", "driver", "date"), name="driver_journal_value_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DriverValue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("date", models.DateField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=18)),
                        (
                            "driver",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="values",
                                to="forecasting.driver",
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
                    ],
                    options={
                        "ordering": ["date"],
                        "constraints": [
                            models.UniqueConstraint(fields=("driver", "date"), name="driver_value_unique")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ForecastWeek",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("week", models.DateField(help_text="its first day")),
                        ("mean", models.FloatField()),
                        ("median", models.FloatField()),
                        ("lo80", models.FloatField()),
                        ("hi80", models.FloatField()),
                        ("lo95", models.FloatField()),
                        ("hi95", models.FloatField()),
                        ("naive", models.FloatField(null=True)),
                        (
                            "forecast",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="weeks",
                                to="forecasting.forecast",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["week"],
                        "constraints": [
                            models.UniqueConstraint(fields=("forecast", "week"), name="forecast_week_unique"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("hi80__lte", models.F("hi95")),
                                    ("lo80__lte", models.F("hi80")),
                                    ("lo95__lte", models.F("lo80")),
                                ),
                                name="forecast_week_bands_nested",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
