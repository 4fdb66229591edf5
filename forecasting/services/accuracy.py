"""Writing how good frozen vintages turned out to be: rows, and what is derived from them for lists."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

from django.db import connection, transaction

from forecasting.models import AccuracyRow, AccuracyState, AccuracySum, AccuracyWindow, NightlyRun
from forecasting.models.accuracy import PERIODS, WINDOW_LAYERS
from forecasting.selectors.accuracy_sums import LAYERS

_KEY = ["product", "measure", "month", "lag"]
Digests = Mapping[tuple[int, int], str]
"""By product and measure."""


@transaction.atomic
def accuracy_write(
    *, run: NightlyRun, rows: Sequence[AccuracyRow], gone: Sequence[AccuracyRow], states: Digests
) -> None:
    """Write these unsaved rows in place of those of the same product, measure, month and lag, delete those
    that are ``gone``, and remember what the rows of each product and measure were computed from."""
    AccuracyRow.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for row in rows:
        row.run = run
    AccuracyRow.objects.bulk_create(
        rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=_KEY,
        update_fields=[f.name for f in AccuracyRow._meta.concrete_fields if f.name not in {"id", *_KEY}],
    )
    AccuracyState.objects.bulk_create(
        [
            AccuracyState(product_id=product, measure_id=measure, input_hash=digest, run=run)
            for (product, measure), digest in states.items()
        ],
        update_conflicts=True,
        unique_fields=["product", "measure"],
        update_fields=["input_hash", "run"],
    )
    _sums_stale({row.month for row in (*rows, *gone)})
    _windows_write(until=run.as_of, keys=list(states))


def _sums_stale(months: Collection[datetime.date]) -> None:
    """The sums of these months are to be made anew. Locked in one order, as chunks do this at once."""
    fresh = AccuracySum.objects.filter(month__in=months, stale=False)
    locked = list(fresh.order_by("pk").select_for_update().values_list("pk", flat=True))
    AccuracySum.objects.filter(pk__in=locked).update(stale=True)


def _three(expression: str, when: str) -> str:
    """A figure for each layer of a window; ``{said}`` in the expression is what the layer says."""
    sums = (
        f"coalesce(sum({expression.format(said=LAYERS[layer])})"
        f" FILTER (WHERE {when} AND {LAYERS[layer]} IS NOT NULL), 0)"
        for layer in WINDOW_LAYERS
    )
    return f"ARRAY[{', '.join(sums)}]"


_NOW = "r.month > (%(until)s::date - make_interval(months => w.months))::date"
_BEFORE = f"NOT ({_NOW})"
_WINDOWS = f"""
    INSERT INTO {AccuracyWindow._meta.db_table} (product_id, measure_id, lag, months, until, n, off, "over",
        size, net, amount, before_off, before_size)
    SELECT r.product_id, r.measure_id, r.lag, w.months, %(until)s, count(*) FILTER (WHERE {_NOW}),
           {_three("abs({said} - r.actual)", _NOW)}, {_three("{said} - r.actual", _NOW)},
           {_three("abs(r.actual)", _NOW)}, {_three("r.actual", _NOW)},
           {_three("r.price * abs({said} - r.actual)", _NOW)},
           {_three("abs({said} - r.actual)", _BEFORE)}, {_three("abs(r.actual)", _BEFORE)}
    FROM unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS a(product_id, measure_id)
    JOIN {AccuracyRow._meta.db_table} r USING (product_id, measure_id)
    CROSS JOIN unnest(%(periods)s::int[]) AS w(months)
    WHERE r.month <= %(until)s AND r.month > (%(until)s::date - make_interval(months => 2 * w.months))::date
    GROUP BY 1, 2, 3, 4
    HAVING count(*) FILTER (WHERE {_NOW}) > 0
    ON CONFLICT DO NOTHING
"""  # noqa: S608  put together from constants


def _windows_write(*, until: datetime.date, keys: Sequence[tuple[int, int]]) -> None:
    """The windows of these products and measures up to a month; those up to a later month stay."""
    params = {
        "until": until,
        "products": [product for product, _measure in keys],
        "measures": [measure for _product, measure in keys],
        "periods": list(PERIODS),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM forecasting_accuracywindow w USING"
            " unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS a(product_id, measure_id)"
            " WHERE w.product_id = a.product_id AND w.measure_id = a.measure_id AND w.until <= %(until)s",
            params,
        )
        cursor.execute(_WINDOWS, params)


@transaction.atomic
def accuracy_sums_write(
    *, run: NightlyRun, months: Collection[datetime.date], sums: Sequence[AccuracySum]
) -> None:
    """Put these unsaved sums in place of all of these months."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accuracy sums'))")
    AccuracySum.objects.filter(month__in=months).delete()
    for row in sums:
        row.run = run
    AccuracySum.objects.bulk_create(sums, batch_size=500)
