"""What the night measures price sensitivity on: where in the chain, how widely it lay, and when not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pgtrigger
import pytest
from django.utils import translation

from core.months import month_add
from core.organisation import today
from pricing.models import DistributionMonth, Elasticity, PassThrough, Price
from pricing.selectors.distribution_series import distribution_of
from pricing.selectors.market_answers import MarketAnswers
from pricing.selectors.markets import Market
from pricing.words.elasticities import from_words, measured_words
from products.models import ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    price_list_factory,
    product_factory,
)
from tests.forecasting.conftest import run_now
from tests.pricing.elasticities import (
    LEVELS,
    flagged,
    last,
    price_then,
    prices_give,
    product_answering,
    sales_answering,
)

pytestmark = pytest.mark.django_db


def night() -> None:
    run_now(local_date=today(), kind="manual", only=["price_answers", "elasticity"])


def of(product: Any) -> Elasticity:
    return Elasticity.objects.select_related("measure").get(product=product)


def months() -> list[datetime.date]:
    return [month_add(last(), ago - 47) for ago in range(48)]


def lying(product: Any, channel: Any, lies: dict[datetime.date, float]) -> None:
    DistributionMonth.objects.bulk_create(
        DistributionMonth(product=product, channel=channel, month=month, weighted_rate=str(round(rate, 4)))
        for month, rate in lies.items()
    )


def test_volume_that_follows_distribution_is_not_taken_for_an_answer_to_price():
    line, shop = line_factory(), channel_factory(kind="account")
    store = channel_factory(parent=shop)
    # The cheaper, the more shops have it: 40 % at 11.50, 65 % at 9.00.
    lies = {month: 0.5 * (price_then(LEVELS, 48, month) / 10) ** -2 for month in months()}
    told, untold = (product_factory(line=line) for _ in range(2))
    for product in (told, untold):
        product_answering(product, store, e=-2.0, lies=lies)
    lying(told, shop, lies)
    night()
    assert of(untold).estimate == pytest.approx(-4.0, abs=0.4)
    assert of(told).estimate == pytest.approx(-2.0, abs=0.4)
    assert of(told).reason_params["distribution_pct"] == 100
    assert measured_words(of(told)) == (
        "Sales volume against our price, corrected for distribution (known for 100% of the volume)"
    )
    assert "distribution" not in measured_words(of(untold))


def test_months_that_somebody_marked_do_not_count():
    product = product_answering(product_factory(line=line_factory()), channel_factory(), e=-2.0)
    dear = [month for month in months() if price_then(LEVELS, 48, month) == 11.5][2:5]
    SalesMonth.objects.filter(product=product, month__in=dear).update(volume=20)
    night()
    spoilt = of(product)
    for month in dear:
        flagged(product, month)
    night()
    assert (spoilt.observations, of(product).observations) == (48, 45)
    assert of(product).estimate == pytest.approx(-2.0, abs=0.4)
    assert abs(spoilt.estimate + 2.0) > 0.4


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def sold() -> Any:
    """What a reseller orders leads, in waves of his own; what he sells is known too."""
    measures = [measure_factory(code=code, name_en=code, name_nl=code) for code in ("sell-in", "sell-out")]
    product = product_factory(line=line_factory(measures=measures))
    sales_answering(product, channel_factory(), e=-0.5, measure="sell-in", levels=LEVELS[::-1])
    return product


def passed_on(product: Any) -> float:
    """What part of a change of our price moves the one that volume answers to."""
    everybodys = Market((), {})
    return MarketAnswers({product.pk: [everybodys]}, {product.pk: product}).passed_on(product.pk, everybodys)


def test_sell_out_at_the_consumer_price_where_both_are_known(sold):
    prices_give(sold, price_list_factory(), LEVELS[::-1], 48)
    prices_give(sold, price_list_factory(kind="observed"), LEVELS, 48)
    PassThrough.objects.create(start_date=today(), rate="0.5")
    # Too short yet: what he orders, against what we ask him.
    sales_answering(sold, channel_factory(), e=-3.0, measure="sell-out", months=12, levels=(10.0,))
    night()
    found = of(sold)
    assert (found.measure.code, found.price_kind, found.reason_code) == ("sell-in", "own", "own_months")
    assert found.estimate == pytest.approx(-0.6, abs=0.4)
    assert measured_words(found) == "sell-in against our price"
    assert passed_on(sold) == 1.0
    SalesMonth.objects.filter(measure__code="sell-out").delete()
    ProductMonth.objects.filter(measure__code="sell-out").delete()
    sales_answering(sold, channel_factory(), e=-3.0, measure="sell-out")
    night()
    found = of(sold)
    assert (found.measure.code, found.price_kind, found.reason_code) == ("sell-out", "observed", "own_months")
    assert found.estimate == pytest.approx(-3.0, abs=0.4)
    assert measured_words(found) == "sell-out against the observed consumer price"
    assert passed_on(sold) == 0.5


def test_what_is_ordered_is_not_held_against_what_consumers_pay(sold):
    prices_give(sold, price_list_factory(kind="advised"), LEVELS, 48)
    night()
    found = of(sold)
    assert (found.measure.code, found.reason_code, found.price_kind) == ("sell-in", "sell_in", "")
    assert found.method in ("category", "portfolio")
    assert from_words(found).endswith(
        ": only what resellers order (sell-in) is known, but not our price to them"
    )
    assert measured_words(found) == ""
    with pgtrigger.ignore():
        Price.objects.all().delete()
    night()
    assert of(sold).reason_code == "no_price"


def test_each_channel_counts_by_what_a_point_sells_in_it():
    """40 sold at 20 points and 60 at 60 are 2 and 1 a point; 20 more lie anywhere."""
    a, b, c, of_b = 1, 2, 3, 4
    seen = [datetime.date(2026, month, 1) for month in (1, 2, 3)]
    rates = {a: dict(zip(seen, (0.1, 0.05, 0.05), strict=True)), b: {seen[1]: 60.0}}
    volumes = {
        a: dict(zip(seen, (20.0, 10.0, 10.0), strict=True)),
        of_b: {seen[1]: 30.0, seen[2]: 30.0},
        c: dict.fromkeys(seen, 10.0),
    }
    chains = {a: (a,), b: (b,), c: (c,), of_b: (of_b, b)}
    found = distribution_of(rates, volumes, chains, seen, seen)
    # 20 + 0 + 10, then 10 + 30 + 10, by 130 / 3: b is not sold yet in January, and in March as in February.
    assert found.values == pytest.approx([30 * 3 / 130, 50 * 3 / 130, 50 * 3 / 130], abs=1e-5)
    assert found.known == pytest.approx(70 / 130, abs=1e-4)
    assert distribution_of({}, volumes, chains, seen, seen).values == ()
