"""A large company for the pages: products, five million sales rows, forecasts and stages, made in SQL."""

from __future__ import annotations

import datetime

import pghistory
from django.db import connection, transaction

from accounts.models import Role, User
from core.months import month_add, month_start
from core.organisation import today
from products.models import BudgetVersion, Channel, Measure, ProductLine
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild

CHANNELS = 5
MONTHS = 50
LINES = 40
OWNERS = 50

_PRODUCTS = """
    INSERT INTO products_product (code, name, kind, line_id, unit, description, temporary, owner_id, launched,
                                  created_at, version)
    SELECT 'P' || n, 'Product ' || md5(n::text), 'good', (%(lines)s::bigint[])[1 + n %% %(of_lines)s], '',
           'A product of the benchmark', false, (%(owners)s::bigint[])[1 + n %% %(of_owners)s],
           '2020-01-01', now(), 1
    FROM generate_series(0, %(products)s - 1) n
"""
_FACTS = """
    INSERT INTO products_salesfact (product_id, channel_id, measure_id, start_date, period, volume, revenue)
    SELECT p.id, c.id, %(measure)s, (%(last)s::date - make_interval(months => ago))::date, 'M', v, v * 3
    FROM products_product p CROSS JOIN products_channel c CROSS JOIN generate_series(0, %(months)s - 1) ago
    CROSS JOIN LATERAL (SELECT round((100 + p.id %% 400 + 50 * random())::numeric, 2) AS v
                        WHERE ago >= 0) drawn
"""
_FORECASTS = """
    INSERT INTO forecasting_forecast (product_id, measure_id, as_of, engine_version, input_hash, computed_at,
        current, stale, method, reason_code, reason_params, content_hash, data_month, wape, bias, mase,
        by_week, monthly_because)
    SELECT id, %(measure)s, %(last)s, '1', '', now(), true, false, 'theta_ets', 'enough_history',
           '{"periods": 50}', '', %(last)s, 0.1, 0, 0.8, false, ''
    FROM products_product;
    INSERT INTO forecasting_forecastmonth (forecast_id, month, mean, median, lo80, hi80, lo95, hi95)
    SELECT f.id, (%(last)s::date + make_interval(months => step))::date, 500, 500, 400, 600, 350, 650
    FROM forecasting_forecast f CROSS JOIN generate_series(1, 18) step;
    INSERT INTO forecasting_stageestimate (product_id, measure_id, as_of, engine_version, input_hash,
        computed_at, current, stage, stage_start, p_introduction, p_growth, p_maturity, p_decline, p_revival,
        evidence_code, evidence_params, second_opinion, path)
    SELECT id, %(measure)s, %(last)s, '1', '', now(), true, 'maturity', '2023-01-01', 0, 0.1, 0.8, 0.1, 0,
           'level_steady', '{}', '', '[["2023-01-01", "maturity"]]'
    FROM products_product;
    UPDATE products_productfigures SET forecast_as_of = %(last)s, forecast_12m = 6000 + product_id,
        forecast_12m_lo80 = 5000, forecast_12m_hi80 = 7000, forecast_12m_amount = 18000 + product_id,
        spark_forecast = array_fill(500::float8, ARRAY[18]), spark_lo80 = array_fill(400::float8, ARRAY[18]),
        spark_hi80 = array_fill(600::float8, ARRAY[18]), stage = 'maturity', stage_since = '2023-01-01'
"""

_BUDGET = """
    INSERT INTO products_budgetrow (version_id, product_id, measure_id, month, volume, revenue)
    SELECT %(budget)s, id, %(measure)s, make_date(extract(year FROM %(last)s::date)::int, month, 1), 500, 1500
    FROM products_product CROSS JOIN generate_series(1, 12) month
"""


def company_make(*, products: int, months: int = MONTHS) -> User:
    """Made, rolled up and analysed; an administrator who is a product manager too, and owns one in fifty."""
    last = month_add(month_start(today()), -1)
    tops = [ProductLine.objects.create(code=f"top-{n}", name=f"Top {n}") for n in range(4)]
    lines = [
        ProductLine.objects.create(code=f"line-{n}", name=f"Line {n}", parent=tops[n % 4])
        for n in range(LINES)
    ]
    Channel.objects.bulk_create(Channel(code=f"C{n}", name=f"Channel {n}") for n in range(CHANNELS))
    owners = User.objects.bulk_create(
        User(email=f"owner{n}@example.com", name=f"Owner {n}", language="nl") for n in range(OWNERS)
    )
    owners[0].roles.set(Role.objects.filter(code__in=["product-manager", "administrator"]))
    values: dict[str, object] = {
        "products": products,
        "lines": [line.pk for line in lines],
        "of_lines": len(lines),
        "owners": [owner.pk for owner in owners],
        "of_owners": len(owners),
        "measure": Measure.objects.get(code="units").pk,
        "last": last,
        "months": months,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute(_PRODUCTS, values)
        cursor.execute(_FACTS, values)
    _analyse()
    rollup_rebuild()
    _analyse()
    figures_refresh()
    budget = BudgetVersion.objects.create(code="plan", name="Plan", year=last.year)
    for made in (_BUDGET, _FORECASTS):
        # Without a context the history's triggers stumble on every row.
        with pghistory.context(source="shell"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(made, values | {"budget": budget.pk})
    _analyse()
    return owners[0]


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def month_text(months_ago: int) -> str:
    """``YYYY-MM`` of a month of the sales."""
    month: datetime.date = month_add(month_start(today()), -1 - months_ago)
    return f"{month:%Y-%m}"
