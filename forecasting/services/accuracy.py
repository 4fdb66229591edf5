"""Writing how good frozen vintages turned out to be: rows, and what is derived from them for lists."""

# ruff: noqa: S608  statements are put together from constants

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from core.locks import lock_until_commit
from core.upsert import upsert
from forecasting.models import AccuracyRow, AccuracyState, AccuracySum, AccuracyWindow, NightlyRun
from forecasting.models.accuracy import PERIODS, WINDOW_LAYERS
from forecasting.selectors.accuracy_sums import LAYERS

_KEY = ["product", "measure", "month", "lag"]
Digests = Mapping[tuple[int, int], str]
"""By product and measure."""


@transaction.atomic(savepoint=False)
def accuracy_write(
    *,
    run: NightlyRun,
    rows: Sequence[AccuracyRow],
    gone: Sequence[AccuracyRow],
    states: Digests,
    until: Mapping[tuple[int, int], datetime.date],
) -> None:
    """Write these unsaved rows in place of those of the same product, measure, month and lag, delete those
    that are ``gone``, and remember what the rows of each product and measure were computed from. The windows
    of each end with the month ``until``, its last final one."""
    AccuracyRow.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for row in rows:
        row.run = run
    upsert(rows, key=_KEY)
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
    _windows_write(known=run.as_of, until=until)


def _sums_stale(months: Collection[datetime.date]) -> None:
    """The sums of these months are to be made anew. Locked in one order, as chunks do this at once."""
    fresh = AccuracySum.objects.filter(month__in=months, stale=False)
    locked = list(fresh.order_by("pk").select_for_update().values_list("pk", flat=True))
    AccuracySum.objects.filter(pk__in=locked).update(stale=True)


_ASKED = (
    "unnest(%(products)s::bigint[], %(measures)s::bigint[], %(untils)s::date[])"
    " AS a(product_id, measure_id, until)"
)
# Each row is added up once, by its age in months; a window and what came before it are made of whole ages.
_AGES = (3, 6, 12, 24, 48)
_AGE = f"""CASE {
    " ".join(f"WHEN r.month > (a.until - interval '{age} months')::date THEN {age}" for age in _AGES)
} END"""
_FIGURES = {
    "off": "abs({said} - r.actual)",
    "over": "{said} - r.actual",
    "size": "CASE WHEN {said} IS NOT NULL THEN abs(r.actual) END",
    "net": "CASE WHEN {said} IS NOT NULL THEN r.actual END",
    "amount": "r.price * abs({said} - r.actual)",
}


def _by_age() -> str:
    return ", ".join(
        f"sum({figure.format(said=LAYERS[layer])}) AS {name}_{place}"
        for name, figure in _FIGURES.items()
        for place, layer in enumerate(WINDOW_LAYERS)
    )


def _three(name: str, when: str) -> str:
    """A figure of each layer of a window."""
    sums = (f"coalesce(sum({name}_{place}) FILTER (WHERE {when}), 0)" for place in range(len(WINDOW_LAYERS)))
    return f"ARRAY[{', '.join(sums)}]"


_NOW, _BEFORE = "b.age <= w.months", "b.age > w.months"
_WINDOWS = f"""
    WITH bucket AS (
        SELECT r.product_id, r.measure_id, r.lag, a.until, count(*) AS n, {_by_age()},
               {_AGE} AS age
        FROM {_ASKED}
        JOIN {AccuracyRow._meta.db_table} r USING (product_id, measure_id)
        WHERE r.month <= a.until AND r.month > (a.until - make_interval(months => %(oldest)s))::date
        GROUP BY r.product_id, r.measure_id, r.lag, a.until, age
    )
    INSERT INTO {AccuracyWindow._meta.db_table} (product_id, measure_id, lag, months, until, n, off, "over",
        size, net, amount, before_off, before_size)
    SELECT b.product_id, b.measure_id, b.lag, w.months, b.until, sum(b.n) FILTER (WHERE {_NOW}),
           {", ".join(_three(name, _NOW) for name in _FIGURES)},
           {_three("off", _BEFORE)}, {_three("size", _BEFORE)}
    FROM bucket b JOIN unnest(%(periods)s::int[]) AS w(months) ON b.age <= 2 * w.months
    GROUP BY b.product_id, b.measure_id, b.lag, w.months, b.until
    HAVING count(*) FILTER (WHERE {_NOW}) > 0
    ON CONFLICT DO NOTHING
"""


def _windows_write(*, known: datetime.date, until: Mapping[tuple[int, int], datetime.date]) -> None:
    """The windows of these products and measures; those of months that the run may not know stay."""
    params: dict[str, Any] = {
        "known": known,
        "products": [product for product, _measure in until],
        "measures": [measure for _product, measure in until],
        "untils": list(until.values()),
        "periods": list(PERIODS),
        "oldest": _AGES[-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM forecasting_accuracywindow w USING {_ASKED}"
            " WHERE w.product_id = a.product_id AND w.measure_id = a.measure_id AND w.until <= %(known)s",
            params,
        )
        cursor.execute(_WINDOWS, params)


@transaction.atomic(savepoint=False)
def accuracy_sums_write(
    *, run: NightlyRun, months: Collection[datetime.date], sums: Sequence[AccuracySum]
) -> None:
    """Put these unsaved sums in place of all of these months."""
    lock_until_commit("accuracy sums")
    AccuracySum.objects.filter(month__in=months).delete()
    for row in sums:
        row.run = run
    AccuracySum.objects.bulk_create(sums, batch_size=500)
