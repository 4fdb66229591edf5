"""Writing backtests and the calibration pooled from them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from core.locks import lock_until_commit
from core.upsert import upsert
from forecasting.models import Backtest, Calibration, NightlyRun
from forecasting.selectors.inputs import of_subjects

# Behind a subject's newest so many are kept: a run that looks further back makes its own.
KEPT_MONTHS = 3


@transaction.atomic(savepoint=False)
def backtests_write(*, rows: Sequence[Backtest], run: NightlyRun) -> None:
    """One backtest per subject, measure and month; a newer run's stays."""
    if not rows:
        return
    lock_until_commit("backtests")
    mine = of_subjects({(row.product_id, row.family_id) for row in rows})
    keys = ("product_id", "family_id", "measure_id", "as_of")
    newer = set(Backtest.objects.filter(mine, run_id__gt=run.pk).values_list(*keys))
    own = [row for row in rows if (row.product_id, row.family_id, row.measure_id, row.as_of) not in newer]
    upsert(own, key=("product", "family", "measure", "as_of"))
    later = Backtest.objects.filter(
        as_of__gt=OuterRef("as_of") + datetime.timedelta(days=31 * KEPT_MONTHS), measure=OuterRef("measure")
    ).filter(Q(product=OuterRef("product")) | Q(family=OuterRef("family")))
    old = Backtest.objects.filter(mine).exclude(as_of__in={row.as_of for row in rows})
    old.filter(Exists(later)).delete()


@transaction.atomic(savepoint=False)
def calibration_write(
    *,
    run: NightlyRun,
    engine_version: str,
    series: int,
    payload: Mapping[str, Any],
    weeks: Mapping[str, Any] | None = None,
) -> Calibration:
    """Keep the factors of this month; they hold until the month moves on or the products change much. Two
    runs at once that pooled the same keep one row."""
    lock_until_commit("calibration")
    made = Calibration(
        as_of=run.as_of,
        engine_version=engine_version,
        series=series,
        payload=dict(payload),
        weeks=dict(weeks) if weeks else None,
    )
    there = Calibration.objects.filter(as_of=run.as_of, engine_version=engine_version).first()
    if there is not None and _said(there) == _said(made):
        return there
    made.save()
    return made


def _said(row: Calibration) -> str:
    return json.dumps([row.series, row.payload, row.weeks], sort_keys=True)
