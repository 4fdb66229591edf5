"""The margin of a product by month: the worked case through the database, splits, tails, gaps, changes."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import translation

from core.months import month_end
from pricing.cards.margins import margin_card
from pricing.models import CostLine
from pricing.selectors.costs import product_rates
from pricing.selectors.margins import product_margins
from pricing.selectors.month_margin import MonthMargin, margins_total
from pricing.selectors.standard_costs import SplitLines
from products.models import LineMeasure, Measure, Product, ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
D = Decimal
APRIL, MAY, JUNE, JULY, AUGUST = (datetime.date(2026, month, 1) for month in range(4, 9))
LONG_AGO = datetime.date(2020, 1, 1)


def sell(product: Product, month: datetime.date, volume: Any, revenue: Any, **more: Any) -> None:
    channel = more.pop("channel", None) or channel_factory()
    gross = {"gross_revenue": more.pop("gross", None)}
    measure = more.pop("measure", None) or Measure.objects.get(code="units")
    of = {"product": product, "measure": measure, "month": month}
    sold = {"volume": volume, "revenue": revenue, "days": month_end(month).day, **more}
    SalesMonth.objects.create(**of, **sold, channel=channel, **gross)
    added = None if revenue is None else Coalesce(F("revenue"), Value(D(0))) + revenue
    if not ProductMonth.objects.filter(**of).update(volume=F("volume") + volume, revenue=added):
        ProductMonth.objects.create(**of, **sold)


def costs(kind: str, amount: str, start: datetime.date = LONG_AGO, **line: Any) -> CostLine:
    made = cost_line_factory(kind=kind, **line)
    cost_rate_factory(cost_line=made, start_date=start, amount=D(amount))
    return made


def margin(product: Product, first: datetime.date, last: datetime.date | None = None) -> list[MonthMargin]:
    found = product_margins(user_factory("finance"), product, first, last or first)
    assert found is not None
    return found


def rows(found: MonthMargin) -> dict[str, Decimal]:
    assert found.statement is not None
    return {row.key: row.amount for row in found.statement.rows}


def test_the_worked_case_through_the_database() -> None:
    product = product_factory()
    sell(product, MAY, 1000, D(84681), gross=D(100_000))
    for kind, amount, line in (
        ("purchase", "45", {}),
        ("inbound", "3", {}),
        ("duty", "0.04", {"basis": "share", "base": "purchase"}),
        ("payment", "0.015", {"basis": "share", "base": "net"}),
        ("payment", "0.25", {}),
        ("commission", "0.05", {"basis": "share", "base": "net"}),
        ("fulfilment", "4.20", {}),
        ("returns", "0.02", {"basis": "share", "base": "net"}),
        ("marketing", "3900", {"basis": "month"}),
        ("overhead", "6000", {"basis": "month"}),
    ):
        costs(kind, amount, product=product, **line)
    [month] = margin(product, MAY)
    found = month.statement
    assert found is not None
    assert (found.gross, found.net, found.cm1) == (D(100_000), D(84681), D(34881))
    assert rows(month)["payment"] == D("1520.22")
    assert (found.cm2, found.cm3, found.result) == (D("23233.11"), D("19333.11"), D("13333.11"))


def test_a_rate_that_changes_within_a_month_is_weighed_by_days() -> None:
    product = product_factory()
    sell(product, JUNE, 300, 9000)
    goods = costs("purchase", "10", product=product)
    cost_rate_factory(cost_line=goods, start_date=datetime.date(2026, 6, 11), amount=13)
    duty = costs("duty", "0.1", product=product, basis="share", base="purchase")
    cost_rate_factory(cost_line=duty, start_date=datetime.date(2026, 6, 21), amount=None)
    [month] = margin(product, JUNE)
    # a third of the month at 10, two thirds at 13; duty on the first two thirds
    assert rows(month) == {"purchase": D(3600), "duty": D(230)}


def test_of_contracts_by_the_month_and_of_what_is_paid_once() -> None:
    line = line_factory()
    level = Measure.objects.create(
        code="in-force", name_en="x", name_nl="x", unit_en="x", unit_nl="x", kind="level"
    )
    LineMeasure.objects.create(line=line, measure=level, leads=True)
    product = product_factory(line=line)
    sell(product, MAY, 1010, 50_000, measure=level, average_volume=1005)
    service = cost_line_factory(product=product, kind="service", basis="contract")
    cost_rate_factory(cost_line=service, start_date=LONG_AGO, amount=60, times=D("0.1667"))
    costs("marketing", "700", datetime.date(2026, 5, 9), product=product, basis="once")
    unit = costs("purchase", "3", product=product)
    [month] = margin(product, MAY)
    assert rows(month) == {"service": D("10052.01"), "marketing": D(700)}
    assert month.unknown == [unit]  # a level has no units sold: said, not left out in silence


class TestWhatElseIsCounted:
    """Returns, calls and visits, where a cost is of each of them."""

    def test_a_return_is_resaleable_or_written_off(self) -> None:
        """15 sold at 1,000, one back: what is sold is what stayed, and a cost of what is written off comes on
        top."""
        product, off = product_factory(), measure_factory(code="written-off")
        costs("purchase", "800", product=product)
        for month in (MAY, JUNE):
            sell(product, month, 15 - 1, 14_000)
        sell(product, JUNE, 1, 0, measure=off)
        resaleable = margin(product, MAY)[0].statement
        costs("purchase", "800", product=product, measure=off, name="written off")
        again, written_off = (each.statement for each in margin(product, MAY, JUNE))
        assert resaleable == again
        for found, spent in ((resaleable, D(11_200)), (written_off, D(12_000))):
            assert found is not None
            assert (found.net, found.net - found.cm1, found.cm1) == (D(14_000), spent, D(14_000) - spent)

    def test_a_driver_times_how_often(self) -> None:
        """A call is 6.50 in 80 % of cases, a flow; half a visit of 40 a machine, a level."""
        product, calls = product_factory(), measure_factory(code="calls")
        machines = measure_factory(code="machines", kind="level")
        for measure, amount, times in ((calls, "6.50", "0.8"), (machines, "40", "0.5")):
            line = cost_line_factory(kind="service", product=product, measure=measure, name=measure.code)
            cost_rate_factory(cost_line=line, start_date=LONG_AGO, amount=D(amount), times=D(times))
        for month in (MAY, JUNE):
            sell(product, month, 100, 9_000)
        sell(product, MAY, 30, 0, measure=calls)
        sell(product, MAY, 12, 0, measure=machines, average_volume=10)
        may, june = margin(product, MAY, JUNE)
        assert sorted(amount for _line, amount in may.costs) == [D("156.00"), D("200.00")]
        # no call is none; how many machines there are is not known
        assert (june.costs, [line.measure for line in june.unknown]) == ([], [machines])
        assert may.sold == 100

    def test_it_ends_with_the_product_and_is_of_its_channel(self) -> None:
        product = product_factory(ended=datetime.date(2026, 5, 31))
        shop, web = channel_factory(), channel_factory()
        machines = measure_factory(kind="level")
        costs("service", "3", product=product, measure=machines)
        costs("service", "1", product=product, measure=machines, channel=web)
        for channel, number in ((shop, 10), (web, 20)):
            sell(product, MAY, 5, 100, channel=channel)
            sell(product, MAY, number, 0, channel=channel, measure=machines)
        may, june = margin(product, MAY, JUNE)
        assert [amount for _line, amount in may.costs] == [D(90), D(20)]
        assert [*june.costs, *june.unknown] == []


def test_missing_is_not_zero_and_the_tail_goes_on() -> None:
    product = product_factory(ended=datetime.date(2026, 5, 20))
    sell(product, MAY, 10, 100)
    costs("licences", "40", MAY, product=product, basis="month", tail_months=1)
    april, may, june, july = margin(product, datetime.date(2026, 4, 1), JULY)
    assert [each.statement for each in (april, july)] == [None, None]
    assert rows(may) == rows(june) == {"licences": D(40)}
    assert june.statement is not None
    assert (june.has_sales, june.statement.net, june.statement.result) == (False, 0, -40)
    total = margins_total([april, may, june, july])
    assert total is not None
    assert (total.net, total.cm3) == (D(100), D(20))


class TestAfterTheLastSale:
    """A service sold until April: 400 of it, 10,000. A call is 6.50 in 80 % of cases, a contract 3 a month,
    claims come as they are reported, a licence is 40 a month, 12 % of sales is commission."""

    def service(self, **more: Any) -> Product:
        line = line_factory()
        contracts = measure_factory(code="in-force", kind="level")
        LineMeasure.objects.create(line=line, measure=Measure.objects.get(code="units"), leads=True)
        LineMeasure.objects.create(line=line, measure=contracts)
        product = product_factory(line=line, **more)
        calls, claims = measure_factory(code="calls"), measure_factory(code="claims")
        costs("purchase", "5", product=product)
        costs("commission", "0.12", product=product, basis="share", base="net")
        costs("service", "3", product=product, basis="contract")
        call = cost_line_factory(kind="service", product=product, measure=calls, name="calls")
        cost_rate_factory(cost_line=call, start_date=LONG_AGO, amount=D("6.50"), times=D("0.8"))
        costs("claims", "1", product=product, measure=claims)
        costs("licences", "40", product=product, basis="month", tail_months=2)
        sell(product, APRIL, 400, 10_000, gross=D(10_500))
        for month, held in ((APRIL, 90), (MAY, 60), (JUNE, 25)):
            sell(product, month, held, None, measure=contracts, average_volume=held)
        for month, number in ((APRIL, 50), (MAY, 30), (JULY, 1)):
            sell(product, month, number, 0, measure=calls)
        sell(product, JUNE, D("1234.56"), 0, measure=claims)
        return product

    def test_its_costs_stand_in_their_months(self) -> None:
        """Not formally ended: the licence goes on; figures of the month with sales are what they were."""
        product = self.service()
        april, may, june, july, august = margin(product, APRIL, AUGUST)
        # bought 400 x 5; 12 % of 10,000; 90 x 3 + 50 x 0.8 x 6.50
        assert rows(april) == {
            "purchase": D(2000),
            "commission": D(1200),
            "service": D(530),
            "licences": D(40),
        }
        assert rows(may) == {"service": D(60 * 3) + D(30) * D("5.2"), "licences": D(40)}
        assert rows(june) == {"claims": D("1234.56"), "service": D(75), "licences": D(40)}
        assert rows(july) == {"service": D("5.20"), "licences": D(40)}
        assert rows(august) == {"licences": D(40)}
        assert [each.has_sales for each in (april, may, august)] == [True, False, False]
        assert [(each.sold, each.unknown) for each in (may, august)] == [(None, ())] * 2
        total = margins_total([april, may, june, july, august])
        assert total is not None
        # 10,000 - 3,234.56 bought and claims - 2,146.20 commission and service - 5 licences
        assert (total.cm1, total.cm2, total.cm3) == (D("6765.44"), D("4619.24"), D("4419.24"))

    def test_once_it_has_formally_ended_its_tail_runs_out(self) -> None:
        may, june, july, august = margin(self.service(ended=datetime.date(2026, 5, 10)), MAY, AUGUST)
        assert rows(may)["licences"] == rows(june)["licences"] == rows(july)["licences"] == D(40)
        assert (rows(july)["service"], august.statement) == (D("5.20"), None)

    def test_what_is_sold_without_an_amount_costs_what_is_known(self) -> None:
        product = product_factory()
        costs("purchase", "5", product=product)
        commission = costs("commission", "0.12", product=product, basis="share", base="net")
        sell(product, MAY, 7, None)
        [month] = margin(product, MAY)
        assert (rows(month), month.has_sales, month.sold) == ({"purchase": D(35)}, False, 7)
        assert month.unknown == [commission]


def test_a_split_adds_up_over_the_products_to_the_cent() -> None:
    line = line_factory()
    products = [product_factory(line=line) for _ in range(3)]
    away = product_factory()
    for product, revenue in zip(products, (100, 100, 100), strict=True):
        sell(product, MAY, 10, revenue)
    sell(away, MAY, 70, 700)
    costs("quality", "100", line=line, basis="month", key="revenue")
    costs("overhead", "1000", basis="month", key="volume")
    fixed = costs("marketing", "10", line=line, basis="month", key="fixed")
    for product, weight in zip(products, (1, 1, 2), strict=True):
        fixed.shares.create(product=product, weight=weight)
    found = [rows(margin(product, MAY)[0]) for product in [*products, away]]
    assert [row.get("quality") for row in found] == [D("33.34"), D("33.33"), D("33.33"), None]
    assert [row["overhead"] for row in found] == [D(100)] * 3 + [D(700)]
    assert [row.get("marketing") for row in found] == [D("2.5"), D("2.5"), D(5), None]


def test_a_fixed_share_ends_with_its_product_and_its_tail_and_the_others_bear_it() -> None:
    """100 a month, 1 to 3; the second ended in May and bears its part for a month more. A payment is what
    was decided on its day."""
    line = line_factory()
    stays, ends = product_factory(line=line), product_factory(line=line, ended=datetime.date(2026, 5, 10))
    licence = costs("licences", "100", line=line, basis="month", key="fixed", tail_months=1)
    paid = costs("marketing", "40", JULY, line=line, basis="once", key="fixed")
    for each in (licence, paid):
        each.shares.create(product=stays, weight=1)
        each.shares.create(product=ends, weight=3)
    for product, found in (
        (stays, [{"licences": D(25)}] * 2 + [{"licences": D(100), "marketing": D(10)}]),
        (ends, [{"licences": D(75)}] * 2 + [{"marketing": D(30)}]),
    ):
        assert [rows(month) for month in margin(product, MAY, JULY)] == found
    assert [row.amount for row in SplitLines([JULY]).of(stays.pk)] == [D(10), D(100)]


def test_what_no_product_bears_any_more_is_on_none() -> None:
    product = product_factory(ended=datetime.date(2026, 5, 10))
    licence = costs("licences", "100", line=product.line, basis="month", key="fixed")
    licence.shares.create(product=product, weight=1)
    split = SplitLines([MAY, JUNE])
    assert [(row.month, row.amount) for row in split.of(product.pk)] == [(MAY, D(100))]
    assert [(row.month, row.amount) for row in split.left()] == [(JUNE, D(100))]


def test_a_split_without_anything_to_go_by_is_said() -> None:
    product, other = product_factory(unit="carton"), product_factory(unit="MWh")
    for each in (product, other):
        sell(each, MAY, 10, 100)
    shared = costs("overhead", "1000", basis="month", key="volume")
    [month] = margin(product, MAY)
    assert (rows(month), month.unknown) == ({}, [shared])


def test_a_share_of_what_is_bought_together_is_of_the_part() -> None:
    line = line_factory()
    products = [product_factory(line=line) for _ in range(2)]
    for product, revenue in zip(products, (100, 300), strict=True):
        sell(product, MAY, 10, revenue)
    costs("purchase", "200", line=line, basis="month", key="revenue")
    costs("duty", "0.1", line=line, basis="share", base="purchase")
    assert [rows(margin(product, MAY)[0]) for product in products] == [
        {"purchase": D(50), "duty": D(5)},
        {"purchase": D(150), "duty": D(15)},
    ]


def test_of_one_channel_and_those_below_it() -> None:
    product, shop = product_factory(), channel_factory()
    below = channel_factory(parent=shop, kind="account")
    sell(product, MAY, 10, 100, channel=below)
    sell(product, MAY, 30, 300, channel=channel_factory())
    costs("commission", "0.1", product=product, basis="share", base="net", channel=shop)
    costs("fulfilment", "2", product=product, channel=shop)
    costs("payment", "1", product=product, channel=channel_factory())
    assert rows(margin(product, MAY)[0]) == {"commission": D(10), "fulfilment": D(20)}


def test_not_for_who_sees_no_costs_or_a_part_of_the_sales() -> None:
    product = product_factory()
    sell(product, MAY, 10, 100)
    costs("purchase", "3", product=product)
    limited = user_factory("finance", channels=[channel_factory()])
    assert product_margins(limited, product, MAY, MAY) is None
    assert product_margins(user_factory("finance", lines=[line_factory()]), product, MAY, MAY) is None
    assert product_margins(user_factory("marketing"), product, MAY, MAY) is None


class TestTheCard:
    def card(self, product: Product, user: Any = None) -> Any:
        user = user or user_factory("finance")
        return margin_card(user, product, product_rates(user, product))

    def test_its_totals_equal_its_rows_and_its_chart_is_valid(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pricing.cards.margins.product_complete_month", lambda *_: JULY)
        product = product_factory()
        for month, revenue in ((MAY, 1000), (JULY, 1500)):
            sell(product, month, 10, revenue, gross=revenue + 100)
        costs("purchase", "30.333", product=product)
        costs("claims", "0.1", product=product, basis="share", base="net")
        costs("overhead", "200", MAY, product=product, basis="month")
        with translation.override("en"):
            card = self.card(product)
        assert [row.label for row in card.rows] == [
            *("Gross sales", "Deductions", "Net sales", "Purchase", "Claims", "CM1", "CM2", "CM3"),
            *("Overhead", "Result"),
        ]
        assert card.months == [MAY, JUNE, JULY]  # from the first month with sales, the gap stays
        figure = lambda text: D(text.replace(",", "").replace("\u2212", "-"))  # noqa: E731
        for row in card.rows:
            assert (row.cells[1] is None) == (row.label in ("Gross sales", "Deductions", "Net sales"))
            assert sum(figure(cell) for cell in row.cells if cell) == figure(row.total)
        amounts = {row.label: figure(row.total) for row in card.rows}
        assert (
            amounts["Net sales"] + amounts["Purchase"] + amounts["Claims"] == amounts["CM1"] == D("1643.34")
        )
        assert amounts["CM3"] + amounts["Overhead"] == amounts["Result"] == D("1043.34")
        # 250 of 2,500; purchase 606.66 and overhead 600, also in June, are its costs
        assert (card.figures[-1].label, card.figures[-1].value) == ("Combined ratio", "58.3%")
        VegaLite.TopLevelSpec.from_dict(json.loads(json.dumps(card.chart.spec)))

    def test_who_sees_some_channels_is_told_why_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pricing.cards.margins.product_complete_month", lambda *_: MAY)
        product = product_factory()
        sell(product, MAY, 10, 1000)
        assert self.card(product, user_factory("finance", channels=[channel_factory()])).limited

    def test_without_a_whole_month_it_says_so(self) -> None:
        card = self.card(product_factory())
        assert (card.limited, card.rows, card.chart) == (False, (), None)
