import accounts.migration_operations
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Imports and layouts.

    One step instead of those it replaces: a new database is made in seconds."""

    replaces = [
        ("exchange", "0001_initial"),
        ("exchange", "0002_import_reading"),
        ("exchange", "0003_import_creations"),
        ("exchange", "0004_layouts_by_hand"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0004_judgement_rights"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Layout",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("sheet", models.CharField(max_length=40)),
                        ("signature", models.CharField(max_length=64)),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("mapping", models.JSONField(default=dict)),
                        ("options", models.JSONField(default=dict, verbose_name="answers")),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "updated_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("retired_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "file layout",
                        "ordering": ["name", "pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("retired_at", None)),
                                fields=("sheet", "signature"),
                                name="layout_signature_unique",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("retired_at", None)),
                                fields=("sheet", "name"),
                                name="layout_name_unique",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "exchange_layoutevent" ("id", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "retired_at", "version") VALUES (NEW."id", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."retired_at", NEW."version"); RETURN NULL;',
                                    hash="7288669f2b7f1b8ec2fea72140e2e76a8d7b6068",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_8c0ce",
                                    table="exchange_layout",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."options" IS DISTINCT FROM (NEW."options") OR OLD."retired_at" IS DISTINCT FROM (NEW."retired_at") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                                    func='INSERT INTO "exchange_layoutevent" ("id", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "retired_at", "version") VALUES (NEW."id", NEW."name", NEW."options", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."retired_at", NEW."version"); RETURN NULL;',
                                    hash="c82873f03d2a55f8d96dd76561eda3c2155abf13",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_26ae3",
                                    table="exchange_layout",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "exchange_layoutevent" ("id", "name", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "retired_at", "version") VALUES (OLD."id", OLD."name", OLD."options", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."retired_at", OLD."version"); RETURN NULL;',
                                    hash="7ad23ab78eb0799d946448cfb49ecad7aa1e8eca",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_a26e8",
                                    table="exchange_layout",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Import",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("sheet", models.CharField(max_length=40)),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("page", "page"),
                                    ("api", "API"),
                                    ("folder", "watched folder"),
                                    ("shell", "command"),
                                ],
                                max_length=6,
                            ),
                        ),
                        ("file_name", models.CharField(max_length=255)),
                        ("file", models.FileField(max_length=255, upload_to="imports/%Y/%m/")),
                        ("file_size", models.PositiveBigIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("uploaded", "uploaded"),
                                    ("checking", "being checked"),
                                    ("asking", "needs an answer"),
                                    ("ready", "ready to apply"),
                                    ("applying", "being applied"),
                                    ("applied", "applied"),
                                    ("undoing", "being undone"),
                                    ("undone", "undone"),
                                    ("failed", "failed"),
                                    ("discarded", "discarded"),
                                ],
                                default="uploaded",
                                max_length=10,
                            ),
                        ),
                        ("mapping", models.JSONField(default=dict)),
                        ("options", models.JSONField(default=dict)),
                        (
                            "questions",
                            models.JSONField(
                                default=list, help_text="what a person must answer before it can go on"
                            ),
                        ),
                        ("counts", models.JSONField(default=dict)),
                        (
                            "totals",
                            models.JSONField(
                                default=dict, help_text="sums of the rows that count, as strings"
                            ),
                        ),
                        ("months_from", models.DateField(null=True)),
                        ("months_to", models.DateField(null=True)),
                        ("error_code", models.CharField(blank=True, max_length=60)),
                        ("error_params", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("applied_at", models.DateTimeField(null=True)),
                        ("undone_at", models.DateTimeField(null=True)),
                        (
                            "applied_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
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
                        (
                            "undone_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "layout",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="imports",
                                to="exchange.layout",
                            ),
                        ),
                        ("preview", models.JSONField(default=list)),
                        ("reading", models.JSONField(default=dict)),
                    ],
                    options={
                        "verbose_name": "import",
                        "ordering": ["-pk"],
                        "indexes": [models.Index(fields=["sheet", "state", "-id"], name="import_by_sheet")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "failed"), _negated=True),
                                    models.Q(("error_code", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="import_failed_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["applied", "undone"]), _negated=True),
                                    ("applied_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="import_applied_has_date",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "undone"), _negated=True),
                                    ("undone_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="import_undone_has_date",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "exchange_importevent" ("applied_at", "applied_by_id", "created_at", "created_by_id", "error_code", "error_params", "file", "file_name", "file_size", "id", "layout_id", "mapping", "months_from", "months_to", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "sheet", "source", "state", "totals", "undone_at", "undone_by_id") VALUES (NEW."applied_at", NEW."applied_by_id", NEW."created_at", NEW."created_by_id", NEW."error_code", NEW."error_params", NEW."file", NEW."file_name", NEW."file_size", NEW."id", NEW."layout_id", NEW."mapping", NEW."months_from", NEW."months_to", NEW."options", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."sha256", NEW."sheet", NEW."source", NEW."state", NEW."totals", NEW."undone_at", NEW."undone_by_id"); RETURN NULL;',
                                    hash="e291993aa9fea901868771f085bfa94f843e5d52",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_e5e56",
                                    table="exchange_import",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."applied_at" IS DISTINCT FROM (NEW."applied_at") OR OLD."applied_by_id" IS DISTINCT FROM (NEW."applied_by_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."created_by_id" IS DISTINCT FROM (NEW."created_by_id") OR OLD."error_code" IS DISTINCT FROM (NEW."error_code") OR OLD."error_params" IS DISTINCT FROM (NEW."error_params") OR OLD."file" IS DISTINCT FROM (NEW."file") OR OLD."file_name" IS DISTINCT FROM (NEW."file_name") OR OLD."file_size" IS DISTINCT FROM (NEW."file_size") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."layout_id" IS DISTINCT FROM (NEW."layout_id") OR OLD."mapping" IS DISTINCT FROM (NEW."mapping") OR OLD."months_from" IS DISTINCT FROM (NEW."months_from") OR OLD."months_to" IS DISTINCT FROM (NEW."months_to") OR OLD."options" IS DISTINCT FROM (NEW."options") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."sheet" IS DISTINCT FROM (NEW."sheet") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."totals" IS DISTINCT FROM (NEW."totals") OR OLD."undone_at" IS DISTINCT FROM (NEW."undone_at") OR OLD."undone_by_id" IS DISTINCT FROM (NEW."undone_by_id"))',
                                    func='INSERT INTO "exchange_importevent" ("applied_at", "applied_by_id", "created_at", "created_by_id", "error_code", "error_params", "file", "file_name", "file_size", "id", "layout_id", "mapping", "months_from", "months_to", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "sheet", "source", "state", "totals", "undone_at", "undone_by_id") VALUES (NEW."applied_at", NEW."applied_by_id", NEW."created_at", NEW."created_by_id", NEW."error_code", NEW."error_params", NEW."file", NEW."file_name", NEW."file_size", NEW."id", NEW."layout_id", NEW."mapping", NEW."months_from", NEW."months_to", NEW."options", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."sha256", NEW."sheet", NEW."source", NEW."state", NEW."totals", NEW."undone_at", NEW."undone_by_id"); RETURN NULL;',
                                    hash="d47d62f97a0ade9167846f9453c7c9f19b38a880",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_57eea",
                                    table="exchange_import",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "exchange_importevent" ("applied_at", "applied_by_id", "created_at", "created_by_id", "error_code", "error_params", "file", "file_name", "file_size", "id", "layout_id", "mapping", "months_from", "months_to", "options", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sha256", "sheet", "source", "state", "totals", "undone_at", "undone_by_id") VALUES (OLD."applied_at", OLD."applied_by_id", OLD."created_at", OLD."created_by_id", OLD."error_code", OLD."error_params", OLD."file", OLD."file_name", OLD."file_size", OLD."id", OLD."layout_id", OLD."mapping", OLD."months_from", OLD."months_to", OLD."options", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."sha256", OLD."sheet", OLD."source", OLD."state", OLD."totals", OLD."undone_at", OLD."undone_by_id"); RETURN NULL;',
                                    hash="60524ac11b9026b2d3664aa7fa01282042e41f95",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_7b51e",
                                    table="exchange_import",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("sheet", models.CharField(max_length=40)),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("page", "page"),
                                    ("api", "API"),
                                    ("folder", "watched folder"),
                                    ("shell", "command"),
                                ],
                                max_length=6,
                            ),
                        ),
                        ("file_name", models.CharField(max_length=255)),
                        ("file", models.FileField(max_length=255, upload_to="imports/%Y/%m/")),
                        ("file_size", models.PositiveBigIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("uploaded", "uploaded"),
                                    ("checking", "being checked"),
                                    ("asking", "needs an answer"),
                                    ("ready", "ready to apply"),
                                    ("applying", "being applied"),
                                    ("applied", "applied"),
                                    ("undoing", "being undone"),
                                    ("undone", "undone"),
                                    ("failed", "failed"),
                                    ("discarded", "discarded"),
                                ],
                                default="uploaded",
                                max_length=10,
                            ),
                        ),
                        ("mapping", models.JSONField(default=dict)),
                        ("options", models.JSONField(default=dict)),
                        (
                            "totals",
                            models.JSONField(
                                default=dict, help_text="sums of the rows that count, as strings"
                            ),
                        ),
                        ("months_from", models.DateField(null=True)),
                        ("months_to", models.DateField(null=True)),
                        ("error_code", models.CharField(blank=True, max_length=60)),
                        ("error_params", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("applied_at", models.DateTimeField(null=True)),
                        ("undone_at", models.DateTimeField(null=True)),
                        (
                            "applied_by",
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
                        (
                            "created_by",
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
                                to="exchange.import",
                            ),
                        ),
                        (
                            "undone_by",
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
                        (
                            "layout",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="exchange.layout",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ImportRefusal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("line", models.PositiveIntegerField()),
                        ("column", models.CharField(blank=True, max_length=120)),
                        ("value", models.CharField(blank=True, max_length=200)),
                        ("code", models.CharField(max_length=60)),
                        ("params", models.JSONField(default=dict)),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="refusals",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["line", "pk"],
                        "indexes": [models.Index(fields=["owner", "line"], name="refusal_by_line")],
                    },
                ),
                migrations.CreateModel(
                    name="ImportCreation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=20)),
                        ("code", models.CharField(blank=True, max_length=80)),
                        ("name", models.CharField(max_length=160)),
                        ("under", models.CharField(blank=True, max_length=160)),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="creations",
                                to="exchange.import",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["pk"],
                    },
                ),
                migrations.CreateModel(
                    name="LayoutEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("options", models.JSONField(default=dict, verbose_name="answers")),
                        ("retired_at", models.DateTimeField(blank=True, null=True, verbose_name="deleted")),
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
                                to="exchange.layout",
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
