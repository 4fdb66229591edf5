import accounts.models.access
import accounts.migration_operations
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


# Rights of rooms to come stand here too, so that a role is whole the day its room opens.
READ = ["products.view", "forecasting.view", "collaboration.view", "exchange.export"]
TALK = ["collaboration.comment", "collaboration.act"]
ROLES = [
    (
        "product-manager",
        "Product manager",
        "Productmanager",
        READ
        + TALK
        + [
            "products.edit",
            "products.edit_structure",
            "products.edit_budget",
            "exchange.import",
            "exchange.undo",
            "forecasting.edit",
            "forecasting.run",
            "collaboration.alerts",
            "products.share_views",
            "accounts.api",
            "pricing.view_costs",
        ],
    ),
    (
        "marketing",
        "Marketing",
        "Marketing",
        READ + TALK + ["collaboration.alerts", "products.share_views", "exchange.import", "accounts.api"],
    ),
    (
        "sales",
        "Sales",
        "Sales",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "logistics",
        "Purchasing and logistics",
        "Inkoop en logistiek",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "quality",
        "Quality and service",
        "Kwaliteit en service",
        READ + TALK + ["collaboration.alerts", "exchange.import", "accounts.api"],
    ),
    (
        "finance",
        "Finance",
        "Finance",
        READ
        + TALK
        + [
            "collaboration.alerts",
            "products.edit_budget",
            "products.share_views",
            "exchange.import",
            "exchange.undo",
            "accounts.api",
            "pricing.view_costs",
        ],
    ),
    ("viewer", "Viewer", "Lezer", READ),
    (
        "administrator",
        "Administrator",
        "Beheerder",
        READ
        + TALK
        + [
            "accounts.manage",
            "accounts.api",
            "core.settings",
            "products.edit",
            "products.edit_structure",
            "products.edit_budget",
            "products.share_views",
            "exchange.import",
            "exchange.undo",
            "forecasting.edit",
            "forecasting.run",
            "collaboration.alerts",
            "pricing.view_costs",
        ],
    ),
]


GIVEN = {
    "product-manager": ["forecasting.override", "forecasting.contribute", "forecasting.agree"],
    "sales": ["forecasting.override", "forecasting.contribute"],
    "marketing": ["forecasting.contribute"],
    "finance": ["forecasting.contribute", "forecasting.agree"],
    "administrator": ["forecasting.override", "forecasting.contribute", "forecasting.agree"],
}


def ship(apps, schema_editor):
    role_model = apps.get_model("accounts", "Role")
    for code, name_en, name_nl, rights in ROLES:
        role_model.objects.get_or_create(
            code=code,
            defaults={
                "name_en": name_en,
                "name_nl": name_nl,
                "rights": rights + GIVEN.get(code, []),
                "shipped": True,
            },
        )


class Migration(migrations.Migration):
    """People, roles and tokens, with the shipped roles; organisations edit them afterwards.

    One step instead of those it replaces: a new database is made in seconds."""

    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_roles"),
        ("accounts", "0003_token_history"),
        ("accounts", "0004_judgement_rights"),
    ]

    initial = True

    dependencies = [
        ("core", "0001_search"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Role",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.SlugField(max_length=40, unique=True)),
                        ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                        ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                        (
                            "rights",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=60),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="rights",
                            ),
                        ),
                        ("shipped", models.BooleanField(default=False)),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "verbose_name": "role",
                        "ordering": ["pk"],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_roleevent" ("code", "id", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "shipped", "version") VALUES (NEW."code", NEW."id", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."rights", NEW."shipped", NEW."version"); RETURN NULL;',
                                    hash="29271887c8cabd5c04431746e701e08f114ba852",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_d9a3a",
                                    table="accounts_role",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "accounts_roleevent" ("code", "id", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "shipped", "version") VALUES (NEW."code", NEW."id", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."rights", NEW."shipped", NEW."version"); RETURN NULL;',
                                    hash="e511c26caaf15d47b197ab8f4ea67d7cee42fc8f",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_023a0",
                                    table="accounts_role",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_roleevent" ("code", "id", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "shipped", "version") VALUES (OLD."code", OLD."id", OLD."name_en", OLD."name_nl", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."rights", OLD."shipped", OLD."version"); RETURN NULL;',
                                    hash="721e7753ea076ae1bf8e977826cc845a11c16ec4",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_d75a6",
                                    table="accounts_role",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoleEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("code", models.SlugField(db_index=False, max_length=40)),
                        ("name_en", models.CharField(max_length=80, verbose_name="name in English")),
                        ("name_nl", models.CharField(max_length=80, verbose_name="name in Dutch")),
                        (
                            "rights",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=60),
                                blank=True,
                                default=list,
                                size=None,
                                verbose_name="rights",
                            ),
                        ),
                        ("shipped", models.BooleanField(default=False)),
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
                                to="accounts.role",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "language",
                            models.CharField(
                                choices=[("nl", "Nederlands"), ("en", "English")],
                                default="nl",
                                max_length=2,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                default="Europe/Amsterdam", max_length=64, verbose_name="time zone"
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "invited_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "roles",
                            models.ManyToManyField(
                                blank=True, related_name="users", to="accounts.role", verbose_name="roles"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "user",
                        "ordering": ["name", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("email", django.db.models.functions.text.Lower(models.F("email")))
                                ),
                                name="user_email_lower_case",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("language__in", ["nl", "en"])), name="user_language_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="user_name_filled"
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_userevent" ("created_at", "email", "id", "invited_by_id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "version") VALUES (NEW."created_at", NEW."email", NEW."id", NEW."invited_by_id", NEW."is_active", NEW."language", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."time_zone", NEW."version"); RETURN NULL;',
                                    hash="3dc9cc40192b5e13535818aff1dea16713208c85",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_3867c",
                                    table="accounts_user",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."invited_by_id" IS DISTINCT FROM (NEW."invited_by_id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone") OR OLD."version" IS DISTINCT FROM (NEW."version"))',
                                    func='INSERT INTO "accounts_userevent" ("created_at", "email", "id", "invited_by_id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "version") VALUES (NEW."created_at", NEW."email", NEW."id", NEW."invited_by_id", NEW."is_active", NEW."language", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."time_zone", NEW."version"); RETURN NULL;',
                                    hash="652db138b11f6e8869293efd1dca78ece8728172",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_0e890",
                                    table="accounts_user",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_userevent" ("created_at", "email", "id", "invited_by_id", "is_active", "language", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "time_zone", "version") VALUES (OLD."created_at", OLD."email", OLD."id", OLD."invited_by_id", OLD."is_active", OLD."language", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."time_zone", OLD."version"); RETURN NULL;',
                                    hash="0f909f0c94310581eeaed6bfc85b2ba08751f43c",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_19f14",
                                    table="accounts_user",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UserEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "language",
                            models.CharField(
                                choices=[("nl", "Nederlands"), ("en", "English")],
                                default="nl",
                                max_length=2,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                default="Europe/Amsterdam", max_length=64, verbose_name="time zone"
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "invited_by",
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
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ApiToken",
                    fields=[
                        ("digest", models.CharField(max_length=128, primary_key=True, serialize=False)),
                        ("token_key", models.CharField(db_index=True, max_length=25)),
                        ("created", models.DateTimeField(auto_now_add=True)),
                        ("expiry", models.DateTimeField(blank=True, null=True)),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("last_used_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="auth_token_set",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "API token",
                        "ordering": ["-created"],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_apitokenevent" ("created", "expiry", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."created", NEW."expiry", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."digest", NEW."user_id"); RETURN NULL;',
                                    hash="96eb906c2822aba2f11b14d84c5c1c7cf098d1ef",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_01b7d",
                                    table="accounts_apitoken",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition='WHEN (OLD."created" IS DISTINCT FROM (NEW."created") OR OLD."expiry" IS DISTINCT FROM (NEW."expiry") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id"))',
                                    func='INSERT INTO "accounts_apitokenevent" ("created", "expiry", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (NEW."created", NEW."expiry", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."digest", NEW."user_id"); RETURN NULL;',
                                    hash="8af971cb541d46c41d7e1360fc72e66de263a114",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_df53b",
                                    table="accounts_apitoken",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_apitokenevent" ("created", "expiry", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "user_id") VALUES (OLD."created", OLD."expiry", OLD."name", _pgh_attach_context(), NOW(), \'delete\', OLD."digest", OLD."user_id"); RETURN NULL;',
                                    hash="52937ade626f0277ce16a189d12cd2ba9690fd60",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_6e065",
                                    table="accounts_apitoken",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Deputy",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("start_date", models.DateField(verbose_name="from")),
                        ("end_date", models.DateField(verbose_name="until and including")),
                        (
                            "deputy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deputy_for",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deputies",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "deputy",
                        "ordering": ["start_date", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("end_date__gte", models.F("start_date"))),
                                name="deputy_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("owner", models.F("deputy")), _negated=True),
                                name="deputy_is_somebody_else",
                            ),
                            django.contrib.postgres.constraints.ExclusionConstraint(
                                expressions=[
                                    (
                                        accounts.models.access._DayRange(
                                            "start_date", "end_date", models.Value("[]")
                                        ),
                                        "&&",
                                    ),
                                    ("owner", "="),
                                ],
                                name="deputy_one_at_a_time",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_deputyevent" ("deputy_id", "end_date", "id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_date") VALUES (NEW."deputy_id", NEW."end_date", NEW."id", NEW."owner_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."start_date"); RETURN NULL;',
                                    hash="5dcec953f4b5c0b969035f8409e31263998ca357",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_01310",
                                    table="accounts_deputy",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "accounts_deputyevent" ("deputy_id", "end_date", "id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_date") VALUES (NEW."deputy_id", NEW."end_date", NEW."id", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."start_date"); RETURN NULL;',
                                    hash="9c01df6d18f5ecbe517d74597a2928421c63c080",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_68174",
                                    table="accounts_deputy",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "accounts_deputyevent" ("deputy_id", "end_date", "id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "start_date") VALUES (OLD."deputy_id", OLD."end_date", OLD."id", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."start_date"); RETURN NULL;',
                                    hash="cd6142b377ccaee55771492b455ef55ad9a35eb4",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_9cc68",
                                    table="accounts_deputy",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UserRole",
                    fields=[],
                    options={
                        "proxy": True,
                    },
                    bases=("accounts.user_roles",),
                ),
                migrations.CreateModel(
                    name="UserRoleEvent",
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
                            "role",
                            models.ForeignKey(
                                db_constraint=False,
                                db_tablespace="",
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="accounts.role",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                db_tablespace="",
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="accounts.userrole",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DeputyEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("start_date", models.DateField(verbose_name="from")),
                        ("end_date", models.DateField(verbose_name="until and including")),
                        (
                            "deputy",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                db_constraint=False,
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
                                to="accounts.deputy",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ApiTokenEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("created", models.DateTimeField(auto_now_add=True)),
                        ("expiry", models.DateTimeField(blank=True, null=True)),
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
                                related_name="user_name_created_expiry_events",
                                to=settings.KNOX_TOKEN_MODEL,
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
            ],
        ),
        accounts.migration_operations.AtOnce(
            [
                pgtrigger.migrations.AddTrigger(
                    model_name="userrole",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "accounts_userroleevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role_id", "user_id") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."role_id", NEW."user_id"); RETURN NULL;',
                            hash="f6dfb0b2902f838cbde4e3bb7771e89f535125ee",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_c200e",
                            table="accounts_user_roles",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="userrole",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "accounts_userroleevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role_id", "user_id") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."role_id", NEW."user_id"); RETURN NULL;',
                            hash="917cac49fc28010050724c09af8a7d591fbb9b1b",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_1017d",
                            table="accounts_user_roles",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="userrole",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "accounts_userroleevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role_id", "user_id") VALUES (OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."role_id", OLD."user_id"); RETURN NULL;',
                            hash="ffa61061c6125ba9c50622d5a32b6ad72ffc781c",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_15b35",
                            table="accounts_user_roles",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
        migrations.RunPython(ship, migrations.RunPython.noop),
    ]
