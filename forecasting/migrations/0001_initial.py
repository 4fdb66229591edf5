import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("products", "0001_initial"),
    ]

    operations = [
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
                            models.Q(("finished_at__isnull", False), ("state__in", ["done", "failed"])),
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
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
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
                        condition=models.Q(("until__gte", models.F("start_date"))), name="stage_setting_dates"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="stage_setting_has_reason"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("product", "family"),
                        name="stage_setting_one_in_force",
                        nulls_distinct=False,
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="products.measure"
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
                        fields=("product", "family", "measure"), name="backtest_unique", nulls_distinct=False
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="products.measure"
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="products.measure"
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
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
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
            options={
                "abstract": False,
            },
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
            ],
            options={
                "ordering": ["month"],
                "constraints": [
                    models.UniqueConstraint(fields=("forecast", "month"), name="forecast_month_unique"),
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
        pgtrigger.migrations.AddTrigger(
            model_name="stagesetting",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stagesetting",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stagesetting",
            trigger=pgtrigger.compiler.Trigger(
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
        ),
    ]
