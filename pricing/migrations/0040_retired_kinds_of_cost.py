import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from accounts.migration_operations import AtOnce


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0039_lines_of_ledger_entries"),
    ]

    operations = [
        AtOnce(
            [
                pgtrigger.migrations.RemoveTrigger(
                    model_name="costkind",
                    name="insert_insert",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="costkind",
                    name="update_update",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="costkind",
                    name="delete_delete",
                ),
                migrations.AddField(
                    model_name="costkind",
                    name="is_retired",
                    field=models.BooleanField(default=False, verbose_name="no longer offered"),
                ),
                migrations.AddField(
                    model_name="costkindevent",
                    name="is_retired",
                    field=models.BooleanField(default=False, verbose_name="no longer offered"),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="costkind",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "pricing_costkindevent" ("code", "id", "is_landed", "is_retired", "level", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "version") VALUES (NEW."code", NEW."id", NEW."is_landed", NEW."is_retired", NEW."level", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place", NEW."version"); RETURN NULL;',
                            hash="8576530dee9afe0587a87769fefa20ea9cea33fb",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_77ef1",
                            table="pricing_costkind",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="costkind",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                            func='INSERT INTO "pricing_costkindevent" ("code", "id", "is_landed", "is_retired", "level", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "version") VALUES (NEW."code", NEW."id", NEW."is_landed", NEW."is_retired", NEW."level", NEW."name_en", NEW."name_nl", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."place", NEW."version"); RETURN NULL;',
                            hash="7cccb08433ae7a89c5cced1f07b669f6d204f0b4",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_80df9",
                            table="pricing_costkind",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="costkind",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='INSERT INTO "pricing_costkindevent" ("code", "id", "is_landed", "is_retired", "level", "name_en", "name_nl", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "version") VALUES (OLD."code", OLD."id", OLD."is_landed", OLD."is_retired", OLD."level", OLD."name_en", OLD."name_nl", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."place", OLD."version"); RETURN NULL;',
                            hash="a7e24c6f4293648398a6c5be2e737daaa37a1799",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_50311",
                            table="pricing_costkind",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
    ]
