import accounts.migration_operations
import django.db.models.deletion
import pgtrigger.compiler
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0004_judgement_rights"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("pghistory", "0007_auto_20250421_0444"),
        ("products", "0001_squashed_0010_versions_of_what_is_around"),
    ]

    operations = [
        accounts.migration_operations.CreateModels(
            operations=[
                migrations.CreateModel(
                    name="Alert",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        (
                            "subject",
                            models.CharField(
                                help_text="what it is about: 'product:12', 'run:4'", max_length=80
                            ),
                        ),
                        ("fingerprint", models.CharField(max_length=80)),
                        ("evidence", models.JSONField(default=dict)),
                        ("stake_amount", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "open"),
                                    ("snoozed", "later"),
                                    ("closed", "closed"),
                                    ("gone", "no longer true"),
                                ],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("raised_at", models.DateTimeField()),
                        (
                            "raised_date",
                            models.DateField(help_text="the local date of the night that raised it"),
                        ),
                        ("snoozed_until", models.DateField(blank=True, null=True)),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=400, verbose_name="reason")),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "closed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alerts",
                                to="products.productline",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="alerts",
                                to="products.product",
                            ),
                        ),
                        (
                            "recipient",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="alerts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "alert",
                        "ordering": ["-stake_amount", "-pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state__in", ["open", "snoozed"])),
                                fields=["recipient", "-stake_amount"],
                                name="alert_for_person",
                            ),
                            models.Index(fields=["product", "state"], name="alert_of_product"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("kind", "subject", "fingerprint"), name="alert_once_per_state"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "closed"), _negated=True),
                                    models.Q(
                                        ("closed_at__isnull", False), models.Q(("reason", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="alert_closed_with_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "snoozed"), _negated=True),
                                    ("snoozed_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="alert_snoozed_until",
                            ),
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_alertevent" ("closed_at", "closed_by_id", "evidence", "fingerprint", "id", "kind", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "raised_at", "raised_date", "reason", "recipient_id", "snoozed_until", "stake_amount", "state", "subject", "version") VALUES (NEW."closed_at", NEW."closed_by_id", NEW."evidence", NEW."fingerprint", NEW."id", NEW."kind", NEW."line_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."raised_at", NEW."raised_date", NEW."reason", NEW."recipient_id", NEW."snoozed_until", NEW."stake_amount", NEW."state", NEW."subject", NEW."version"); RETURN NULL;',
                                    hash="6523322379bd27a6f49c64e7a39ac95afe96dc09",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_b209c",
                                    table="collaboration_alert",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "collaboration_alertevent" ("closed_at", "closed_by_id", "evidence", "fingerprint", "id", "kind", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "raised_at", "raised_date", "reason", "recipient_id", "snoozed_until", "stake_amount", "state", "subject", "version") VALUES (NEW."closed_at", NEW."closed_by_id", NEW."evidence", NEW."fingerprint", NEW."id", NEW."kind", NEW."line_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."raised_at", NEW."raised_date", NEW."reason", NEW."recipient_id", NEW."snoozed_until", NEW."stake_amount", NEW."state", NEW."subject", NEW."version"); RETURN NULL;',
                                    hash="3e3d84776de51bb3b3521a701a6a3d531c3fd045",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_710b4",
                                    table="collaboration_alert",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_alertevent" ("closed_at", "closed_by_id", "evidence", "fingerprint", "id", "kind", "line_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "raised_at", "raised_date", "reason", "recipient_id", "snoozed_until", "stake_amount", "state", "subject", "version") VALUES (OLD."closed_at", OLD."closed_by_id", OLD."evidence", OLD."fingerprint", OLD."id", OLD."kind", OLD."line_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."raised_at", OLD."raised_date", OLD."reason", OLD."recipient_id", OLD."snoozed_until", OLD."stake_amount", OLD."state", OLD."subject", OLD."version"); RETURN NULL;',
                                    hash="b63de038ae9ffa515a4cf20ace616064088e56e5",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_8009c",
                                    table="collaboration_alert",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Comment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("object_id", models.PositiveBigIntegerField()),
                        ("text", models.TextField(max_length=4000, verbose_name="comment")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("edited_at", models.DateTimeField(blank=True, null=True)),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="comments",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "content_type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="contenttypes.contenttype",
                            ),
                        ),
                        (
                            "mentions",
                            models.ManyToManyField(blank=True, related_name="+", to=settings.AUTH_USER_MODEL),
                        ),
                    ],
                    options={
                        "verbose_name": "comment",
                        "ordering": ["created_at", "pk"],
                        "indexes": [
                            models.Index(fields=["content_type", "object_id"], name="comment_target")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("text", ""), _negated=True), name="comment_says_something"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_commentevent" ("author_id", "content_type_id", "created_at", "edited_at", "id", "object_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "withdrawn_at") VALUES (NEW."author_id", NEW."content_type_id", NEW."created_at", NEW."edited_at", NEW."id", NEW."object_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."text", NEW."withdrawn_at"); RETURN NULL;',
                                    hash="8a06bc86bb2459cd5804e49dd12159b22e24870c",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_81a07",
                                    table="collaboration_comment",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "collaboration_commentevent" ("author_id", "content_type_id", "created_at", "edited_at", "id", "object_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "withdrawn_at") VALUES (NEW."author_id", NEW."content_type_id", NEW."created_at", NEW."edited_at", NEW."id", NEW."object_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."text", NEW."withdrawn_at"); RETURN NULL;',
                                    hash="cd7bb0101b7b1941a9b15cead0919f5436821f8a",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_87ebf",
                                    table="collaboration_comment",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_commentevent" ("author_id", "content_type_id", "created_at", "edited_at", "id", "object_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text", "withdrawn_at") VALUES (OLD."author_id", OLD."content_type_id", OLD."created_at", OLD."edited_at", OLD."id", OLD."object_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."text", OLD."withdrawn_at"); RETURN NULL;',
                                    hash="efeadcf3855a54105917b53bc6a4632c44439536",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_df097",
                                    table="collaboration_comment",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Follow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("since", models.DateTimeField(auto_now_add=True)),
                        (
                            "product",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="followers",
                                to="products.product",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="follows",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "product"), name="follow_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Notification",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        ("key", models.CharField(max_length=120)),
                        ("params", models.JSONField(default=dict)),
                        ("url", models.CharField(blank=True, max_length=300)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("read_at", models.DateTimeField(null=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="notifications",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("read_at", None)),
                                fields=["user"],
                                name="notification_unread",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("user", "key"), name="notification_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActionItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("title", models.CharField(max_length=200, verbose_name="action item")),
                        ("due_date", models.DateField(blank=True, null=True, verbose_name="due")),
                        ("object_id", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "content_type",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="contenttypes.contenttype",
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="action_items",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="owner",
                            ),
                        ),
                        (
                            "product",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="action_items",
                                to="products.product",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "action item",
                        "ordering": [models.OrderBy(models.F("due_date"), nulls_last=True), "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("done_at", None)),
                                fields=["owner", "due_date"],
                                name="action_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("title", ""), _negated=True), name="action_has_title"
                            )
                        ],
                        "triggers": [
                            pgtrigger.compiler.Trigger(
                                name="insert_insert",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_actionitemevent" ("content_type_id", "created_at", "created_by_id", "done_at", "due_date", "id", "object_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "title", "version") VALUES (NEW."content_type_id", NEW."created_at", NEW."created_by_id", NEW."done_at", NEW."due_date", NEW."id", NEW."object_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."product_id", NEW."title", NEW."version"); RETURN NULL;',
                                    hash="cf554125e751375b3f833331183953d20e851b2f",
                                    operation="INSERT",
                                    pgid="pgtrigger_insert_insert_33b04",
                                    table="collaboration_actionitem",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="update_update",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                                    func='INSERT INTO "collaboration_actionitemevent" ("content_type_id", "created_at", "created_by_id", "done_at", "due_date", "id", "object_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "title", "version") VALUES (NEW."content_type_id", NEW."created_at", NEW."created_by_id", NEW."done_at", NEW."due_date", NEW."id", NEW."object_id", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."product_id", NEW."title", NEW."version"); RETURN NULL;',
                                    hash="a6cfa7a1fc1f32cff49e22ccb2096ab3ae72dd7b",
                                    operation="UPDATE",
                                    pgid="pgtrigger_update_update_d1d48",
                                    table="collaboration_actionitem",
                                    when="AFTER",
                                ),
                            ),
                            pgtrigger.compiler.Trigger(
                                name="delete_delete",
                                sql=pgtrigger.compiler.UpsertTriggerSql(
                                    func='INSERT INTO "collaboration_actionitemevent" ("content_type_id", "created_at", "created_by_id", "done_at", "due_date", "id", "object_id", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "product_id", "title", "version") VALUES (OLD."content_type_id", OLD."created_at", OLD."created_by_id", OLD."done_at", OLD."due_date", OLD."id", OLD."object_id", OLD."owner_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."product_id", OLD."title", OLD."version"); RETURN NULL;',
                                    hash="e4eb36b05a4109ee9e2948b4a7ab24e2f6cd5c2e",
                                    operation="DELETE",
                                    pgid="pgtrigger_delete_delete_1e5f2",
                                    table="collaboration_actionitem",
                                    when="AFTER",
                                ),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ActionItemEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("title", models.CharField(max_length=200, verbose_name="action item")),
                        ("due_date", models.DateField(blank=True, null=True, verbose_name="due")),
                        ("object_id", models.PositiveBigIntegerField(blank=True, null=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("done_at", models.DateTimeField(blank=True, null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "content_type",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="contenttypes.contenttype",
                            ),
                        ),
                        (
                            "created_by",
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
                                to="collaboration.actionitem",
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
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="AlertEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("kind", models.CharField(max_length=40)),
                        (
                            "subject",
                            models.CharField(
                                help_text="what it is about: 'product:12', 'run:4'", max_length=80
                            ),
                        ),
                        ("fingerprint", models.CharField(max_length=80)),
                        ("evidence", models.JSONField(default=dict)),
                        ("stake_amount", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "open"),
                                    ("snoozed", "later"),
                                    ("closed", "closed"),
                                    ("gone", "no longer true"),
                                ],
                                default="open",
                                max_length=8,
                            ),
                        ),
                        ("raised_at", models.DateTimeField()),
                        (
                            "raised_date",
                            models.DateField(help_text="the local date of the night that raised it"),
                        ),
                        ("snoozed_until", models.DateField(blank=True, null=True)),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        ("reason", models.CharField(blank=True, max_length=400, verbose_name="reason")),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "closed_by",
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
                                to="collaboration.alert",
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
                            ),
                        ),
                        (
                            "recipient",
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
                    name="CommentEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        ("id", models.BigIntegerField()),
                        ("object_id", models.PositiveBigIntegerField()),
                        ("text", models.TextField(max_length=4000, verbose_name="comment")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("edited_at", models.DateTimeField(blank=True, null=True)),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
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
                            "content_type",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="contenttypes.contenttype",
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
                                to="collaboration.comment",
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
