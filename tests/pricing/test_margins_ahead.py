"""The margin of the months ahead, its floor, why it falls under it, and who is told."""

from __future__ import annotations

import datetime
import html
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from collaboration.selectors.alerts import alerts_visible
from core.months import month_add
from core.organisation import today
from forecasting.layers import months_band
from forecasting.models import ForecastMonth, NightlyRun
from forecasting.totals import total_band
from pricing.engine.costs import booked
from pricing.engine.margin_ahead import share_moves
from pricing.models import Proposal
from pricing.selectors.costs import product_rates
from pricing.selectors.margins import margins_read
from pricing.selectors.margins_ahead import (
    Fall,
    MonthAhead,
    fall_under,
    margin_floor,
    months_ahead,
    year_band,
)
from pricing.steps.margin_floor import chunks, falls_of
from pricing.words.margins import move_words
from products.models import Product, SalesMonth
from products.selectors.lines import LineTree
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import FORECASTS, LAST, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
AHEAD = [month_add(LAST, step) for step in range(1, 13)]
LONG_AGO = datetime.date(2020, 1, 1)


@pytest.fixture
def juice() -> Product:
    """100 a month at 2.00, in two channels as 3 to 1; 1.00 is bought, 0.10 goes to the retailer of one."""
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36, volume=lambda _step: 100)
    shops = [channel_factory(), channel_factory()]
    for step in range(12):
        for channel, part in zip(shops, (75, 25), strict=True):
            SalesMonth.objects.create(
                product=product,
                measure_id=_lead(product),
                channel=channel,
                month=month_add(LAST, -step),
                volume=part,
                revenue=part * 2,
                days=30,
            )
    cost_rate_factory(cost_line=cost_line_factory(product=product), start_date=LONG_AGO, amount=D("1.00"))
    fee = cost_line_factory(product=product, kind="commission", channel=shops[1])
    cost_rate_factory(cost_line=fee, start_date=LONG_AGO, amount=D("0.10"))
    return product


def _lead(product: Product) -> int:
    return LineTree().lead_measure(product.line_id).pk


def floor(product: Product, share: str | None) -> None:
    Product.objects.filter(pk=product.pk).update(floor_rate=share)
    product.refresh_from_db()


def ahead_of(product: Product, user: User | None = None) -> tuple[list[MonthAhead], Fall | None]:
    user = user or user_factory("administrator")
    rates = product_rates(user, product)
    margins = margins_read(user, product, month_add(LAST, -11), LAST, rates)
    assert margins is not None
    rows = list(
        ForecastMonth.objects.filter(forecast__product=product, forecast__current=True).order_by("month")
    )
    found = months_ahead(margins, product, rows)
    return found, fall_under(margins.of(product), found, rates)


def dearer(product: Product, start: datetime.date, amount: str) -> None:
    line = product_rates(user_factory("finance"), product)[0].cost_line
    cost_rate_factory(cost_line=line, start_date=start, amount=D(amount))


class TestTheMonths:
    def test_forecast_times_price_less_the_costs_of_the_month(self, juice: Product) -> None:
        """Ahead, from month 4 on, it costs 1.20, and from month 3 on our price is 4 % more."""
        dearer(juice, AHEAD[3], "1.20")
        prices = price_list_factory()
        for start, amount in ((LONG_AGO, "2.00"), (AHEAD[2], "2.08")):
            price_factory(product=juice, price_list=prices, start_date=start, amount=D(amount))
        run_now()
        months, _fall = ahead_of(juice)
        assert [month.month for month in months] == AHEAD
        rows = ForecastMonth.objects.filter(forecast__product=juice, forecast__current=True)
        for place, (month, row) in enumerate(zip(months, rows.order_by("month"), strict=False)):
            price, cost = (2.08 if place >= 2 else 2.0), (1.2 if place >= 3 else 1.0)
            assert row.price_ratio == (1.04 if place >= 2 else 1)
            for volume, found in (
                (row.final, month.statement),
                (row.final_band[1], month.ends[0]),
                (row.final_band[2], month.ends[1]),
            ):
                assert float(found.net) == pytest.approx(volume * price, abs=0.011)
                assert float(found.cm1) == pytest.approx(volume * (price - cost), abs=0.02)
                assert float(found.cm2) == pytest.approx(volume * (price - cost - 0.25 * 0.1), abs=0.02)
            low, high = month.band
            assert low < month.statement.cm2 < high

    def test_what_is_not_known_of_a_price_is_the_same_in_all_its_months(self, juice: Product) -> None:
        """As of the volume: the statistics' own errors are correlated, those of the decision add."""
        prices = price_list_factory()
        for start, amount in ((LONG_AGO, "2.00"), (AHEAD[0], "2.20")):
            price_factory(product=juice, price_list=prices, start_date=start, amount=D(amount))
        run_now()
        months, _fall = ahead_of(juice)
        rows = ForecastMonth.objects.filter(forecast__product=juice, forecast__current=True)
        found, low, high = months_band(list(rows.order_by("month")[:12]), correlation=0.4)
        left = 2.2 - 1 - 0.25 * 0.1
        assert sum(float(month.statement.cm2) for month in months) == pytest.approx(found * left, abs=0.2)
        assert year_band(months, 0.4) == pytest.approx((low * left, high * left), rel=1e-3)
        apart = zip(*((float(month.statement.cm2), *map(float, month.band)) for month in months), strict=True)
        assert total_band(*map(list, apart), correlation=0.4)[0] > year_band(months, 0.4)[0] + 10

    def test_what_else_is_counted_moves_with_what_is_sold(self, juice: Product) -> None:
        calls = measure_factory(code="calls")
        line = cost_line_factory(product=juice, kind="service", measure=calls)
        cost_rate_factory(cost_line=line, start_date=LONG_AGO, amount=4)
        for step in range(12):
            said = {"product": juice, "measure": calls, "month": month_add(LAST, -step), "days": 30}
            SalesMonth.objects.create(**said, channel=channel_factory(), volume=10)
        run_now()
        months, _fall = ahead_of(juice)
        expected = [row.amount for row in months[0].statement.rows if row.key == "service"]
        net = months[0].statement.net
        assert expected == [booked(net / 200 * 10 * 4)]  # of 100 sold at 2.00 there were 10

    def test_what_is_split_goes_on_as_in_the_year_before(self, juice: Product) -> None:
        other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
        months_give(other, 36, volume=lambda _step: 300)
        shared = cost_line_factory(line=juice.line, kind="marketing", basis="month", key="revenue")
        cost_rate_factory(cost_line=shared, start_date=LONG_AGO, amount=D("100"))
        cost_rate_factory(cost_line=shared, start_date=AHEAD[1], amount=D("200"))
        run_now()
        months, _fall = ahead_of(juice)
        said = [
            sum(amount for line, amount in month.expected.costs if line == shared) for month in months[:3]
        ]
        assert said == [D("25.00"), D("50.00"), D("50.00")]

    def test_without_sales_there_is_nothing_to_go_on(self, juice: Product) -> None:
        run_now()
        SalesMonth.objects.all().delete()
        assert ahead_of(juice) == ([], None)


class TestTheFloor:
    def test_a_products_own_goes_before_its_lines(self, juice: Product) -> None:
        assert margin_floor(juice, LineTree()) is None
        juice.line.floor_rate = D("0.30")
        juice.line.save()
        assert margin_floor(juice, LineTree()) == D("0.30")
        floor(juice, "0.40")
        assert margin_floor(juice, LineTree()) == D("0.40")

    def test_months_to_it_and_the_rate_that_takes_it_there(self, juice: Product) -> None:
        """48.75 % is left now, 38.75 % when it costs 1.20 from month 4 on: ten points because of that."""
        floor(juice, "0.40")
        run_now()
        assert ahead_of(juice)[1] is None
        dearer(juice, AHEAD[3], "1.20")
        months, fall = ahead_of(juice)
        assert fall is not None
        assert (fall.month.month, fall.months, fall.under) == (AHEAD[3], 4, 9)
        assert float(fall.month.statement.rate("cm2") or 0) == pytest.approx(0.3875, abs=1e-3)
        move = fall.moves[0]
        assert (move.began, move.was, move.becomes) == (AHEAD[3], D("1.00"), D("1.20"))
        assert float(move.points) == pytest.approx(-0.1, abs=1e-3)
        assert "€1.00 → €1.20" in move_words(move).replace("\xa0", "")
        assert "−10.0" in move_words(move)
        assert not months[2].is_under

    def test_a_price_that_goes_down_is_named(self, juice: Product) -> None:
        """At 1.60 the margin is 0.575 of 1.60: 35.9 %, 12.8 points less, all of it the price."""
        floor(juice, "0.40")
        prices = price_list_factory()
        for start, amount in ((LONG_AGO, "2.00"), (AHEAD[1], "1.60")):
            price_factory(product=juice, price_list=prices, start_date=start, amount=D(amount))
        run_now()
        _months, fall = ahead_of(juice)
        assert fall is not None
        assert (fall.months, fall.moves[0].line) == (2, None)
        assert float(fall.moves[0].points) == pytest.approx(0.359375 - 0.4875, abs=1e-3)
        assert "own price" in move_words(fall.moves[0])


amounts = st.decimals("0.01", "1000", places=2)


@given(st.dictionaries(st.integers(0, 4), st.tuples(amounts, amounts)), amounts, amounts, amounts)
def test_moves_add_up_to_the_whole_move(
    costs: dict[int, tuple[Decimal, Decimal]], net: Decimal, net_then: Decimal, price: Decimal
) -> None:
    before, then = ({key: both[place] for key, both in costs.items()} for place in (0, 1))
    by_price, by_cost = share_moves(before, net, then, net_then, price=price, with_price={0})
    whole = sum(before.values(), D(0)) / net - sum(then.values(), D(0)) / net_then
    assert by_price + sum(by_cost.values(), D(0)) == pytest.approx(whole, rel=D("1e-12"), abs=D("1e-12"))


def test_one_click_from_under_the_floor_to_a_filled_proposal(juice: Product) -> None:
    """1.20 to buy: the form, sent as it came with a reason, drafts the price that keeps 40 % after it. Who
    may not propose finds no such link."""
    floor(juice, "0.40")
    price_list = price_list_factory(with_vat=False)
    price_factory(price_list=price_list, product=juice, amount="1.90", start_date=LONG_AGO)
    dearer(juice, AHEAD[3], "1.20")
    run_now(only=FORECASTS)
    client = Client()
    client.force_login(user_factory("product-manager", language="en"))
    [address] = re.findall(
        r'href="(/pricing/proposals/new/[^"]*kind=margin[^"]*)"',
        client.get(f"/products/{juice.code}/costs/").content.decode(),
    )
    form = client.get(html.unescape(address)).context["form"]
    filled = {name: form[name].value() for name in form.fields}
    start = max(AHEAD[3], today() + datetime.timedelta(1))
    assert (filled["kind"], filled["value"], filled["start_date"]) == ("margin", 40, start)
    assert not filled["reason"]  # beside the floor, which everybody reads, it would tell what it costs
    said = {name: "" if each is None else f"{each}" for name, each in filled.items()} | {"reason": "Season"}
    said |= {"product": juice.code, "price_list": price_list.code, "rounding": "none", "component": "unit"}
    answer = client.post("/pricing/proposals/new/", said)
    assert answer.status_code == 302, answer.context["form"].errors
    [row] = Proposal.objects.get().prices.all()
    assert row.amount == 2
    client.force_login(user_factory("finance", language="en"))
    assert "kind=margin" not in client.get(f"/products/{juice.code}/costs/").content.decode()


def look_now() -> None:
    run_now(only=[*FORECASTS, "margin_floor"])


class TestTheAlert:
    def alert(self) -> Alert | None:
        return Alert.objects.filter(kind="margin_floor", state=Alert.State.OPEN).first()

    def test_it_comes_with_the_night_stays_once_and_goes(self, juice: Product) -> None:
        floor(juice, "0.40")
        look_now()
        assert self.alert() is None
        dearer(juice, AHEAD[3], "1.20")
        look_now()
        alert = self.alert()
        assert alert is not None
        assert alert.evidence["months"] == 4
        assert alert.stake_amount is not None
        words = alert_kinds.get("margin_floor").words(alert)
        assert "within 4 months" in words.headline
        assert "38.8%" in words.plain
        assert "floor is 40.0%" in words.plain
        assert "−10.0" in words.plain
        version = alert.version
        look_now()
        alert.refresh_from_db()
        assert (alert.state, alert.version) == (Alert.State.OPEN, version)
        floor(juice, None)
        look_now()
        assert self.alert() is None

    def test_more_products_ask_no_more_queries(self, juice: Product) -> None:
        floor(juice, "0.40")
        look_now()
        run = NightlyRun.objects.latest("pk")
        counts = []
        for _more in range(2):
            with CaptureQueriesContext(connection) as asked:
                [chunk] = chunks(run)
                assert falls_of(list(Product.objects.filter(pk__in=chunk["products"]))) == {}
            counts.append((len(asked), len(chunk["products"])))
            for _ in range(3):
                other = product_factory(line=juice.line, floor_rate="0.1")
                months_give(other, 24, volume=lambda _step: 50)
            product_factory(line=juice.line)  # without a floor
            look_now()
        assert [products for _queries, products in counts] == [1, 4]
        assert counts[0][0] == counts[1][0]

    def test_only_who_may_see_costs_sees_it(self, juice: Product) -> None:
        floor(juice, "0.60")
        look_now()
        alert = self.alert()
        assert alert is not None
        assert alerts_visible(user_factory("finance")).filter(pk=alert.pk).exists()
        for role in ("marketing", "viewer"):
            person = user_factory(role)
            assert not person.has_perm("pricing.view_costs")
            assert not alerts_visible(person).filter(pk=alert.pk).exists()


def test_the_tab_says_it(juice: Product, client: Client) -> None:
    dearer(juice, AHEAD[3], "1.20")
    run_now()
    client.force_login(user_factory("finance"))
    url = reverse("pricing:product_costs", args=[juice.code])
    page = client.get(url).content.decode()
    assert "What margin do we expect?" in page
    assert "no minimum is set" in page
    floor(juice, "0.40")
    page = client.get(url).content.decode()
    assert "under it in 9 of the months" in page
    assert "€1.00 → €1.20" in page.replace("\xa0", "")
    floor(juice, "0.10")
    assert "over 12" in client.get(url).content.decode()
    client.force_login(user_factory("marketing"))
    assert client.get(url).status_code == 403
