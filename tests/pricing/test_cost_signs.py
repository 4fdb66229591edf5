"""Actual costs, margin floors and costs ahead are worked out again where what they are made of changed, and
only there."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Deputy, User
from collaboration.selectors.recipients import NEEDED
from core.months import month_add
from core.organisation import today
from forecasting.models import Forecast, ForecastMonth
from pricing.doctor import ledger_is_booked
from pricing.models import CostKind, CostLine, CostMonth, CostRate, CostSign, LedgerEntry, LedgerMapping
from pricing.selectors.cost_months import cost_months
from pricing.services import ledger as services
from pricing.services.ledger import Part, ledger_map
from pricing.steps import costs_ahead, margin_floor
from products.models import Channel, LineLimit, Measure, Product, ProductMonth, SalesMonth
from products.services.codes import unit_factor_set
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    forecast_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now

from .test_ledger import SHEET, booked, entry, kind, month, run
from .test_margins import sell

pytestmark = pytest.mark.django_db
D = Decimal
TOLD = [*NEEDED, "pricing.view_costs"]


def night() -> tuple[int, int]:
    step = run_now(local_date=today(), only=["actual_costs"], kind="manual").steps.get(name="actual_costs")
    return step.computed, step.skipped


@pytest.fixture
def shared() -> list[Product]:
    """80 by revenue and 40 by volume, 60 to 40 over two accounts of mapping."""
    line = line_factory(code="juices", unit="carton", reporting_unit="litre")
    finance = user_factory("finance")
    units = (("A", "carton"), ("B", "box"))
    products = [product_factory(code=code, line=line, unit=unit) for code, unit in units]
    for product, revenue in zip(products, (100, 300), strict=True):
        unit_factor_set(user=user_factory("administrator"), product=product, unit="litre", factor=D(1))
        sell(product, month(2), D(revenue) / 10, D(revenue))
    by = {"7000": [Part(kind("quality"), line=line, key="revenue")]}
    by["7100"] = [
        Part(kind("quality"), line=line, key="volume", share=D("0.5")),
        Part(kind("duty"), product=products[0], share=D("0.5")),
    ]
    for account, parts in by.items():
        ledger_map(user=finance, account=account, start_month=month(3), parts=parts)
    run(SHEET, [entry(80), entry(80, "7100"), entry(5, back=1)])
    return products


def _more_revenue(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[0], month=month(2)).update(revenue=500)


def _more_volume(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[0], month=month(2)).update(volume=500)


def _other_line(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(line=line_factory())


def _another_entry(_products: list[Product]) -> None:
    LedgerEntry.objects.create(
        number="late",
        date=month(2),
        month=month(2),
        account="7000",
        amount=D("0.01"),
        booked=D("0.01"),
        currency="EUR",
    )


def _another_mapping(products: list[Product]) -> None:
    LedgerMapping.objects.create(
        account="7000", start_month=month(2), kind=kind("licences"), product=products[0]
    )


def _another_unit(products: list[Product]) -> None:
    unit_factor_set(user=user_factory("administrator"), product=products[0], unit="litre", factor=D(9))


class TestActualCosts:
    def test_a_night_without_changes_books_nothing(self, shared: list[Product], monkeypatch: Any) -> None:
        asked: list[Any] = []
        real = services.cost_months_book
        monkeypatch.setattr(
            services, "cost_months_book", lambda **said: asked.append(said["months"]) or real(**said)
        )
        before = booked()
        assert night() == (0, 1)
        assert (asked, booked()) == ([], before)
        _more_revenue(shared)
        assert night() == (1, 0)
        assert [list(months) for months in asked] == [[month(2)], [month(2)]]  # the other month is skipped

    @pytest.mark.parametrize(
        "change",
        [_more_revenue, _more_volume, _other_line, _another_entry, _another_mapping, _another_unit],
    )
    def test_what_changed_is_booked_as_if_for_the_first_time(
        self, shared: list[Product], change: Callable[[list[Product]], None]
    ) -> None:
        before = booked(month=month(2))
        change(shared)
        night()
        found = booked(month=month(2))
        assert found != before
        assert list(ledger_is_booked()) == []
        CostSign.objects.all().delete()
        night()
        assert booked(month=month(2)) == found


LAST = datetime.date(2026, 10, 1)


@pytest.fixture
def juice() -> Product:
    """100 a month at 2.00; 1.00 is bought, 10 % goes to a channel, freight is shared with another."""
    channel = channel_factory(code="shop")
    line = line_factory(code="juices")
    products = [product_factory(line=line, code=code, floor_rate=D("0.4")) for code in ("JUICE", "OTHER")]
    for product in products:
        for back in range(12):
            sell(product, month_add(LAST, -back), D(100), D(200), channel=channel)
    first, _other = products
    forecast_factory(LAST, 100, months=12, product=first)
    cost_rate_factory(product=first, start_date=datetime.date(2020, 1, 1), amount=1)
    fee = cost_line_factory(product=first, kind="commission", basis="share", base="net", channel=channel)
    cost_rate_factory(cost_line=fee, start_date=datetime.date(2020, 1, 1), amount=D("0.1"))
    freight = cost_line_factory(line=line, kind="inbound", basis="month", key="revenue")
    cost_rate_factory(cost_line=freight, start_date=datetime.date(2020, 1, 1), amount=D(20))
    return first


def held(product: Product) -> int:
    """How many products the step works out."""
    step: Any = SimpleNamespace(local_date=today())
    return margin_floor.compute(step, {"products": [product.pk]})().computed


def _sold_more(product: Product) -> None:
    SalesMonth.objects.filter(product=product, month=LAST).update(volume=101)


def _other_sold_more(_product: Product) -> None:
    ProductMonth.objects.filter(product__code="OTHER", month=LAST).update(revenue=900)


def _dearer(product: Product) -> None:
    line = CostLine.objects.get(product=product, kind__code="purchase")
    CostRate.objects.create(cost_line=line, start_date=month_add(LAST, 3), amount=2)


def _kind_named(_product: Product) -> None:
    CostKind.objects.filter(code="purchase").update(name_en="Buying", name_nl="Kopen")


def _channel_moved(_product: Product) -> None:
    Channel.objects.filter(code="shop").update(parent=channel_factory())


def _counted_otherwise(_product: Product) -> None:
    Measure.objects.filter(code="units").update(kind="level")


def _of(model: Any, **values: Any) -> Callable[[Product], None]:
    """The rows of the product changed."""
    name = {Product: "pk", Forecast: "product", ForecastMonth: "forecast__product"}[model]
    return lambda product: model.objects.filter(**{name: product.pk}).update(**values)


class TestFloors:
    def test_nothing_changed(self, juice: Product) -> None:
        assert (held(juice), held(juice)) == (1, 0)

    @pytest.mark.parametrize(
        "change",
        [
            *(_sold_more, _other_sold_more, _dearer, _kind_named, _channel_moved),
            _of(Product, floor_rate=D("0.39")),
            _of(Product, ended=month_add(LAST, 4)),
            lambda product: _of(Product, owner=user_factory(rights=TOLD))(product),
            lambda product: _of(Product, line=line_factory())(product),
            _of(ForecastMonth, overridden=90.0),
            _of(ForecastMonth, lo80=90.0, lo95=90.0),
            _of(ForecastMonth, price_ratio=1.1),
            _of(Forecast, current=False),
        ],
    )
    def test_each_input_is_noticed(self, juice: Product, change: Callable[[Product], None]) -> None:
        held(juice)
        change(juice)
        assert held(juice) == 1
        assert held(juice) == 0

    @pytest.mark.parametrize(
        "change",
        [
            lambda owner: User.objects.filter(pk=owner.pk).update(is_active=False),
            lambda owner: owner.roles.clear(),
            lambda owner: LineLimit.objects.create(user=owner, line=line_factory()),
        ],
    )
    def test_whom_it_reaches_is_noticed(self, juice: Product, change: Callable[[Any], None]) -> None:
        owner, deputy = user_factory(rights=TOLD), user_factory(rights=TOLD)
        Product.objects.filter(pk=juice.pk).update(owner=owner)
        held(juice)
        change(owner)
        assert (held(juice), held(juice)) == (1, 0)
        Deputy.objects.create(owner=owner, deputy=deputy, start_date=today(), end_date=today())
        assert (held(juice), held(juice)) == (1, 0)

    def test_what_is_taken_off_below_moves_nothing(self, juice: Product) -> None:
        held(juice)
        cost_rate_factory(
            cost_line=cost_line_factory(kind="overhead", basis="month", key="revenue"),
            start_date=LAST,
            amount=D(900),
        )
        assert held(juice) == 0


def booked_ahead(*products: Product) -> tuple[int, int]:
    """How many products the step works out, and skips; of none: what could not be split."""
    step: Any = SimpleNamespace(pk=0, started_at=timezone.now(), as_of=LAST)
    payload = {"products": [product.pk for product in products]} if products else {"rest": True}
    outcome = costs_ahead.compute(step, payload)()
    return outcome.computed, outcome.skipped


def _overhead(_product: Product) -> None:
    cost_rate_factory(
        cost_line=cost_line_factory(kind="overhead", basis="month", key="revenue"), start_date=LAST, amount=9
    )


class TestCostsAhead:
    def test_nothing_changed(self, juice: Product) -> None:
        other = Product.objects.get(code="OTHER")
        assert booked_ahead(juice, other) == (2, 0)
        count = CostMonth.objects.count()
        CostMonth.objects.all().update(
            replaced_at=timezone.now()
        )  # a night that works them out would show it
        assert booked_ahead(juice, other) == (0, 2)
        assert CostMonth.objects.count() == count
        _dearer(juice)
        assert booked_ahead(juice, other) == (1, 1)

    @pytest.mark.parametrize(
        "change",
        [
            *(_sold_more, _other_sold_more, _dearer, _channel_moved, _counted_otherwise, _overhead),
            _of(Product, ended=month_add(LAST, 4)),
            _of(ForecastMonth, overridden=90.0),
            _of(ForecastMonth, price_ratio=1.1),
            _of(Forecast, current=False),
        ],
    )
    def test_each_input_is_noticed(self, juice: Product, change: Callable[[Product], None]) -> None:
        booked_ahead(juice)
        change(juice)
        assert booked_ahead(juice) == (1, 0)
        found = sorted(cost_months().values_list("month", "kind", "channel", "amount"))
        CostSign.objects.all().delete()
        booked_ahead(juice)
        assert sorted(cost_months().values_list("month", "kind", "channel", "amount")) == found

    def test_what_cannot_be_split_is_booked_once_and_ends(self, juice: Product) -> None:
        line = cost_line_factory(line=line_factory(), kind="quality", basis="month", key="revenue")
        rate = cost_rate_factory(cost_line=line, start_date=LAST, amount=5)
        booked_ahead()
        assert cost_months().filter(product=None).count() == 12
        booked_ahead()
        assert CostMonth.objects.count() == 12
        CostRate.objects.create(cost_line=rate.cost_line, start_date=month_add(LAST, 1), amount=None)
        booked_ahead()
        assert not cost_months().exists()
