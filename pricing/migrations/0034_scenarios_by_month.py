"""What was kept says of which months it is; what stood without the change was kept in all, not by month."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.utils import timezone

from core.months import month_add, month_start


def fill(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("pricing", "Scenario").objects.exclude(result__has_key="months"):
        first = month_start(timezone.localtime(row.created_at).date())
        count = len(row.result.get("volumes", ()))
        row.result["months"] = [str(month_add(first, n)) for n in range(count)]
        row.result |= {"volumes_now": [None] * count, "revenues_now": [None] * count}
        row.save(update_fields=["result"])


class Migration(migrations.Migration):
    dependencies = [("pricing", "0033_cost_corrections_and_dated_shares")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
