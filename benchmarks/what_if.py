"""A slider of a what-if and its whole card, asked among 5,000 products: latency through gunicorn, as ``make
run`` starts it, and queries and CPU in this process.

Goal: answered within 300 ms, also beside three kept scenarios. Each product has prices for everybody and of a
channel, an elasticity of both, costs, weighted distribution in a channel and a measured promotion; some
have a price in parts, and some count a state.
"""

from __future__ import annotations

import datetime
import http.client
import random
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from statistics import NormalDist
from urllib.parse import urlencode

import pghistory
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.company import company_make
from benchmarks.pages import gunicorn
from benchmarks.tools import Bench, Took, clock, median, percentile, tell
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind, CostLine, CostRate, PriceList, Promotion, ReferenceUse
from pricing.selectors.what_if import Ground
from pricing.selectors.what_if_reading import what_if_ground
from pricing.services.scenarios import MOST, scenario_save
from pricing.what_if_asked import Asker
from products.models import Channel, LineMeasure, Measure, Product, ProductLine

ASKED = 40
PRICE = Decimal(3)
# What is asked for, by its target.
ASKS = {"slider": "div#what-if-result", "whole card": "div#what-if"}

_PRICES = """
    INSERT INTO pricing_price (price_list_id, product_id, component, tier, start_date, amount, state,
                               approved_by_id, approved_at)
    SELECT l.id, p.id, 'unit', '', (%(last)s::date - make_interval(months => ago))::date,
           %(price)s + (p.id + ago) %% 7 / 20.0, 'approved', %(user)s, now()
    FROM pricing_pricelist l CROSS JOIN products_product p CROSS JOIN generate_series(0, 24, 6) ago
"""
_ELASTICITIES = """
    INSERT INTO pricing_elasticity (product_id, channel_id, measure_id, as_of, frequency, price_kind,
        observations, lowest_price, highest_price, likelihood, pending, method, reason_code,
        reason_params, estimate, sd,
        lo80, hi80, lo95, hi95, quantiles, engine_version, input_hash, computed_at)
    SELECT p.id, c.id, %(measure)s, %(last)s, 'months', 'own', 48, 2.5, 3.5, '{}', false, 'quasi_poisson',
           'own_months', '{"months": 48, "spread_pct": 5.1, "needed": 24, "changes": 5, "answered_pct": 3.0}',
           -2.5, 0.4, -3.01, -1.99, -3.28, -1.72, %(quantiles)s::float8[], '1', '', now()
    FROM products_product p CROSS JOIN (SELECT NULL::bigint AS id UNION ALL SELECT %(channel)s) c
"""
_DISTRIBUTION = """
    INSERT INTO pricing_distributionmonth (product_id, channel_id, month, weighted_rate)
    SELECT p.id, %(channel)s, (%(last)s::date - make_interval(months => ago))::date,
           0.4 + (p.id + ago) %% 5 / 50.0
    FROM products_product p CROSS JOIN generate_series(0, 11) ago
"""
_EFFECTS = """
    INSERT INTO pricing_promotionproduct (promotion_id, product_id)
    SELECT %(promotion)s, id FROM products_product;
    INSERT INTO pricing_promotioneffect (promotion_id, product_id, measure_id, method, reason, baseline, sold,
        uplift, uplift_lo80, uplift_hi80, after, after_lo80, after_hi80, sisters, sisters_lo80, sisters_hi80,
        sister_rows, course, engine_version, input_hash, computed_at)
    SELECT %(promotion)s, id, %(measure)s, 'months', '', 200, 300, 0.5, 0.4, 0.6, -20, -30, -10, -10, -20, 0,
           '[]', '[]', '1', '', now()
    FROM products_product
"""


_PARTS = """
    INSERT INTO pricing_price (price_list_id, product_id, component, tier, start_date, amount, state,
                               approved_by_id, approved_at)
    SELECT l.id, p.id, 'month', '', %(last)s::date - 900, 5, 'approved', %(user)s, now()
    FROM pricing_pricelist l CROSS JOIN products_product p WHERE l.channel_id IS NULL AND p.line_id = %(line)s
"""
# As many as come in in 30 months are there.
_STATES = """
    INSERT INTO products_productmonth (product_id, measure_id, month, volume, revenue, days)
    SELECT product_id, %(level)s, month, 30 * avg(volume) OVER (PARTITION BY product_id), revenue, days
    FROM products_productmonth m JOIN products_product p ON p.id = m.product_id WHERE p.line_id = %(line)s;
    INSERT INTO forecasting_forecast (product_id, measure_id, as_of, engine_version, input_hash, computed_at,
        current, stale, method, reason_code, reason_params, content_hash, data_month, bias, by_week,
        monthly_because)
    SELECT id, %(level)s, %(last)s, '1', '', now(), true, false, 'theta_ets', 'enough_history',
           '{"periods": 50}', '', %(last)s, 0, false, ''
    FROM products_product WHERE line_id = %(line)s;
    INSERT INTO forecasting_forecastmonth (forecast_id, month, mean, median, lo80, hi80, lo95, hi95)
    SELECT f.id, (%(last)s::date + make_interval(months => step))::date, 9000, 9000, 8500, 9500, 8000, 9900
    FROM forecasting_forecast f CROSS JOIN generate_series(1, 18) step WHERE f.measure_id = %(level)s
"""


Asked = dict[str, tuple[str, list[tuple[str, object]]]]
"""Of each kind of question the product's code and what is asked of it."""


def questions(
    chance: random.Random, kept: dict[str, list[int]], others: list[list[str]], channel: int, turn: int
) -> Asked:
    """One of each kind, somewhere on its slider; ``others``: codes of products with a price in parts, and of
    those that count a state."""
    price, cut = ("price", f"{2.7 + chance.random() * 0.6:.2f}"), ("price", f"{2 + chance.random():.2f}")
    yearly = ("price", f"{70 + 20 * chance.random():.2f}")
    promotion = [("kind", "promotion"), ("mechanic", "price_cut")]
    plain, parts, state = (codes[turn % len(codes)] for codes in (list(kept), *others))
    return {
        "price": (plain, [price]),
        "price, three kept beside it": (plain, [price, *(("with", pk) for pk in kept[plain])]),
        "price of a channel": (plain, [price, ("channel", channel)]),
        "price in parts": (parts, [yearly]),
        "price of a state": (state, [price]),
        "promotion": (plain, [*promotion, cut]),
        "promotion of a price in parts": (parts, [*promotion, yearly]),
        "promotion of a state": (state, [*promotion, cut]),
        "distribution": (
            plain,
            [("kind", "distribution"), ("rate", f"{0.3 + chance.random() * 0.4:.2f}")],
        ),
    }


def run(bench: Bench) -> None:
    products, times = bench.size(5_000, 60), bench.size(100, 1)
    user = company_make(products=products)
    channel = priced_company(user)
    asked = bench.size(ASKED, 1)
    some, parts, states = (
        list(Product.objects.order_by("pk")[first : first + asked]) for first in (0, asked, 2 * asked)
    )
    in_parts(user, parts)
    counted_as_state(states)
    kept = {product.code: _keep(user, product) for product in some}
    others = [[product.code for product in of] for of in (parts, states)]
    tell(f"{products:,} products; {times} answers to each kind of question, of {asked} products in turn")
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    signed_in = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "Host": "localhost"}
    ask = partial(questions, kept=kept, others=others, channel=channel)
    with gunicorn() as port:
        for name, target in ASKS.items():
            tell(name)
            headers = {"HX-Request": "true", "HX-Target": target}
            _inside(client, headers, ask, times)
            _outside(port, signed_in | headers, ask, times, bench.size(5, 0))


def priced_company(user: User) -> int:
    """The channel that has a list of its own."""
    channel = Channel.objects.get(code="C1")
    for code, own in (("sell", None), ("c1", channel)):
        PriceList.objects.create(
            code=code, name_en=code, name_nl=code, kind="own", currency="EUR", channel=own, with_vat=False
        )
    last = month_add(month_start(today()), -1)
    promotion = Promotion.objects.create(
        name="Earlier",
        mechanic="price_cut",
        rate=Decimal("0.25"),
        store_start=month_add(last, -6),
        store_end=month_add(last, -6) + datetime.timedelta(days=13),
        author=user,
    )
    of = NormalDist(-2.5, 0.4)
    values = {
        "last": last,
        "price": PRICE,
        "user": user.pk,
        "measure": Measure.objects.get(code="units").pk,
        "channel": channel.pk,
        "promotion": promotion.pk,
        "quantiles": [round(of.inv_cdf((n + 0.5) / 64), 4) for n in range(64)],
    }
    with pghistory.context(source="shell"), transaction.atomic(), connection.cursor() as cursor:
        for made in (_PRICES, _ELASTICITIES, _DISTRIBUTION, _EFFECTS):
            cursor.execute(made, values)
    decided = {
        "state": "approved",
        "proposed_by": user,
        "decided_by": user,
        "decided_at": promotion.created_at,
    }
    Promotion.objects.filter(pk=promotion.pk).update(**decided)
    for line in ProductLine.objects.filter(parent=None):
        kind = CostKind.objects.get(code="purchase")
        costs = CostLine.objects.create(line=line, kind=kind, basis="unit", currency="EUR")
        CostRate.objects.create(cost_line=costs, start_date=month_add(last, -36), amount=2, created_by=user)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return channel.pk


def in_parts(user: User, products: list[Product]) -> None:
    """With a price a month beside that of a unit, of which customers use twelve in a year."""
    line = _own_line("parts", products)
    ReferenceUse.objects.create(line=line, customer="Home", tier="", amount=12)
    _made(_PARTS, {"line": line.pk, "user": user.pk})


def counted_as_state(products: list[Product]) -> None:
    """What was sold comes into a state."""
    line, units = _own_line("state", products), Measure.objects.get(code="units")
    level = Measure.objects.create(
        code="there",
        name_en="There",
        name_nl="Er",
        unit_en=units.unit_en,
        unit_nl=units.unit_nl,
        kind=Measure.Kind.LEVEL,
    )
    LineMeasure.objects.create(line=line, measure=level, leads=True)
    LineMeasure.objects.create(line=line, measure=units)
    _made(_STATES, {"line": line.pk, "level": level.pk})


def _own_line(code: str, products: list[Product]) -> ProductLine:
    line = ProductLine.objects.create(code=code, name=code, parent=ProductLine.objects.get(code="top-0"))
    Product.objects.filter(pk__in=[product.pk for product in products]).update(line=line)
    return line


def _made(sql: str, values: dict[str, object]) -> None:
    last = month_add(month_start(today()), -1)
    with pghistory.context(source="shell"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values | {"last": last})


def _keep(user: User, product: Product) -> list[int]:
    ground = what_if_ground(user, product)
    if not isinstance(ground, Ground):
        raise RuntimeError(f"{product.code}: {ground}")
    asker, found = Asker(user, ground), []
    for price in ("2.90", "3.10", "3.20")[:MOST]:
        answer = asker.answer(asker.read({"price": price}))
        if answer is None:
            raise RuntimeError(f"{product.code} has no answer")
        found.append(scenario_save(user=user, ground=ground, name=price, answer=answer).pk)
    return found


def _addresses(asked: Asked) -> dict[str, str]:
    return {name: f"/products/{code}/mix/what-if/?{urlencode(said)}" for name, (code, said) in asked.items()}


def _inside(client: Client, headers: dict[str, str], ask: Callable[..., Asked], times: int) -> None:
    chance = random.Random(2)
    took: dict[str, list[Took]] = defaultdict(list)
    counted: dict[str, int] = {}
    for turn in range(times):
        for name, address in _addresses(ask(chance, turn=turn)).items():
            if turn == 0:  # templates loaded
                _read(client, headers, address)
                with CaptureQueriesContext(connection) as queries:
                    _read(client, headers, address)
                counted[name] = len(queries)
            with clock() as one:
                _read(client, headers, address)
            took[name].append(one)
    tell("   in this process: queries, CPU an answer (with the database's)")
    for name, found in took.items():
        cpu = sum(one.cpu for one in found) / len(found) * 1000
        tell(f"      {name}: {counted[name]}, {cpu:.0f} ms")


def _read(client: Client, headers: dict[str, str], address: str) -> None:
    answer = client.get(address, headers=headers)
    if answer.status_code != 200 or "data-chart-box" not in answer.content.decode():
        raise RuntimeError(f"{address} answered {answer.status_code} without an outcome")


def _outside(port: int, headers: dict[str, str], ask: Callable[..., Asked], times: int, unseen: int) -> None:
    """After so many turns ``unseen``, in which both processes get their templates."""
    chance = random.Random(3)
    took: dict[str, list[float]] = defaultdict(list)
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for turn in range(times + unseen):
        for name, address in _addresses(ask(chance, turn=turn)).items():
            started = time.perf_counter()
            web.request("GET", address, headers=headers)
            answer = web.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{address} answered {answer.status}")
            if turn >= unseen:
                took[name].append((time.perf_counter() - started) * 1000)
    web.close()
    tell("   through gunicorn, one client: p50, p95 (goal ≤ 300 ms)")
    for name, walls in took.items():
        tell(f"      {name}: {median(walls):.0f} ms, {percentile(walls, 0.95):.0f} ms")
