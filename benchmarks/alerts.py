"""Alerts a person: 20,000 products of 200 owners, one month's night, and the night after it.

``python -m benchmarks.alerts [PRODUCTS] [OWNERS]`` prints how many alerts the night raises, by kind and by
owner, what is new a night later, and how long the step takes. Everything is made in one transaction of the
configured database and taken back at the end.

The sales are drawn so that the bands are right: a month lies outside its 95 % band once in twenty, months of
one product err partly together. Forecasts move by 5 % (standard deviation), budgets miss by 8 %, one stage in
fifty changes, revenue a product is log-normal around 60,000 a year.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from statistics import mean, median, quantiles

LAST = "2026-10-01"

# One unit costs 10; `size` is what a product sells a month, `off` how much its forecast errs in all months.
# Foreign keys are checked at once: a long queue of them slows every later trigger.
_MAKE = """
SET CONSTRAINTS ALL IMMEDIATE;
SELECT setseed(0.42);
INSERT INTO products_product (code, name, kind, line_id, unit, description, temporary, owner_id, launched,
                              created_at, version)
SELECT 'BENCH-' || n, 'Product ' || n, 'good', %(line)s, '', '', false,
       (%(owners)s::bigint[])[1 + n %% %(people)s], '2020-01-01', now(), 1
FROM generate_series(1, %(products)s) n;
CREATE TEMP TABLE bench ON COMMIT DROP AS
SELECT id AS product_id, exp(6.2 + 1.2 * random_normal()) AS size, 0.03 * random_normal() AS off,
       0.05 * random_normal() AS moved, 0.08 * random_normal() AS planned, random() AS luck,
       nextval('forecasting_forecast_id_seq') AS now_id, nextval('forecasting_forecast_id_seq') AS before_id,
       nextval('forecasting_forecast_id_seq') AS earlier_id
FROM products_product WHERE line_id = %(line)s;
INSERT INTO products_productmonth (product_id, measure_id, month, volume, average_volume, revenue, days)
SELECT product_id, %(measure)s, month, v, v, v * 10, 30
FROM bench CROSS JOIN LATERAL (
    SELECT (date '2026-10-01' - make_interval(months => ago))::date AS month,
           round((size * (1 + off + 0.1 * random_normal()))::numeric, 4) AS v
    FROM generate_series(0, 23) ago WHERE product_id IS NOT NULL
) m;
INSERT INTO forecasting_forecast (id, product_id, measure_id, as_of, engine_version, input_hash, computed_at,
    current, stale, method, reason_code, reason_params, content_hash, by_week, monthly_because)
SELECT id, product_id, %(measure)s, as_of, '1', '', now(), as_of = '2026-10-01', false, 'theta_ets',
       'enough_history', '{"periods": 24}', '', false, ''
FROM bench CROSS JOIN LATERAL (VALUES (now_id, date '2026-10-01'), (before_id, date '2026-09-01'),
                                      (earlier_id, date '2026-08-01')) f(id, as_of);
INSERT INTO forecasting_forecastmonth (forecast_id, month, mean, median, lo80, hi80, lo95, hi95)
SELECT id, (as_of + make_interval(months => step))::date, f, f, f - 1.2816 * s, f + 1.2816 * s,
       f - 1.96 * s, f + 1.96 * s
FROM bench CROSS JOIN LATERAL (
    VALUES (now_id, date '2026-10-01', size * (1 + moved)), (before_id, date '2026-09-01', size),
           (earlier_id, date '2026-08-01', size)) v(id, as_of, f)
CROSS JOIN LATERAL (SELECT size * 0.1044 AS s) w CROSS JOIN generate_series(1, 18) step;
INSERT INTO products_budgetrow (version_id, product_id, measure_id, month, volume, revenue)
SELECT %(budget)s, product_id, %(measure)s, make_date(2026, month, 1), size * (1 + planned),
       size * (1 + planned) * 10
FROM bench CROSS JOIN generate_series(1, 12) month;
UPDATE products_budgetversion SET frozen_at = now() WHERE id = %(budget)s;
INSERT INTO forecasting_stageestimate (product_id, measure_id, as_of, engine_version, input_hash, computed_at,
    current, stage, p_introduction, p_growth, p_maturity, p_decline, p_revival, evidence_code,
    evidence_params, second_opinion, path)
SELECT product_id, %(measure)s, as_of, '1', '', now(), as_of = '2026-10-01',
       CASE WHEN luck < 0.02 AND as_of = '2026-09-01' THEN 'growth' ELSE 'maturity' END, 0, 0, 1, 0, 0,
       'level_steady', '{}', '', '[]'
FROM bench CROSS JOIN (VALUES (date '2026-10-01'), (date '2026-09-01')) a(as_of);
"""


def main(products: int = 20_000, owners: int = 200) -> None:
    """Make it, run the step twice, print, take it back."""
    import django

    django.setup()
    import pghistory
    from django.db import connection, transaction

    from products.services.figures import figures_refresh

    with transaction.atomic():
        values = _ground(owners)
        started = time.perf_counter()
        with connection.cursor() as cursor:
            with pghistory.context(source="shell"):  # else the history's triggers stumble on every row
                cursor.execute(_MAKE, values | {"products": products, "people": owners})
            cursor.execute("ANALYZE")
        figures_refresh()
        print(f"made {products:,} products of {owners} owners in {time.perf_counter() - started:.0f} s")
        _night("first night of the month")
        _night("the night after")
        transaction.set_rollback(True)


def _ground(owners: int) -> dict[str, object]:
    from accounts.models import Role, User
    from products.models import BudgetVersion, Measure, ProductLine

    people = User.objects.bulk_create(
        User(email=f"bench{n}@example.com", name=f"Bench {n}") for n in range(owners)
    )
    Role.objects.get(code="product-manager").users.add(*people)
    return {
        "line": ProductLine.objects.create(code="bench", name="Bench").pk,
        "measure": Measure.objects.get(code="units").pk,
        "budget": BudgetVersion.objects.create(code="bench-2026", name="Bench", year=2026).pk,
        "owners": [person.pk for person in people],
    }


def _night(label: str) -> None:
    import datetime

    from collaboration.models import Alert
    from forecasting.services.night import night_start
    from forecasting.steps import alerts

    local_date = datetime.date(2026, 11, 23)
    before = Alert.objects.count()
    run = night_start(local_date=local_date, as_of=datetime.date.fromisoformat(LAST))
    payloads = list(alerts.chunks(run))
    started, cpu = time.perf_counter(), time.process_time()
    for payload in payloads:
        alerts.compute(run, payload)()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    fresh = Alert.objects.filter(product__line__code="bench", state="open")
    kinds = Counter(fresh.values_list("kind", flat=True))
    by_owner = list(Counter(fresh.values_list("recipient", flat=True)).values()) or [0, 0]
    print(f"{label}: {took:.1f} s in {len(payloads)} chunks, {cpu:.1f} s of it in this process")
    print(f"  new {Alert.objects.count() - before:,}, open {sum(kinds.values()):,}: {dict(kinds)}")
    p95 = quantiles(by_owner, n=20)[-1]
    spread = f"median {median(by_owner)}, p95 {p95:.0f}, most {max(by_owner)}"
    print(f"  a person: mean {mean(by_owner):.1f}, {spread}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")
    main(*(int(value) for value in sys.argv[1:]))
