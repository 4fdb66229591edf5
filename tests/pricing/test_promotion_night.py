"""The night's step: what promotions did, from weeks or months; twice the same; only what changed."""

from __future__ import annotations

import datetime
from decimal import Decimal
from math import log
from typing import Any

import pgtrigger
import pytest

from accounts.errors import DomainError
from collaboration.models import DecisionOutcome
from core.months import month_add, month_end, month_start
from core.organisation import today
from forecasting.models import NightlyRun
from pricing.models import Price, PromotionEffect
from pricing.selectors.earlier_promotions import EarlierPromotions
from pricing.services.promotion_decisions import promotion_cancel
from products.models import Channel, Measure, Product, ProductFigures, ProductMonth, SalesFact, SalesMonth
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.pricing.elasticities import last
from tests.pricing.promotions import DAY, approved_factory, stopped

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY


def measure_now(**fields: Any) -> NightlyRun:
    return run_now(local_date=today(), only=["promotions", "decisions"], **fields)


def sales_give(product: Product, channel: Channel, volume: Any, *, weekly: bool, months: int = 36) -> None:
    """Sales by the week from a Monday on, or by the month, up to last month; ``volume(first day)``."""
    units = Measure.objects.get(code="units")
    first = month_add(last(), 1 - months)
    of: dict[str, Any] = {"product": product, "measure": units}
    monthly = [month_add(first, n) for n in range(months)]
    ProductMonth.objects.bulk_create(
        ProductMonth(**of, month=m, volume=400, revenue=800, days=month_end(m).day) for m in monthly
    )
    ProductFigures.objects.create(**of, data_month=last(), revenue_12m=product.pk)
    if weekly:
        start = first - first.weekday() * DAY + WEEK
        count = (month_end(last()) - start).days // 7
        SalesFact.objects.bulk_create(
            SalesFact(
                **of,
                channel=channel,
                start_date=start + n * WEEK,
                period="W",
                volume=round(volume(start + n * WEEK), 2),
            )
            for n in range(count)
        )
    else:
        SalesMonth.objects.bulk_create(
            SalesMonth(**of, channel=channel, month=m, volume=round(volume(m), 2), days=month_end(m).day)
            for m in monthly
        )


def monday(ago: int) -> datetime.date:
    """A Monday so many weeks before the first of last month."""
    return last() - last().weekday() * DAY - ago * WEEK


def wobble(day: datetime.date) -> float:
    return 100 + (day.toordinal() * 7919) % 11 - 5


def snapshot() -> list[tuple[Any, ...]]:
    names = [f.attname for f in PromotionEffect._meta.concrete_fields]
    return list(PromotionEffect.objects.order_by("pk").values_list(*names))


def test_weeks_product_channel_and_sister():
    line, channel = line_factory(), channel_factory()
    product, sister = product_factory(line=line), product_factory(line=line)
    start = monday(6)
    on = {start, start + WEEK}
    sales_give(product, channel, lambda d: wobble(d) * (2.0 if d in on else 1), weekly=True)
    sales_give(sister, channel, lambda d: wobble(d) * (0.7 if d in on else 1), weekly=True)
    other = channel_factory()  # another channel, that the promotion is not about
    SalesFact.objects.filter(product=product, channel=channel)
    SalesFact.objects.bulk_create(
        SalesFact(
            product=product,
            measure_id=row.measure_id,
            channel=other,
            start_date=row.start_date,
            period="W",
            volume=5000,
        )
        for row in SalesFact.objects.filter(product=product)
    )
    row = approved_factory(product, store_start=start, days=14, channels=[channel])
    run = measure_now()
    effect = PromotionEffect.objects.get()
    assert (effect.promotion, effect.product, effect.method, effect.reason) == (row, product, "weeks", "")
    assert effect.uplift == pytest.approx(1.0, abs=0.1)
    assert effect.uplift_lo80 < effect.uplift < effect.uplift_hi80
    assert effect.baseline == pytest.approx(200, rel=0.05)
    assert effect.after == pytest.approx(0, abs=25)
    assert effect.sisters == pytest.approx(-60, abs=20)
    assert [entry[0] for entry in effect.sister_rows] == [sister.pk]
    assert run.steps.get(name="promotions").state == "done"
    before = snapshot()
    measure_now()
    assert snapshot() == before
    # The same again from nothing, but for when and by which run.
    PromotionEffect.objects.all().delete()
    measure_now()
    skip = {f.attname for f in PromotionEffect._meta.concrete_fields} & {"id", "run_id", "computed_at"}
    again = PromotionEffect.objects.get()
    assert {
        f.attname: getattr(again, f.attname) for f in again._meta.concrete_fields if f.attname not in skip
    } == {
        f.attname: getattr(effect, f.attname) for f in effect._meta.concrete_fields if f.attname not in skip
    }
    # A figure that changes is measured anew; what is over stays as it ran.
    SalesFact.objects.filter(product=product, channel=channel, start_date=start).update(volume=400)
    measure_now()
    assert PromotionEffect.objects.get().uplift > effect.uplift + 0.5
    with pytest.raises(DomainError) as refused:
        promotion_cancel(user=user_factory(), promotion=row, note="It failed")
    assert refused.value.code == "over"


def test_money_off_a_price_that_only_the_lists_say_is_as_deep_as_if_it_were_said():
    product, channel = product_factory(), channel_factory()
    start = monday(6)
    on = {start, start + WEEK}
    sales_give(product, channel, lambda d: wobble(d) * (2.0 if d in on else 1), weekly=True)
    price = price_factory(product=product, price_list=price_list_factory(), start_date=start, amount=2)
    off = {"store_start": start, "days": 14, "channels": [channel], "mechanic": "price_cut"}
    approved_factory(product, **off, amount=Decimal("0.5"))
    share = approved_factory(product, **off, rate=Decimal("0.25"))

    def depths() -> set[float | None]:
        return {
            earlier.depth and round(earlier.depth, 6)
            for earlier in EarlierPromotions([product.pk])
            .expected(product.pk, product.line_id, "price_cut", None, None)
            ._rows
        }

    measure_now()
    assert depths() == {round(-log(0.75), 6)}
    assert PromotionEffect.objects.get(promotion=share).normal_price is None  # it needs none
    before = snapshot()
    measure_now()
    assert snapshot() == before
    # A price from before that came in later.
    price_factory(product=product, price_list=price.price_list, start_date=start - DAY, amount=1)
    measure_now()
    assert snapshot() == before
    with pgtrigger.ignore():
        Price.objects.update(amount=4)
    measure_now()
    assert depths() == {round(-log(0.75), 6), round(-log(3.5 / 4), 6)}


def test_one_that_is_stopped_is_measured_until_that_day():
    product, channel = product_factory(), channel_factory()
    start = monday(6)
    on = {start, start + WEEK}
    sales_give(product, channel, lambda d: wobble(d) * (2.0 if d in on else 1), weekly=True)
    row = approved_factory(product, store_start=start, store_end=today() + 30 * DAY)
    never = approved_factory(product, ahead=10)
    measure_now()
    assert not PromotionEffect.objects.exists()  # it runs
    stopped(row, start + 13 * DAY)
    promotion_cancel(user=user_factory(), promotion=never, note="No fruit")
    for _night in range(2):
        measure_now()
        effect = PromotionEffect.objects.get()
        assert effect.promotion == row
        assert effect.baseline == pytest.approx(200, rel=0.05)
        assert effect.uplift == pytest.approx(1.0, abs=0.1)
    outcome = DecisionOutcome.objects.get()
    assert (outcome.row.decision.reference, outcome.row.decision.withdrawn_at) == (row.pk, None)
    assert outcome.effect == effect.uplift


def test_months_count_for_the_share_of_the_month():
    product, channel = product_factory(), channel_factory()
    month = month_add(last(), -3)
    days = 15
    share = days / month_end(month).day
    sales_give(product, channel, lambda d: wobble(d) * ((1 + share * 0.8) if d == month else 1), weekly=False)
    approved_factory(product, store_start=month, days=days)
    measure_now()
    effect = PromotionEffect.objects.get()
    assert effect.method == "months"
    assert effect.uplift == pytest.approx(0.8, abs=0.2)


def test_it_says_why_there_is_nothing_and_waits_for_the_sales():
    line = line_factory()
    channel = channel_factory()
    short, ahead, draft, unsold = (product_factory(line=line) for _ in range(4))
    sales_give(short, channel, wobble, weekly=True, months=4)
    sales_give(ahead, channel, wobble, weekly=True)
    approved_factory(short, store_start=monday(2), days=7)
    # Over, and its sales are not yet in.
    running = month_start(today())
    if running < today() - DAY:
        approved_factory(ahead, store_start=running, days=1)
    approved_factory(unsold, store_start=monday(2), days=7)
    measure_now()
    found = dict(PromotionEffect.objects.values_list("product", "reason"))
    assert found == {short.pk: "short_history", unsold.pk: "no_sales"}
    assert draft.pk not in found


def test_a_run_that_looks_back_measures_nothing():
    product, channel = product_factory(), channel_factory()
    sales_give(product, channel, wobble, weekly=True)
    approved_factory(product, store_start=monday(6), days=7)
    measure_now(as_of=month_add(last(), -2))
    assert not PromotionEffect.objects.exists()


def test_of_a_state_what_comes_in_is_measured():
    units = Measure.objects.get(code="units")
    level = measure_factory(code="in-force", kind="level", unit_en=units.unit_en)
    product, channel = product_factory(line=line_factory(measures=[level, units])), channel_factory()
    start = monday(6)
    sales_give(product, channel, lambda day: wobble(day) * (2 if day == start else 1), weekly=True)
    approved_factory(product, store_start=start, days=7)
    measure_now()
    effect = PromotionEffect.objects.get()
    assert (effect.measure, effect.reason, effect.method) == (units, "", "weeks")
    assert effect.uplift == pytest.approx(1, abs=0.2)


def test_a_level_of_which_nothing_says_what_comes_in_is_never_measured():
    level = measure_factory(code="in-force", kind="level")
    product = product_factory(line=line_factory(measures=[level]))
    approved_factory(product, store_start=monday(6), days=7)
    measure_now()
    assert PromotionEffect.objects.get().reason == "level"
