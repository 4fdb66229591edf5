import accounts.migration_operations
import datetime
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


def found(apps, schema_editor):
    apps.get_model("core", "Organisation").objects.get_or_create(pk=1, defaults={"name": "pmtool"})


class Migration(migrations.Migration):
    """Jobs, mail, the search index and the one row that says who this installation serves.

    One step instead of those it replaces: a new database is made in seconds."""

    replaces = [
        ("core", "0002_initial"),
        ("core", "0003_organisation"),
        ("core", "0004_show_everyones_accuracy"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0004_judgement_rights"),
        ("core", "0001_search"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                        ("beat_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="IdempotencyKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("scope", models.CharField(max_length=60)),
                        ("key", models.CharField(max_length=80)),
                        ("answer", models.JSONField(null=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "scope", "key"), name="idempotency_key_unique"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Job",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=60)),
                        (
                            "key",
                            models.CharField(
                                help_text="the same work twice has the same key", max_length=120, unique=True
                            ),
                        ),
                        ("group", models.CharField(blank=True, max_length=80)),
                        ("queue", models.CharField(default="short", max_length=20)),
                        ("priority", models.SmallIntegerField(default=0, help_text="higher first")),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("queued", "waiting"),
                                    ("running", "running"),
                                    ("done", "done"),
                                    ("failed", "failed"),
                                    ("cancelled", "cancelled"),
                                ],
                                default="queued",
                                max_length=10,
                            ),
                        ),
                        ("payload", models.JSONField(default=dict)),
                        ("result", models.JSONField(null=True)),
                        ("token", models.UUIDField(null=True)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("max_attempts", models.PositiveSmallIntegerField(default=3)),
                        ("run_after", models.DateTimeField(help_text="not before", null=True)),
                        ("progress_done", models.PositiveIntegerField(default=0)),
                        ("progress_total", models.PositiveIntegerField(default=0)),
                        ("error_code", models.CharField(blank=True, max_length=60)),
                        ("error_params", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "woken_at",
                            models.DateTimeField(help_text="when the broker was last told", null=True),
                        ),
                        ("started_at", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "created_by",
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
                        "verbose_name": "job",
                        "ordering": ["-pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "queued")),
                                fields=["-priority", "id"],
                                name="job_claimable",
                            ),
                            models.Index(
                                condition=models.Q(("state", "running")),
                                fields=["lease_until"],
                                name="job_leased",
                            ),
                            models.Index(fields=["group", "state"], name="job_group"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("lease_until__isnull", False),
                                        ("state", "running"),
                                        ("token__isnull", False),
                                    ),
                                    models.Q(
                                        models.Q(("state", "running"), _negated=True),
                                        ("lease_until__isnull", True),
                                        ("token__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="job_leased_while_running",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("finished_at__isnull", True), ("state__in", ["queued", "running"])
                                    ),
                                    models.Q(
                                        ("finished_at__isnull", False),
                                        ("state__in", ["done", "failed", "cancelled"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="job_final_has_end",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "failed"), _negated=True),
                                    models.Q(("error_code", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="job_failed_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Organisation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                        (
                            "time_zone",
                            models.CharField(
                                default="Europe/Amsterdam", max_length=64, verbose_name="time zone"
                            ),
                        ),
                        ("language", models.CharField(default="nl", max_length=2, verbose_name="language")),
                        (
                            "financial_year_first_month",
                            models.PositiveSmallIntegerField(
                                default=1,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(12),
                                ],
                                verbose_name="first month of the financial year",
                            ),
                        ),
                        (
                            "closed_until",
                            models.DateField(blank=True, null=True, verbose_name="closed until"),
                        ),
                        (
                            "nightly_at",
                            models.TimeField(default=datetime.time(2, 0), verbose_name="nightly run at"),
                        ),
                        (
                            "alert_min_amount",
                            models.DecimalField(
                                decimal_places=2,
                                default=1000,
                                max_digits=18,
                                verbose_name="no alert below this amount",
                            ),
                        ),
                        (
                            "watched_folder",
                            models.CharField(blank=True, max_length=400, verbose_name="watched folder"),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "show_everyones_accuracy",
                            models.BooleanField(
                                default=False,
                                help_text="off: of what people changed in forecasts, each sees only whether their own helped",
                                verbose_name="show everyone's accuracy",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "organisation",
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="organisation_is_one"),
                            models.CheckConstraint(
                                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                                name="organisation_currency",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("financial_year_first_month__range", (1, 12))),
                                name="organisation_first_month",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("closed_until", None), ("closed_until__day", 1), _connector="OR"
                                ),
                                name="organisation_closed_a_month",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "core_organisationevent" ("alert_min_amount", "closed_until", "currency", "financial_year_first_month", "id", "language", "name", "nightly_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "show_everyones_accuracy", "time_zone", "version", "watched_folder") VALUES (NEW."alert_min_amount", NEW."closed_until", NEW."currency", NEW."financial_year_first_month", NEW."id", NEW."language", NEW."name", NEW."nightly_at", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."show_everyones_accuracy", NEW."time_zone", NEW."version", NEW."watched_folder"); RETURN NULL;',
                                    hash="ce98ed30659774ca4c6d48961dd731127eb51cdc",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_1e9d1",
                                    table="core_organisation",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "core_organisationevent" ("alert_min_amount", "closed_until", "currency", "financial_year_first_month", "id", "language", "name", "nightly_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "show_everyones_accuracy", "time_zone", "version", "watched_folder") VALUES (NEW."alert_min_amount", NEW."closed_until", NEW."currency", NEW."financial_year_first_month", NEW."id", NEW."language", NEW."name", NEW."nightly_at", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."show_everyones_accuracy", NEW."time_zone", NEW."version", NEW."watched_folder"); RETURN NULL;',
                                    hash="eaf3dd8be4298d88291b9bd1567108d5a75a94f6",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_1b882",
                                    table="core_organisation",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "core_organisationevent" ("alert_min_amount", "closed_until", "currency", "financial_year_first_month", "id", "language", "name", "nightly_at", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "show_everyones_accuracy", "time_zone", "version", "watched_folder") VALUES (OLD."alert_min_amount", OLD."closed_until", OLD."currency", OLD."financial_year_first_month", OLD."id", OLD."language", OLD."name", OLD."nightly_at", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."show_everyones_accuracy", OLD."time_zone", OLD."version", OLD."watched_folder"); RETURN NULL;',
                                    hash="c7f556755496eeeffe95e0f86d17505f1921a100",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_8a59c",
                                    table="core_organisation",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OrganisationEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("currency", models.CharField(default="EUR", max_length=3, verbose_name="currency")),
                        (
                            "time_zone",
                            models.CharField(
                                default="Europe/Amsterdam", max_length=64, verbose_name="time zone"
                            ),
                        ),
                        ("language", models.CharField(default="nl", max_length=2, verbose_name="language")),
                        (
                            "financial_year_first_month",
                            models.PositiveSmallIntegerField(
                                default=1,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(12),
                                ],
                                verbose_name="first month of the financial year",
                            ),
                        ),
                        (
                            "closed_until",
                            models.DateField(blank=True, null=True, verbose_name="closed until"),
                        ),
                        (
                            "nightly_at",
                            models.TimeField(default=datetime.time(2, 0), verbose_name="nightly run at"),
                        ),
                        (
                            "alert_min_amount",
                            models.DecimalField(
                                decimal_places=2,
                                default=1000,
                                max_digits=18,
                                verbose_name="no alert below this amount",
                            ),
                        ),
                        (
                            "watched_folder",
                            models.CharField(blank=True, max_length=400, verbose_name="watched folder"),
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
                                to="core.organisation",
                            ),
                        ),
                        (
                            "show_everyones_accuracy",
                            models.BooleanField(
                                default=False,
                                help_text="off: of what people changed in forecasts, each sees only whether their own helped",
                                verbose_name="show everyone's accuracy",
                            ),
                        ),
                    ],
                ),
            ],
        ),
        migrations.RunPython(found, migrations.RunPython.noop),
    ]
