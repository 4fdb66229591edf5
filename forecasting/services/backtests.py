"""Writing backtests and the calibration pooled from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from forecasting.models import Backtest, Calibration, NightlyRun

_KEY = ["product", "family", "measure"]


@transaction.atomic
def backtests_write(*, rows: Sequence[Backtest], run: NightlyRun) -> None:
    """One backtest per subject and measure; a newer run's stays, and one of a month this run may not know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('backtests'))")
    newer = {
        (row.product_id, row.family_id, row.measure_id): row
        for row in Backtest.objects.filter(
            Q(product_id__in={r.product_id for r in rows if r.product_id})
            | Q(family_id__in={r.family_id for r in rows if r.family_id})
        ).only("product_id", "family_id", "measure_id", "run_id", "as_of")
    }

    def stays(row: Backtest) -> bool:
        there = newer.get((row.product_id, row.family_id, row.measure_id))
        return there is not None and ((there.run_id or 0) > run.pk or there.as_of > run.as_of)

    Backtest.objects.bulk_create(
        [row for row in rows if not stays(row)],
        batch_size=500,
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=[f.name for f in Backtest._meta.concrete_fields if f.name not in {"id", *_KEY}],
    )


def calibration_write(
    *, run: NightlyRun, engine_version: str, series: int, payload: Mapping[str, Any]
) -> Calibration:
    """Keep the factors of this month; they hold until the month moves on or the products change much."""
    return Calibration.objects.create(
        as_of=run.as_of, engine_version=engine_version, series=series, payload=dict(payload)
    )
