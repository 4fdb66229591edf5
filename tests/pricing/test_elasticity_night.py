"""The night's price sensitivity: from weeks or months, borrowed where it must be, twice the same."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from core.months import month_add
from core.organisation import today
from forecasting.models import Finding
from pricing.models import DistributionMonth, Elasticity, Price, PriceList, Promotion
from pricing.selectors.price_series import PriceSeriesReader
from pricing.selectors.price_signs import price_signs
from pricing.services.promotions import ProductPlan
from pricing.steps.elasticity import chunks
from products.models import Channel, Measure, Product, SalesFact, SalesMonth
from products.selectors.months import complete_months
from tests.factories import channel_factory, line_factory, price_factory, price_list_factory, product_factory
from tests.forecasting.conftest import run_now
from tests.pricing.elasticities import (
    LEVELS,
    answers_of,
    channel_answering,
    elasticity_factory,
    flagged,
    last,
    prices_give,
    product_answering,
    sales_answering,
)
from tests.pricing.promotions import approved_factory

pytestmark = pytest.mark.django_db
STEPS = ["price_answers", "elasticity"]


def night(**fields: Any) -> Any:
    return run_now(local_date=today(), only=STEPS, **{"kind": "manual", **fields})


def of(product: Any, channel: Channel | None = None) -> Elasticity:
    return Elasticity.objects.get(product=product, channel=channel)


def snapshot() -> list[tuple[Any, ...]]:
    names = [f.attname for f in Elasticity._meta.concrete_fields]
    return list(Elasticity.objects.order_by("product").values_list(*names))


def test_weeks_where_there_are_weeks_and_months_where_not():
    channel = channel_factory()
    weekly = product_answering(product_factory(line=line_factory()), channel, e=-3.0, weekly=True)
    monthly = product_answering(product_factory(line=line_factory()), channel, e=-1.5)
    run = night()
    assert [run.steps.get(name=name).state for name in STEPS] == ["done", "done"]
    found = of(weekly)
    assert (found.frequency, found.reason_code, found.price_kind) == ("weeks", "own_weeks", "own")
    assert found.observations == 156
    assert found.estimate == pytest.approx(-3.0, abs=0.3)
    assert found.lo95 < found.lo80 < found.estimate < found.hi80 < found.hi95 < 0
    assert (found.lowest_price, found.highest_price) == (9, 11.5)
    found = of(monthly)
    assert (found.frequency, found.reason_code, found.observations) == ("months", "own_months", 48)
    assert found.estimate == pytest.approx(-1.5, abs=0.4)
    assert answers_of(monthly) == {monthly.pk: (found.estimate, found.sd, "own")}


def test_what_cannot_be_measured_has_its_lines_value_and_says_why():
    line, channel = line_factory(), channel_factory()
    for _ in range(4):
        product_answering(product_factory(line=line), channel, e=-4.5)
    short = product_answering(product_factory(line=line), channel, months=18, e=-1.0)
    still = product_answering(product_factory(line=line), channel, levels=(10.0,))
    few = product_answering(product_factory(line=line), channel, levels=(10.0, 11.0, 10.0))
    free = product_factory(line=line)
    sales_answering(free, channel)
    stranger = product_factory(line=line_factory())
    sales_answering(stranger, channel)
    night()
    for product, reason in (
        (short, "few_months"),
        (still, "price_still"),
        (few, "few_changes"),
        (free, "no_price"),
    ):
        found = of(product)
        assert (found.method, found.reason_code) == ("category", reason)
        assert found.estimate < -3.2
        assert answers_of(product)[product.pk][2] == "line"
    assert of(short).observations == 18
    assert (of(stranger).method, of(stranger).reason_code) == ("portfolio", "no_price")
    assert of(stranger).sd > of(free).sd


def test_a_level_is_refused():
    level = Measure.objects.create(
        code="in-force", name_en="In force", name_nl="Lopend", unit_en="c", unit_nl="c", kind="level"
    )
    line = line_factory(measures=[level])
    product = product_factory(line=line)
    product_answering(product, channel_factory())
    night()
    found = of(product)
    assert (found.reason_code, found.estimate, found.quantiles, found.pending) == ("level", None, [], False)
    assert answers_of(product) == {}
    fresh = product_factory(line=line)
    other = product_factory(line=line_factory())
    assert answers_of(fresh, other) == {other.pk: (-2.62, 1.18, "literature")}


def test_the_consumer_price_counts_where_there_is_one():
    product, channel = product_factory(), channel_factory()
    own, advised, observed = price_list_factory(), price_list_factory(kind="advised"), None
    prices_give(product, own, [10.0], 48)
    prices_give(product, advised, LEVELS, 48)
    sales_answering(product, channel)
    night()
    assert (of(product).price_kind, of(product).reason_code) == ("advised", "own_months")
    observed = price_list_factory(kind="observed")
    prices_give(product, observed, [20.0], 48)
    night()
    assert (of(product).price_kind, of(product).reason_code) == ("observed", "price_still")


def test_the_first_observed_price_of_one_chain_is_nobody_elses():
    """Neither while it is young, nor once the chain is apart, nor where it sold nothing itself."""
    product, everywhere = product_factory(), channel_factory()
    prices_give(product, price_list_factory(kind="advised"), LEVELS, 48)
    sales_answering(product, everywhere, e=-2.5)
    night()
    before = of(product)
    assert (before.price_kind, before.reason_code) == ("advised", "own_months")

    def same() -> bool:
        found = of(product)
        return (found.price_kind, found.lowest_price, found.estimate) == (
            before.price_kind,
            before.lowest_price,
            before.estimate,
        )

    chain = channel_factory()
    prices_give(product, price_list_factory(kind="observed", channel=chain), [20.0], 2)
    night()
    assert same()
    assert not Elasticity.objects.filter(channel=chain).exists()
    old = channel_factory()
    prices_give(product, price_list_factory(kind="observed", channel=old), LEVELS, 48)
    night()
    assert same()
    sales_answering(product, old, e=-3.0, total=False)
    night()
    assert of(product).price_kind == "advised"
    assert of(product, old).price_kind == "observed"


def test_an_observed_price_for_everybody_counts_once_it_is_old_enough():
    product = product_factory()
    prices_give(product, price_list_factory(kind="advised"), LEVELS, 48)
    sales_answering(product, channel_factory())
    prices_give(product, price_list_factory(kind="observed"), [20.0], 2)
    night()
    assert (of(product).price_kind, of(product).reason_code) == ("advised", "own_months")


def test_what_one_chain_asks_says_nothing_of_another_reseller():
    product = product_answering(product_factory(line=line_factory()), channel_factory())
    reseller = channel_answering(product, e=-2.0)
    prices_give(product, price_list_factory(kind="observed", channel=channel_factory()), [20.0], 48)
    night()
    assert (of(product).price_kind, of(product, reseller).price_kind) == ("own", "own")


def test_a_channels_price_alone_is_not_everybodys():
    product = product_factory(line=line_factory())
    sales_answering(product, channel_factory())
    prices_give(product, price_list_factory(channel=channel_factory()), LEVELS, 48)
    night()
    assert (of(product).price_kind, of(product).reason_code) == ("", "no_price")


def test_channels_with_prices_of_their_own_are_measured_apart():
    product = product_answering(product_factory(line=line_factory()), channel_factory(), e=-1.8)
    shop = channel_answering(product, e=-2.8)
    still = channel_answering(product, e=-2.0, levels=[10.0])
    young = channel_answering(product, e=-6.0, levels=[20.0], months=4)
    night()
    assert of(product, shop).reason_code == "own_months"
    assert of(product, shop).estimate == pytest.approx(-2.8, abs=0.3)
    assert of(product).estimate == pytest.approx(-1.9, abs=0.4)
    borrowed = of(product, still)
    assert (borrowed.method, borrowed.reason_code) == ("product", "price_still")
    assert of(product).estimate > borrowed.estimate > of(product, shop).estimate
    assert borrowed.sd > of(product).sd
    assert not Elasticity.objects.filter(channel=young).exists()
    assert answers_of(product)[product.pk][0] == of(product).estimate
    # Twice the same; and without its list the channel is of the rest again.
    before = snapshot()
    assert night().steps.get(name="price_answers").computed == 0
    assert snapshot() == before
    with pgtrigger.ignore():
        Price.objects.filter(price_list__channel=shop).delete()
    night()
    assert not Elasticity.objects.filter(channel=shop).exists()


def test_a_product_sold_in_channels_alone_has_what_they_say():
    product = product_factory(line=line_factory())
    one, below = channel_answering(product, e=-3.5, total=True), channel_factory()
    Channel.objects.filter(pk=below.pk).update(parent=one)
    SalesMonth.objects.filter(channel=one, month=last()).update(channel=below)
    night()
    assert (of(product).method, of(product).reason_code) == ("channels", "no_sales")
    assert of(product, one).observations == 48
    assert of(product).estimate == pytest.approx(-3.3, abs=0.4)
    assert of(product).sd > of(product, one).sd
    assert answers_of(product)[product.pk][2] == "own"


def test_our_price_to_a_reseller_says_nothing_of_what_consumers_pay():
    product = product_factory(line=line_factory())
    prices_give(product, price_list_factory(kind="advised"), LEVELS, 48)
    sales_answering(product, channel_factory())
    reseller = channel_answering(product, e=-2.0)
    night()
    assert not Elasticity.objects.filter(channel=reseller).exists()
    PriceList.objects.filter(channel=reseller).update(with_vat=True)
    night()
    assert of(product, reseller).price_kind == "own"


def test_a_promotion_is_told_apart_from_the_price():
    line, channel = line_factory(), channel_factory()
    plain, helped = (product_answering(product_factory(line=line), channel, e=-2.0) for _ in range(2))
    # While the price was highest: they must not make it look as if nobody minds.
    months = [month_add(last(), -ago) for ago in (0, 1, 3, 4, 6, 7)]
    for month in months:
        approved_factory(helped, store_start=month, days=28, channels=[channel])
        row = SalesMonth.objects.get(product=helped, month=month)
        SalesMonth.objects.filter(pk=row.pk).update(volume=row.volume * 2)
    night()
    assert of(helped).estimate == pytest.approx(of(plain).estimate, abs=0.35)


def test_two_nights_write_the_same_and_only_what_changed():
    line, channel = line_factory(), channel_factory()
    one, other = (product_answering(product_factory(line=line), channel, e=e) for e in (-2.0, -3.0))
    night()
    before = snapshot()
    again = night()
    assert snapshot() == before
    assert [again.steps.get(name=name).computed for name in STEPS] == [0, 0]
    # The same again from nothing, but for when and by which run.
    skip = {"id", "run_id", "computed_at"}
    kept = [f.attname for f in Elasticity._meta.concrete_fields if f.attname not in skip]
    was = list(Elasticity.objects.order_by("product").values(*kept))
    Elasticity.objects.all().delete()
    night()
    assert list(Elasticity.objects.order_by("product").values(*kept)) == was
    # A figure that changes is measured anew, and moves the other through their line.
    hashes = dict(Elasticity.objects.values_list("product", "input_hash"))
    estimate = of(other).estimate
    SalesMonth.objects.filter(product=one, month__gte=month_add(last(), -12)).update(volume=300)
    night()
    assert of(one).input_hash != hashes[one.pk]
    assert of(other).input_hash == hashes[other.pk]
    assert of(other).estimate != estimate
    # So is a price.
    price_list = one.prices.first().price_list
    price_factory(product=one, price_list=price_list, start_date=month_add(last(), -2), amount=14)
    hashes = dict(Elasticity.objects.values_list("product", "input_hash"))
    night()
    assert of(one).input_hash != hashes[one.pk]


def test_everything_the_series_is_read_from_is_noticed():
    channel = channel_factory()
    one = product_answering(product_factory(line=line_factory()), channel)
    row = approved_factory(one, store_start=month_add(last(), -3), days=14, channels=[channel])
    week = SalesFact(
        product=one, channel=channel, measure=Measure.objects.get(code="units"), period="W", volume=4
    )
    week.start_date = month_add(last(), -3)
    changes: list[Callable[[], Any]] = [
        lambda: SalesMonth.objects.filter(product=one, month=last()).update(volume=F("volume") + 1),
        week.save,
        lambda: Price.objects.filter(product=one).update(amount=F("amount") + 1),
        lambda: Promotion.objects.filter(pk=row.pk).update(store_end=F("store_end") + 1),
        lambda: row.rows.update(effective_price=3),
        lambda: row.channel_rows.update(channel=channel_factory()),
        lambda: PriceList.objects.update(kind=PriceList.Kind.ADVISED),
        lambda: Channel.objects.filter(pk=channel.pk).update(parent=channel_factory()),
        lambda: DistributionMonth.objects.create(product=one, channel=channel, month=last(), points=40),
        lambda: flagged(one, last()),
        lambda: Finding.objects.update(first=month_add(last(), -1)),
    ]

    def sign(as_of: datetime.date) -> str:
        return price_signs(complete_months(as_of=as_of), [one.pk])[one.pk]

    signs = [sign(last())]
    assert sign(last()) == signs[0]
    for change in changes:
        with pgtrigger.ignore():
            change()
        signs.append(sign(last()))
    signs.append(sign(month_add(last(), -2)))
    assert len(set(signs)) == len(signs)


def test_the_sales_of_all_products_are_read_once_however_many_chunks(settings: Any) -> None:
    settings.NIGHT_CHUNK_SIZE = 1
    line, channel = line_factory(), channel_factory()

    def reads(products: int) -> int:
        while Product.objects.count() < products:
            product = product_answering(product_factory(line=line), channel)
            approved_factory(product, store_start=month_add(last(), -3), days=14, channels=[channel])
        with CaptureQueriesContext(connection) as seen:
            run = run_now(local_date=today(), kind="manual", only=[*STEPS, "promotions", "standard_costs"])
        assert len(list(chunks(run))) == products
        return sum("products_productmonth" in query["sql"] for query in seen)

    assert reads(2) == reads(4) == reads(4)


def test_a_run_that_looks_back_or_is_of_one_product():
    line, channel = line_factory(), channel_factory()
    one, other = (product_answering(product_factory(line=line), channel) for _ in range(2))
    night(as_of=month_add(last(), -2))
    assert not Elasticity.objects.exists()
    night(scope=[one.pk])
    assert set(Elasticity.objects.values_list("product", flat=True)) == {one.pk}
    assert of(one).estimate < 0
    assert other.pk


def test_the_database_keeps_them_whole():
    rows = [{"estimate": 0.3}, {"pending": False, "estimate": None, "sd": None}, {"lo80": -2.4}]
    for fields in rows:
        row = elasticity_factory(product_factory())
        with pytest.raises(IntegrityError), transaction.atomic():
            Elasticity.objects.filter(pk=row.pk).update(**fields)
    product = product_factory()
    elasticity_factory(product)
    with pytest.raises(IntegrityError), transaction.atomic():
        elasticity_factory(product)


def test_how_deep_a_promotion_cuts_is_said_by_each_list():
    """At 6.00, and nobody says what it normally costs: 40 % off 10 for everybody, 25 % off 8 in a channel."""
    product, shops = product_factory(line=line_factory()), channel_factory()
    product_answering(product, shops, weekly=True, levels=(10,))
    own = channel_answering(product, e=-2.0, weekly=True, levels=(8,))
    plan = [ProductPlan(product, None, Decimal(6))]
    approved_factory(product, mechanic="display", store_start=month_add(last(), -3), days=28, products=plan)
    reader = PriceSeriesReader(complete_months(as_of=last()), [product.pk])
    cuts = {one.channel_id: max(one.cut) for one in reader.series(product)}
    assert cuts == {None: 0.4, own.pk: 0.25}
