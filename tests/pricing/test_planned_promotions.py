"""Approved promotions ahead move the night's forecast by what those of their mechanic did."""

from __future__ import annotations

import datetime
from decimal import Decimal
from math import exp, log
from typing import Any

import pytest
from django.utils import timezone

from core.months import month_add, month_end
from core.registries import PlannedChange
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.drivers import months_ahead
from forecasting.words.drivers import driver_card
from pricing.models import PriceList, Promotion, PromotionEffect
from pricing.selectors.planned_promotions import promotion_changes
from pricing.selectors.promotion_prices import normal_prices
from pricing.selectors.promotion_series import SeriesReader
from pricing.services.promotions import ProductPlan
from pricing.words.promotions import planned_words
from products.models import Measure, Product
from products.selectors.months import complete_months
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
)
from tests.forecasting.conftest import LAST, months_give, night_now
from tests.forecasting.test_night import totals

from .elasticities import elasticity_factory
from .promotions import DAY, approved_factory, promotion_factory, sold_in, stopped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
AHEAD = months_ahead(LAST, 18)


@pytest.fixture
def juice() -> Product:
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36)
    return product


def promotion(*args: Any, **more: Any) -> Promotion:
    """Of products, from a day to a day."""
    *products, first, last = args
    return approved_factory(*products, store_start=first, store_end=last, name="Zomer", **more)


def measured(
    *products: Product, uplift: float, after: float = 0.0, mechanic: str = "one_plus_one", **more: Any
) -> None:
    """Long ago, each on a baseline of 100; as sure of one as of another."""
    first = month_add(LAST, -24)
    low, high = ((1 + uplift) * exp(side * 0.06) - 1 for side in (-1, 1))
    row = promotion(*products, first, first + datetime.timedelta(13), mechanic=mechanic, **more)
    for product in products:
        effect_of(row, product, uplift, low, high, after)


def effect_of(row: Promotion, product: Product, uplift: float, low: float, high: float, after: float) -> None:
    PromotionEffect.objects.create(
        promotion=row,
        product=product,
        measure=Measure.objects.get(code="units"),
        method="weeks",
        baseline=100,
        sold=100 * (1 + uplift),
        uplift=uplift,
        uplift_lo80=low,
        uplift_hi80=high,
        after=after,
        after_lo80=after - 5,
        after_hi80=after + 5,
        computed_at=timezone.now(),
    )


def change_of(product: Product) -> PlannedChange | None:
    return promotion_changes([product.pk], AHEAD).get(product.pk)


def test_a_whole_month_by_the_uplift_of_its_mechanic(juice: Product) -> None:
    """Others brought +50 %, +100 % and twice what lies between: the middle of their logarithms is +73 %. One
    of another mechanic says nothing."""
    for uplift in (0.5, 1.0, 3**0.5 - 1, 3**0.5 - 1):
        measured(product_factory(line=juice.line), uplift=uplift)
    measured(product_factory(line=juice.line), uplift=3.0, mechanic="display")
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    change = change_of(juice)
    assert change is not None
    uplift = exp((log(1.5) + log(2)) / 2)
    assert change.factors[:4] == pytest.approx((1, 1, uplift, 1), rel=1e-6)
    assert (change.params["count"], change.params["own"]) == (4, 0)
    assert change.prices[:4] == (1, 1, 0.5, 1)  # 1+1
    assert [spread > 0 for spread in change.spreads[:4]] == [False, False, True, False]
    low, high = (log(1 + rate) for rate in change.params["range"])
    assert change.spreads[2] == pytest.approx((high - low) / 2 / 1.2816, rel=1e-3)


def test_two_others_are_too_few_and_one_of_its_own_is_enough(juice: Product) -> None:
    for _number in range(2):
        measured(product_factory(line=juice.line), uplift=0.5)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    assert change_of(juice) is None
    measured(juice, uplift=0.8)
    change = change_of(juice)
    assert change is not None
    assert 0.55 < change.params["uplift"] < 0.8  # its own says most, the others something


def test_what_is_older_than_the_newest_speaks_for_its_own_product_alone(
    juice: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what is said of a product does not hang on which others are asked about with it."""
    other = product_factory(line=juice.line)
    for product, uplift in ((other, 3.0), (juice, 0.5)):
        measured(product, uplift=uplift)
        promotion(product, AHEAD[2], month_end(AHEAD[2]))
    monkeypatch.setattr("pricing.selectors.earlier_promotions.MOST_SEEN", 1)  # the newest: that of juice
    together = promotion_changes([juice.pk, other.pk], AHEAD)
    assert together[juice.pk] == change_of(juice)
    assert together[juice.pk].factors[2] == pytest.approx(1.5, rel=1e-5)
    assert together[other.pk].factors[2] > 2


def test_a_deeper_one_sells_more_and_a_unit_of_it_brings_in_less(juice: Product) -> None:
    """25 % off brought +60 %. At 40 % off the prices differ by ln(0.75 / 0.6): by the price sensitivity that
    is 1.25^2 times as much, and less sure."""
    elasticity_factory(juice, estimate=-2.0, sd=0.5)
    price = Decimal("10.00")
    measured(
        juice, uplift=0.6, mechanic="price_cut", rate=Decimal("0.25"), products=[ProductPlan(juice, price)]
    )

    def cut(rate: str) -> PlannedChange | None:
        row = promotion(
            juice,
            AHEAD[2],
            month_end(AHEAD[2]),
            mechanic="price_cut",
            rate=Decimal(rate),
            products=[ProductPlan(juice, price)],
        )
        change = change_of(juice)
        Promotion.objects.filter(pk=row.pk).update(state="cancelled")
        return change

    usual, deeper = cut("0.25"), cut("0.40")
    assert usual is not None
    assert deeper is not None
    assert usual.factors[2] == pytest.approx(1.6, rel=1e-5)
    assert deeper.factors[2] == pytest.approx(1.6 * 1.25**2, rel=1e-5)
    assert deeper.spreads[2] > usual.spreads[2]
    assert (usual.prices[:4], deeper.prices[:4]) == ((1, 1, 0.75, 1), (1, 1, 0.6, 1))
    assert "with 75% of the normal price" in planned_words(usual.params)[1]
    # Where a reseller stands between it is his price.
    price_factory(
        product=juice,
        price_list=price_list_factory(kind="advised"),
        start_date=month_add(LAST, -24),
        amount=price,
    )
    resold = cut("0.25")
    assert resold is not None
    assert (resold.factors[2], resold.prices) == (usual.factors[2], ())


@pytest.mark.parametrize(
    ("lists", "ours"),
    [
        (["own"], True),
        (["own", "channel's"], False),
    ],
)
def test_everybodys_list_of_ours_with_vat_goes_before_an_advised_price(
    juice: Product, lists: list[str], ours: bool
) -> None:
    """Unless the channel that sells it all has a consumer price of its own."""
    chain = channel_factory()
    sold_in(juice, {chain: 100}, month=LAST)
    measured(
        juice,
        uplift=0.6,
        mechanic="price_cut",
        rate=Decimal("0.25"),
        products=[ProductPlan(juice, Decimal(10))],
    )
    made = {
        "own": {"with_vat": True},
        "channel's": {"kind": "observed", "channel": chain, "with_vat": True},
    }
    for fields in ({"kind": "advised", "with_vat": True}, *(made[name] for name in lists)):
        its = price_list_factory(**fields)
        price_factory(product=juice, price_list=its, start_date=month_add(LAST, -24), amount=10)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), mechanic="price_cut", rate=Decimal("0.25"))
    change = change_of(juice)
    assert change is not None
    assert change.prices[2:3] == ((0.75,) if ours else ())


def test_of_a_price_per_month_alone_that_is_the_normal_price(juice: Product) -> None:
    """4.00 off 10.00 a month; beside a price per unit an amount is of that."""
    at_7_50 = [ProductPlan(juice, Decimal(10), Decimal("7.50"))]
    measured(juice, uplift=0.6, mechanic="price_cut", products=at_7_50, rate=Decimal("0.25"))
    its = price_list_factory(with_vat=True)
    said = {"product": juice, "price_list": its, "start_date": month_add(LAST, -24)}
    price_factory(**said, component="month", amount=10)
    row = promotion(juice, AHEAD[2], month_end(AHEAD[2]), mechanic="price_cut", amount=Decimal(4))
    rows = list(row.rows.all())
    assert normal_prices(rows) == {rows[0].pk: 10}
    change = change_of(juice)
    assert change is not None
    assert change.prices[2] == 0.6
    price_factory(**said, component="once", amount=50)
    assert normal_prices(rows) == {}
    price_factory(**said, amount=8)
    assert normal_prices(rows) == {rows[0].pk: 8}


def test_what_others_ask_is_the_normal_price_where_only_that_is_known(juice: Product) -> None:
    """Ours to all is 5.00 without VAT. A chain asked 10.00 and 9.00 later, and 7.00 from the promotion on; in
    another only 12.00 is advised."""
    chain, other = channel_factory(), channel_factory()
    said: dict[str, Any] = {"product": juice}
    price_factory(**said, price_list=price_list_factory(), start_date=month_add(LAST, -24), amount=5)
    seen = price_list_factory(kind="observed", channel=chain, with_vat=True)
    for start, amount in ((month_add(LAST, -24), 10), (month_add(LAST, -3), 9), (AHEAD[2], 7)):
        price_factory(**said, price_list=seen, start_date=start, amount=amount)
    advised = price_list_factory(kind="advised", channel=other, with_vat=True)
    price_factory(**said, price_list=advised, start_date=month_add(LAST, -24), amount=12)
    price_factory(
        **said,
        price_list=price_list_factory(channel=other),
        start_date=month_add(LAST, -24),
        amount=4,
    )
    for channel, normal in ((chain, 9), (other, 12)):
        row = promotion(
            juice, AHEAD[2], month_end(AHEAD[2]), mechanic="price_cut", amount=1, channels=[channel]
        )
        assert list(normal_prices(list(row.rows.all())).values()) == [normal]


@pytest.mark.parametrize(
    ("fields", "price", "deeper"),
    [
        ({"mechanic": "price_cut", "rate": Decimal("0.40")}, 0.6, 0.75 / 0.6),
        ({"mechanic": "second_half"}, 0.75, 1),
        ({"mechanic": "price_cut", "amount": Decimal(4)}, 0.6, 0.75 / 0.6),
        ({"mechanic": "n_for", "quantity": 2, "amount": Decimal(12)}, 0.6, 0.75 / 0.6),
        ({"mechanic": "display", "effective": Decimal("7.50")}, 0.75, 1),
    ],
)
def test_without_a_normal_price_of_its_own_the_list_says_it(
    juice: Product, fields: dict[str, Any], price: float, deeper: float
) -> None:
    """10.00 in the shop, where it runs, and 8.00 at first; another channel pays 20.00. 7.50 in place of 10.00
    brought +60 %: what lies deeper sells more by the price sensitivity."""
    elasticity_factory(juice, estimate=-2.0, sd=0.5)
    mechanic, effective = fields["mechanic"], fields.pop("effective", None)
    usual: dict[str, Any] = {"price_cut": {"rate": Decimal("0.25")}}.get(mechanic, {})
    if mechanic == "n_for":
        usual = {"quantity": 2, "amount": Decimal(15)}
    at_7_50 = [ProductPlan(juice, Decimal(10), Decimal("7.50"))]
    measured(juice, uplift=0.6, mechanic=mechanic, products=at_7_50, **usual)
    shop, other = channel_factory(), channel_factory()
    for channel, amount, start in ((shop, 8, -24), (shop, 10, -3), (other, 20, -24), (shop, 9, 3)):
        its = PriceList.objects.filter(channel=channel).first() or price_list_factory(channel=channel)
        price_factory(product=juice, price_list=its, start_date=month_add(LAST, start), amount=amount)
    sold_in(juice, {shop: 100}, month=LAST)
    plan = [ProductPlan(juice, None, effective)]
    promotion(juice, AHEAD[1], month_end(AHEAD[1]), channels=[shop], products=plan, **fields)
    change = change_of(juice)
    assert change is not None
    assert change.prices[:3] == (1, price, 1)
    assert change.factors[1] == pytest.approx(1.6 * deeper**2, rel=1e-4)


def test_a_promotion_of_the_year_before_is_in_what_a_unit_brought_in(juice: Product) -> None:
    """One month of the year sold 1.6 times as much at three quarters of the price: 12 months brought in 12.2
    for 12.6 units. The same again brings in as much in the year, and one that is not repeated left it low."""
    price = [ProductPlan(juice, Decimal("10.00"))]
    cut = {"mechanic": "price_cut", "rate": Decimal("0.25"), "products": price}
    measured(juice, uplift=0.6, **cut)
    past = month_add(AHEAD[2], -12)
    promotion(juice, past, month_end(past), **cut)
    usual = 12.2 / 12.6
    change = change_of(juice)
    assert change is not None
    assert (change.factors, change.params, change.spreads) == ((), {}, ())
    assert set(change.prices) == {round(1 / usual, 3)}
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), **cut)
    change = change_of(juice)
    assert change is not None
    assert change.factors == ()
    assert change.prices[1:4] == (round(1 / usual, 3), round(0.75 / usual, 3), round(1 / usual, 3))
    year = sum(
        ratio * (1.6 if month == AHEAD[2] else 1)
        for ratio, month in zip(change.prices, AHEAD[:12], strict=False)
    )
    assert year == pytest.approx(12.6, rel=1e-3)


def test_what_is_pulled_forward_is_missing_after(juice: Product) -> None:
    """Half of what its own brought was missing afterwards: 14 days at +60 % in a month, then 28 days without
    0.6 × 0.5 × 14 days of sales."""
    measured(juice, uplift=0.6, after=-30)
    measured(juice, uplift=0.6, after=-30)
    first = AHEAD[1].replace(day=10)
    last = first + datetime.timedelta(13)
    promotion(juice, first, last)
    change = change_of(juice)
    assert change is not None
    assert change.params["own"] == 2
    assert change.params["pulled"] == pytest.approx(0.5)
    in_month, in_next = month_end(AHEAD[1]).day, month_end(AHEAD[2]).day
    rest = (month_end(AHEAD[1]) - last).days
    lost = 0.6 * 0.5 * 14 / 28
    assert change.factors[1] == pytest.approx(1 + 0.6 * 14 / in_month - lost * rest / in_month, rel=1e-5)
    assert change.factors[2] == pytest.approx(1 - lost * (28 - rest) / in_next, rel=1e-5)
    assert change.factors[3] == 1
    day = datetime.timedelta(1)
    runs, after = change.days
    assert runs == (first, last, pytest.approx(0.6))
    assert after == (last + day, last + 28 * day, pytest.approx(-lost))


def test_what_ran_a_year_before_is_in_the_statistics_already(juice: Product) -> None:
    measured(juice, uplift=0.5, mechanic="display")
    for month in (month_add(AHEAD[2], -12), AHEAD[2]):
        promotion(juice, month, month_end(month), mechanic="display")
    assert change_of(juice) is None
    promotion(juice, AHEAD[3], month_end(AHEAD[3]), mechanic="display")
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == 1
    assert change.factors[3] == pytest.approx(1.5 / (1 + 0.5 / 12), rel=1e-5)


def test_in_some_channels_it_is_their_part_of_the_volume(juice: Product) -> None:
    measured(juice, uplift=0.5)
    chain = channel_factory()
    shop = channel_factory(parent=chain)
    sold_in(juice, {shop: 30, channel_factory(): 70}, month=LAST)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), channels=[chain])
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == pytest.approx(1 + 0.3 * 0.5, rel=1e-6)


def test_where_no_chains_price_is_known_the_lower_price_is_ours(juice: Product) -> None:
    """Of a chain that sells three tenths it is known what it asks: of all that is sold seven tenths bring in
    three quarters, in that chain everything what it did."""
    cut: dict[str, Any] = {"mechanic": "price_cut", "rate": Decimal("0.25")}
    cut["products"] = [ProductPlan(juice, Decimal("10.00"))]
    measured(juice, uplift=0.6, **cut)
    chain = channel_factory()
    sold_in(juice, {channel_factory(parent=chain): 30, channel_factory(): 70}, month=LAST)
    asked = price_list_factory(kind="observed", channel=chain)
    price_factory(product=juice, price_list=asked, start_date=month_add(LAST, -24), amount=3)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), **cut)
    change = change_of(juice)
    assert change is not None
    assert change.prices[:4] == (1, 1, 0.825, 1)
    Promotion.objects.latest("pk").channel_rows.create(channel=chain)
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == pytest.approx(1 + 0.3 * 0.6, rel=1e-6)
    assert change.prices == ()


def test_in_our_own_shop_the_lower_price_is_ours_whatever_is_advised(juice: Product) -> None:
    """Everybody is advised 10.00; the web shop, which sells three tenths, asks consumers that itself. A store
    below it with a list without VAT sells on."""
    cut: dict[str, Any] = {"mechanic": "price_cut", "rate": Decimal("0.25")}
    measured(juice, uplift=0.6, **cut)
    past, shop, other = month_add(LAST, -24), channel_factory(), channel_factory()
    buyer, web = channel_factory(parent=shop), channel_factory(parent=shop)
    lists = [price_list_factory(kind="advised", with_vat=True), price_list_factory()]
    lists += [price_list_factory(channel=shop, with_vat=True), price_list_factory(channel=buyer)]
    for each in lists:
        price_factory(product=juice, price_list=each, start_date=past, amount=10)
    sold_in(juice, {web: 30, other: 60, buyer: 10}, month=LAST)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), **cut)
    change = change_of(juice)
    assert change is not None
    assert change.prices[:4] == (1, 1, 1 - 0.3 * 0.25, 1)
    for channel, ratio in ((other, None), (buyer, None), (web, 0.9)):
        Promotion.objects.latest("pk").channel_rows.all().delete()
        Promotion.objects.latest("pk").channel_rows.create(channel=channel)
        change = change_of(juice)
        assert change is not None
        sold = 1 + 0.3 * 0.6
        paid = (0.7 + 0.3 * 1.6 * 0.75) / sold if ratio else None
        assert (change.prices[2] if change.prices else None) == (None if paid is None else round(paid, 3))


def test_where_a_chains_price_is_known_the_lower_price_is_his(juice: Product) -> None:
    """Ours for everybody, and only what one chain asks: there it is his; elsewhere ours. And with VAT it is
    ours too where everybody is advised one."""
    cut: dict[str, Any] = {"mechanic": "price_cut", "rate": Decimal("0.25")}
    measured(juice, uplift=0.6, **cut)
    past, chain, other = month_add(LAST, -24), channel_factory(), channel_factory()
    ours = price_list_factory()
    for each in (ours, price_list_factory(kind="observed", channel=chain)):
        price_factory(product=juice, price_list=each, start_date=past, amount=10)
    sold_in(juice, {chain: 30, other: 70}, month=LAST)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), channels=[chain], **cut)

    def paid() -> float:
        change = change_of(juice)
        assert change is not None
        return change.prices[2] if change.prices else 1.0

    assert paid() == 1
    PriceList.objects.filter(pk=ours.pk).update(with_vat=True)
    assert paid() == 1
    PriceList.objects.filter(kind="observed").update(kind="advised", channel=None)
    assert paid() == round((0.7 + 0.3 * 1.6 * 0.75) / (1 + 0.3 * 0.6), 3)
    PriceList.objects.filter(pk=ours.pk).update(with_vat=False)
    assert paid() == 1


def test_of_a_state_what_comes_in_moves_by_what_moved_that(juice: Product) -> None:
    """A quarter of the contracts there and nine tenths of those that come in are of the web."""
    unit = {"unit_en": "contracts", "unit_nl": "contracten"}
    force = measure_factory(code="force", kind="level", **unit)
    new, used = measure_factory(code="new", **unit), measure_factory(code="kwh", unit_en="kWh")
    contract = product_factory(line=line_factory(measures=[force, new, used]))
    web, desk = channel_factory(), channel_factory()
    sold_in(contract, {web: 25, desk: 75}, "force", month=LAST)
    sold_in(contract, {web: 9, desk: 1}, "new", month=LAST)
    measured(*(product_factory(line=juice.line) for _ in range(3)), uplift=0.9)  # goods say nothing
    promotion(contract, AHEAD[2], month_end(AHEAD[2]), channels=[web])
    assert change_of(contract) is None
    Measure.objects.filter(pk=new.pk).update(unit_en="calls")  # nothing says what comes in
    assert change_of(contract) is None
    Measure.objects.filter(pk=new.pk).update(unit_en="contracts")
    measured(contract, uplift=0.5)
    PromotionEffect.objects.filter(product=contract).update(measure=new)
    change = change_of(contract)
    assert change is not None
    moved = {one: change.on(one.pk, is_level=one == force).factors for one in (force, new, used)}
    assert moved[new][2] == pytest.approx(1 + 0.9 * 0.5, rel=1e-6)
    assert (moved[force], moved[used], change.prices) == ((), (), ())


def test_each_measure_moves_on_its_own_days(juice: Product) -> None:
    """Delivered in a month and in the store in the next; that of the other before the months ahead begin."""
    measures = [measure_factory(code=code) for code in ("sell-in", "sell-out")]
    sold, other = (product_factory(line=line_factory(measures=measures)) for _ in range(2))
    measured(sold, other, uplift=0.5)
    for product, step in ((sold, 3), (other, 0)):
        days = {"delivery_start": month_add(AHEAD[step], -1), "delivery_end": AHEAD[step] - DAY}
        promotion(product, AHEAD[step], month_end(AHEAD[step]), **days)

    def changes_of(product: Product) -> list[PlannedChange]:
        change = change_of(product)
        assert change is not None
        return [change.on(one.pk, is_level=False) for one in measures]

    for change, lifted in zip(changes_of(sold), (2, 3), strict=True):
        moved = [1.5 if step == lifted else 1.0 for step in range(18)]
        assert change.factors == pytest.approx(moved)
        assert [spread > 0 for spread in change.spreads] == [factor > 1 for factor in moved]
        assert change.prices == tuple(0.5 if factor > 1 else 1 for factor in moved)  # 1+1
        assert [span[:2] for span in change.days] == [(AHEAD[lifted], month_end(AHEAD[lifted]))]
    sell_in, sell_out = changes_of(other)
    assert (sell_in.factors, sell_in.params) == ((), {})
    assert sell_out.factors[:2] == pytest.approx((1.5, 1))
    assert sell_out.params["name"] == "Zomer"


def test_one_that_is_stopped_before_the_store_moves_what_is_delivered(juice: Product) -> None:
    sell_out, sell_in = (measure_factory(code=code) for code in ("sell-out", "sell-in"))
    sold = product_factory(line=line_factory(measures=[sell_out, sell_in]))
    measured(sold, uplift=0.5)
    days = {"delivery_start": AHEAD[0], "delivery_end": month_end(AHEAD[0])}
    stopped(promotion(sold, AHEAD[1], month_end(AHEAD[1]), **days), month_end(AHEAD[0]))
    change = change_of(sold)
    assert change is not None
    assert change.on(sell_out.pk, is_level=False).factors == ()
    assert change.on(sell_in.pk, is_level=False).factors[:2] == pytest.approx((1.5, 1))


def test_what_was_never_measured_or_is_called_off_moves_nothing(juice: Product) -> None:
    measured(juice, uplift=0.5)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), mechanic="display")
    promotion_factory(juice, store_start=AHEAD[2])  # a draft
    assert change_of(juice) is None
    row = promotion(juice, AHEAD[3], month_end(AHEAD[3]))
    assert change_of(juice) is not None
    Promotion.objects.filter(pk=row.pk).update(state="cancelled")
    assert change_of(juice) is None


def test_one_that_is_stopped_moves_what_it_ran(juice: Product) -> None:
    """A month before the first, of two that a promotion was planned for, and what is missing after it."""
    measured(juice, uplift=0.5, after=-25)
    row = promotion(juice, month_add(AHEAD[0], -1), month_end(AHEAD[6]))
    promotion(juice, AHEAD[9], month_end(AHEAD[9]))
    whole = change_of(juice)
    stopped(row, month_end(month_add(AHEAD[0], -1)))
    part = change_of(juice)
    assert whole is not None
    assert part is not None
    assert (whole.params["others"], part.params["others"]) == (1, 0)
    assert whole.factors[3] > 1.2
    assert part.factors[0] < 1  # pulled forward
    assert part.factors[3] == pytest.approx(part.factors[5])
    assert part.factors[9] > 1.2


def test_the_night_moves_its_product_alone_and_says_so(juice: Product) -> None:
    other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
    months_give(other, 36)
    sold_once = [product_factory(line=juice.line) for _number in range(3)]
    measured(*sold_once, uplift=0.5, after=-25)
    for one in sold_once:  # or the night measures it anew
        [around] = SeriesReader(complete_months(as_of=LAST)).around(one)
        PromotionEffect.objects.filter(product=one).update(input_hash=around.digest)
    changes = dict.fromkeys(AHEAD, 1.0)
    night_now()
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    change = change_of(juice)
    assert change is not None
    changes |= dict(zip(AHEAD, change.factors, strict=True))
    again = night_now()
    assert (totals(again)["changes"][0], totals(again)["forecast"][0]) == (1, 1)
    rows = ForecastMonth.objects.filter(forecast__product=juice, forecast__current=True)
    for row in rows:
        assert row.driven == pytest.approx(row.mean * changes[row.month], rel=1e-5)
        assert (row.spread is not None) == (row.month in AHEAD[2:4])
    card = driver_card(Forecast.objects.get(product=juice, current=True))
    assert card is not None
    assert card.planned[0].name == "Promotion Zomer"
    assert "+50.0% while it runs" in card.planned[0].text
    assert "50% of that is missing" in card.planned[0].text
    assert "3 earlier ones did, 0 of them of this product" in card.planned[0].text
    assert totals(night_now())["forecast"][0] == 0
