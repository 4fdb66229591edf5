"""Drivers: which there are, which a product has, and their months."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from core.months import month_add, month_days, month_end, month_range, month_start
from core.numbers import significant
from core.sql import rows_of, sql_of
from forecasting.calendars import calendar_value
from forecasting.models import Driver, DriverValue, Forecast
from products.models import Product
from products.selectors.access import products_visible, visible_line_ids
from products.selectors.lines import LineTree, line_tree

from .forecasts import forecasts_visible

# A month of a series counts when values cover this share of its days.
COVERED = 0.8

Months = dict[datetime.date, float]


def drivers_visible(user: Any) -> QuerySet[Driver]:
    """Those of everything, of the lines a person sees and those above them, and of products they see."""
    if not user.has_perm("forecasting.view"):
        return Driver.objects.none()
    lines = visible_line_ids(user)
    if lines is None:
        return Driver.objects.all()
    tree = line_tree()
    above = {line.pk for pk in lines for line in tree.ancestors(pk)}
    return Driver.objects.filter(
        Q(product=None, line=None) | Q(line__in=above) | Q(product__in=products_visible(user))
    )


@dataclass(frozen=True)
class DriverUse:
    """In how many current forecasts a driver works, and in how many it was tried in vain."""

    used: int = 0
    refused: int = 0


def drivers_use(user: Any, drivers: Collection[int] | None = None) -> dict[int, DriverUse]:
    """Of these drivers, or all, in the forecasts a person may see; a driver that is in none is absent."""
    shown = forecasts_visible(user).filter(current=True, driver_effects__isnull=False)
    effects = sql_of(shown.order_by().values_list("driver_effects"))
    if not effects:  # they may see none
        return {}
    rows = rows_of(
        f"""SELECT (e->>'id')::bigint, count(*) FILTER (WHERE said.key = 'used'), count(*)
            FROM ({effects}) f, jsonb_each(f.driver_effects) said, jsonb_array_elements(said.value) e
            WHERE %(drivers)s::bigint[] IS NULL OR (e->>'id')::bigint = ANY(%(drivers)s)
            GROUP BY 1""",  # noqa: S608
        {"drivers": None if drivers is None else list(drivers)},
    )
    return {pk: DriverUse(used, found - used) for pk, used, found in rows}


def driver_forecasts(user: Any, driver: Driver) -> list[tuple[Forecast, dict[str, Any], bool]]:
    """The current forecasts in which it was tried, what was said of it there, and whether it works: those it
    moves most first."""
    rows = forecasts_visible(user).filter(
        Q(driver_effects__used__contains=[{"id": driver.pk}])
        | Q(driver_effects__refused__contains=[{"id": driver.pk}]),
        current=True,
    )
    found = []
    for row in rows.select_related("product__line", "family__line", "measure"):
        said: dict[str, Any] = row.driver_effects or {}
        for key in ("used", "refused"):
            found += [(row, e, key == "used") for e in said[key] if e["id"] == driver.pk]
    return sorted(found, key=lambda each: (not each[2], -abs(each[1].get("year") or 0), each[0].pk))


@dataclass(frozen=True)
class DriverWorking:
    """A driver in the forecast of a product, and what was said of it there."""

    driver: Driver
    product: Product
    said: Mapping[str, Any]


def drivers_working(user: Any, tree: LineTree, products: Collection[Product]) -> list[DriverWorking]:
    """The drivers that work in the current forecasts of these products, by their leading measure: by product,
    those that move it most first. Two queries."""
    leads = {product.pk: tree.lead_measure(product.line_id).pk for product in products}
    rows = forecasts_visible(user).filter(product__in=leads, current=True, driver_effects__isnull=False)
    effects: dict[int | None, list[Any]] = {
        pk: (said or {}).get("used", [])
        for pk, measure, said in rows.values_list("product_id", "measure_id", "driver_effects")
        if leads[pk] == measure
    }
    known = drivers_visible(user).in_bulk({entry["id"] for said in effects.values() for entry in said})
    return [
        DriverWorking(known[entry["id"]], product, entry)
        for product in products
        for entry in sorted(effects.get(product.pk, ()), key=lambda each: -abs(each["year"]))
        if entry["id"] in known
    ]


STATES = ("all", "used", "unused", "off")


@dataclass(frozen=True)
class DriverFilter:
    """What the person asked for: ``?q=&state=``; what does not exist is ignored."""

    q: str
    state: str

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> DriverFilter:
        state = asked.get("state", "")
        return cls(asked.get("q", "").strip()[:80], state if state in STATES else "all")


def drivers_page(user: Any, chosen: DriverFilter) -> QuerySet[Driver]:
    """What was asked for, by name, with how many values, from when until when."""
    rows = drivers_visible(user)
    if chosen.q:
        rows = rows.filter(
            Q(name__icontains=chosen.q)
            | Q(code__icontains=chosen.q)
            | Q(product__code__iexact=chosen.q)
            | Q(product__name__icontains=chosen.q)
        )
    used = Q()
    if chosen.state in ("used", "unused"):
        used = Q(pk__in=[pk for pk, use in drivers_use(user).items() if use.used])
    if chosen.state == "off":
        rows = rows.filter(is_active=False)
    elif chosen.state == "used":
        rows = rows.filter(used)
    elif chosen.state == "unused":
        rows = rows.filter(~used, is_active=True)
    return with_span(rows).select_related("product", "line").order_by("name", "pk")


def with_span(rows: QuerySet[Driver]) -> QuerySet[Driver]:
    return rows.annotate(
        value_count=Count("values"), first_date=Min("values__date"), last_date=Max("values__date")
    )


# -- for the night -----------------------------------------------------------------------------------------


def drivers_of(
    product_ids: Collection[int], lines: Mapping[int, int], tree: LineTree
) -> dict[tuple[str, int], list[Driver]]:
    """The active drivers that hold for each product (``("product", id)``) and line (``("line", id)``, for
    families), the nearest of a code; ``lines`` says each product's line. Nothing where there are none."""
    rows = Driver.objects.filter(Q(product=None) | Q(product_id__any=product_ids), is_active=True)
    shared: list[Driver] = []
    own: dict[int, list[Driver]] = defaultdict(list)
    for row in rows.order_by("code", "pk"):
        (shared if row.product_id is None else own[row.product_id]).append(row)
    if not shared and not own:
        return {}
    by_line: dict[int, dict[str, Driver]] = {}
    found: dict[tuple[str, int], list[Driver]] = {}
    for line_id in set(lines.values()):
        near = {row.code: row for row in shared if row.line_id is None}
        for line in tree.path(line_id):
            near |= {row.code: row for row in shared if row.line_id == line.pk}
        by_line[line_id] = near
        found["line", line_id] = _in_order(near.values())
    for product_id in product_ids:
        near = by_line.get(lines.get(product_id, 0), {}) | {row.code: row for row in own[product_id]}
        found["product", product_id] = _in_order(near.values())
    return {key: held for key, held in found.items() if held}


def _in_order(drivers: Iterable[Driver]) -> list[Driver]:
    return sorted(drivers, key=lambda row: (row.code, row.pk))


def driver_months(
    drivers: Collection[Driver], first: datetime.date, last: datetime.date
) -> dict[int, Months]:
    """Each driver's value by month, as far as known: of days and weeks the mean over the days; of a calendar
    its count from ``first`` to ``last``.

    A month of a series counts when values cover most of its days. An event is nothing on days that are not
    named, from the first month named to the last; later ones are not known.
    """
    values = _values_of(drivers)
    return {
        row.pk: {month: calendar_value(row.calendar, month_days(month)) for month in month_range(first, last)}
        if row.calendar
        else by_month(row, values[row.pk])
        for row in drivers
    }


def driver_weeks(
    drivers: Collection[Driver], first: datetime.date, last: datetime.date
) -> dict[int, dict[datetime.date, float]]:
    """The same by the week that begins on the weekday of ``first``, a month's value counting on each of its
    days; of a calendar from ``first`` to ``last``."""
    values = _values_of(drivers)
    weeks = [first + datetime.timedelta(7 * step) for step in range((last - first).days // 7 + 1)]
    return {
        row.pk: {week: calendar_value(row.calendar, _days(week, 7)) for week in weeks}
        if row.calendar
        else by_week(row, values[row.pk], first.weekday())
        for row in drivers
    }


def _values_of(drivers: Collection[Driver]) -> dict[int, dict[datetime.date, Decimal]]:
    values: dict[int, dict[datetime.date, Decimal]] = defaultdict(dict)
    rows = DriverValue.objects.filter(driver__in=[row.pk for row in drivers if not row.calendar])
    for pk, date, value in rows.values_list("driver_id", "date", "value"):
        values[pk][date] = value
    return values


def by_month(driver: Driver, values: Mapping[datetime.date, Decimal]) -> Months:
    if driver.step == Driver.Step.MONTH:
        found = {date: float(value) for date, value in values.items()}
    else:
        found = _means(driver, values, month_start, lambda month: month_end(month).day)
    if driver.kind == Driver.Kind.EVENT and found:
        found = {month: found.get(month, 0.0) for month in month_range(min(found), max(found))}
    return {month: significant(value, 9) for month, value in sorted(found.items())}


def by_week(
    driver: Driver, values: Mapping[datetime.date, Decimal], weekday: int
) -> dict[datetime.date, float]:
    """By the first day of the week, which is this weekday (0: Monday)."""

    def week_of(day: datetime.date) -> datetime.date:
        return day - datetime.timedelta((day.weekday() - weekday) % 7)

    found = _means(driver, values, week_of, lambda _week: 7)
    if driver.kind == Driver.Kind.EVENT and found:
        week, last = min(found), max(found)
        while week < last:
            found.setdefault(week, 0.0)
            week += datetime.timedelta(7)
    return {week: significant(value, 9) for week, value in sorted(found.items())}


def _means(
    driver: Driver,
    values: Mapping[datetime.date, Decimal],
    period_of: Callable[[datetime.date], datetime.date],
    length_of: Callable[[datetime.date], int],
) -> dict[datetime.date, float]:
    """Over the days of a period: of an event all of them, of a series those known, if they are enough."""
    sums: dict[datetime.date, float] = defaultdict(float)
    days: dict[datetime.date, int] = defaultdict(int)
    for date, value in sorted(values.items()):
        for day in _driver_days(driver, date):
            sums[period_of(day)] += float(value)
            days[period_of(day)] += 1
    if driver.kind == Driver.Kind.EVENT:
        return {period: sums[period] / length_of(period) for period in sums}
    enough = {period for period, count in days.items() if count >= COVERED * length_of(period)}
    return {period: sums[period] / days[period] for period in enough}


def _driver_days(driver: Driver, date: datetime.date) -> list[datetime.date]:
    """The days that a value of the driver is of."""
    if driver.step == Driver.Step.MONTH:
        return month_days(date)
    return _days(date, 1 if driver.step == Driver.Step.DAY else 7)


def _days(first: datetime.date, count: int) -> list[datetime.date]:
    return [first + datetime.timedelta(step) for step in range(count)]


def months_ahead(as_of: datetime.date, months: int) -> list[datetime.date]:
    return [month_add(as_of, step) for step in range(1, months + 1)]
