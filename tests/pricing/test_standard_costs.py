"""Standard costs booked by the night: as the tab shows them, no cent lost in a split, only what changed."""

from __future__ import annotations

import calendar
import datetime
import html
import random
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind, CostLine, CostMonth, CostSign
from pricing.selectors.cost_months import cost_months
from pricing.selectors.margins import product_margins
from pricing.selectors.standard_costs import SplitLines, months_booked
from pricing.services.cost_months import cost_months_book
from pricing.services.costs import RateValues, cost_rate_add
from pricing.services.standard_costs import changed_costs, standard_costs_job
from products.models import Correction, Product, ProductMonth, SalesMonth
from products.services.closing import correction, month_close
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.pricing.test_margins import costs, sell

pytestmark = pytest.mark.django_db
D = Decimal


def last(back: int = 0) -> datetime.date:
    return month_add(month_start(today()), -1 - back)


def night(**fields: Any) -> Any:
    return run_now(local_date=today(), only=["standard_costs"], **{"kind": "manual", **fields})


def booked() -> dict[tuple[int | None, datetime.date, int], Decimal]:
    rows = cost_months().filter(source="standard").order_by().values_list("product_id", "month", "kind_id")
    return {each[:3]: each[3] for each in rows.annotate(amount=Sum("amount"))}


@pytest.fixture
def world() -> list[Product]:
    """Products of two lines, months with gaps, costs of every basis, alone and shared."""
    chance = random.Random(3)
    lines = [line_factory(), line_factory()]
    channels = [channel_factory(), channel_factory()]
    products = [product_factory(line=lines[n % 2]) for n in range(7)]
    for product in products[:6]:
        for back in range(4):
            for channel in channels:
                if chance.random() < 0.8:
                    volume = D(chance.randint(-2, 40))
                    sell(product, last(back), volume, volume * D("9.37"), channel=channel)
    for n, product in enumerate(products):
        costs("purchase", f"3.{n}71", product=product)
        costs("payment", "0.017", product=product, basis="share", base="net", channel=channels[0])
    costs("duty", "0.045", line=lines[0], basis="share", base="purchase")
    costs("quality", "100.01", line=lines[0], basis="month", key="revenue")
    costs("overhead", "999.99", basis="month", key="revenue")
    costs("licences", "77.77", line=lines[1], basis="month", key="fixed")
    fixed = cost_line_factory(kind="marketing", line=lines[1], basis="once", key="fixed")
    cost_rate_factory(cost_line=fixed, start_date=last(2) + datetime.timedelta(4), amount=D("500.05"))
    for product, weight in zip((products[1], products[3], products[6]), (1, 2, 3), strict=False):
        fixed.shares.create(product=product, weight=weight)
    return products


def test_it_books_what_the_tab_shows(world: list[Product]) -> None:
    night()
    found, finance = booked(), user_factory("finance")
    compared = 0
    for product in world:
        for month in product_margins(finance, product, last(3), last()) or ():
            for row in month.statement.rows if month.statement else ():
                kind = next(line.kind_id for line, _amount in month.costs if line.kind.code == row.key)
                assert found.get((product.pk, month.month, kind), D(0)) == row.amount
                compared += 1
    assert compared > 80


def test_what_channels_bear_adds_up_to_what_the_product_does(world: list[Product]) -> None:
    """Each amount is borne where it was sold, to the cent; without sales it stays in no channel."""
    night()
    sold = set(SalesMonth.objects.values_list("product_id", "month").distinct())
    for row in cost_months().filter(source="standard"):
        assert (row.channel_id is not None) == ((row.product_id, row.month) in sold)
    for product in world:
        for month in product_margins(user_factory("finance"), product, last(3), last()) or ():
            for line, amount in month.costs:
                rows = cost_months().filter(product=product, month=month.month, cost_line=line)
                assert sum(rows.values_list("amount", flat=True)) == amount


def test_a_cost_is_borne_by_the_channels_that_sold_what_it_counts() -> None:
    """30 and 70 sold, 5 given back in a third; for 400, 500 and −50. 2 each to buy: 60, 140, −10, duty 10 %
    of it; 5 % of net: 20, 25, −2.50; 4 a unit of retail, the first and the third: 100. A licence of 100.01 by
    net sales, and overhead of 90 by volume, without what is under nothing: 44.45, 55.56; 27, 63."""
    product, retail = product_factory(), channel_factory(code="RETAIL")
    shop, web = channel_factory(code="SHOP", parent=retail), channel_factory(code="WEB")
    back = channel_factory(code="BACK", parent=retail)
    for channel, units, revenue in ((shop, 30, 400), (web, 70, 500), (back, -5, -50)):
        sell(product, last(), D(units), D(revenue), channel=channel)
    costs("purchase", "2", product=product)
    costs("duty", "0.1", product=product, basis="share", base="purchase")
    costs("commission", "0.05", product=product, basis="share", base="net")
    costs("fulfilment", "4", product=product, channel=retail)
    costs("licences", "100.01", product=product, basis="month")
    costs("overhead", "90", basis="month", key="volume")
    night()
    rows = cost_months().filter(source="standard").values_list("kind__code", "channel__code", "amount")
    found: dict[str, dict[str, Decimal]] = {}
    for code, channel, amount in rows:
        found.setdefault(code, {})[channel] = amount
    assert found == {
        "purchase": {"SHOP": D(60), "WEB": D(140), "BACK": D(-10)},
        "duty": {"SHOP": D(6), "WEB": D(14), "BACK": D(-1)},
        "commission": {"SHOP": D(20), "WEB": D(25), "BACK": D("-2.50")},
        "fulfilment": {"SHOP": D(120), "BACK": D(-20)},
        "licences": {"SHOP": D("44.45"), "WEB": D("55.56")},
        "overhead": {"SHOP": D(27), "WEB": D(63)},
    }


def test_a_tier_in_another_currency_has_its_own_exchange_rate() -> None:
    product = product_factory()
    sell(product, last(), D(2000), D(40_000))
    goods = cost_line_factory(kind="purchase", product=product, currency="USD")
    for begin, amount, rate in ((0, 10, "0.90"), (1000, 8, "0.95")):
        of_tier = {"from_quantity": begin, "amount": D(amount), "exchange_rate": D(rate)}
        cost_rate_factory(cost_line=goods, start_date=last(), **of_tier)
    night()
    assert list(cost_months().values_list("amount", "currency_amount")) == [(15_200, 16_000)]


@pytest.mark.parametrize("split", [False, True])
def test_each_payment_in_another_currency_is_at_its_own_exchange_rate(split: bool) -> None:
    """$ 100 at 0.90 and $ 50 at 0.96 in one month: € 138 for $ 150. Of an amount a month each day at its own:
    ten days of $ 1 at 0.90, the rest of $ 2 at 0.80."""
    products = [product_factory() for _each in range(2 if split else 1)]
    of = {"key": "fixed"} if split else {"product": products[0]}
    paid = cost_line_factory(kind="marketing", basis="once", currency="USD", **of)
    monthly = cost_line_factory(kind="licences", basis="month", currency="USD", **of)
    days = calendar.monthrange(last().year, last().month)[1]
    for line, day, amount, rate in (
        (paid, 1, 100, "0.90"),
        (paid, 20, 50, "0.96"),
        (monthly, 1, days, "0.90"),
        (monthly, 11, days * 2, "0.80"),
    ):
        start = last().replace(day=day)
        cost_rate_factory(cost_line=line, start_date=start, amount=D(amount), exchange_rate=D(rate))
    for line in (paid, monthly) if split else ():
        for product, weight in zip(products, (1, 2), strict=True):
            line.shares.create(product=product, weight=weight)
    night()
    found = cost_months().filter(source="standard").order_by().values_list("kind__code", "currency")
    sums = {kind: said for kind, *said in found.annotate(Sum("amount"), Sum("currency_amount"))}
    own = 10 + 2 * (days - 10)
    ours = D(10) * D("0.90") + 2 * (days - 10) * D("0.80")
    assert sums == {"marketing": ["USD", D(138), D(150)], "licences": ["USD", ours, D(own)]}
    assert cost_months().filter(kind__code="marketing").count() == len(products)


def test_a_kind_of_the_statement_opens_the_rows_it_is_made_of(world: list[Product], client: Client) -> None:
    night()
    client.force_login(user_factory("finance", language="en"))
    tab = client.get(f"/products/{world[0].code}/costs/")
    [payment] = [row for row in tab.context["margin"].rows if row.kind == "payment"]
    [opened] = [
        url for url in re.findall(r'href="(/costs/reports/[^"]+)"', tab.content.decode()) if "=payment" in url
    ]
    report = client.get(html.unescape(opened)).context
    assert f"\u2212{report['total'].cells[0]}" == payment.total != ""
    assert len(report["rows"]) > 1


def test_no_cent_of_a_split_is_lost(world: list[Product]) -> None:
    night()
    totals = cost_months().values_list("kind__code", "month").annotate(Sum("amount")).order_by()
    sums = {(kind, month): amount for kind, month, amount in totals}
    for back in range(4):
        assert sums["quality", last(back)] == D("100.01")
        assert sums["overhead", last(back)] == D("999.99")
        # nobody said by what shares: it stays in sight, on no product
        assert cost_months().get(kind__code="licences", month=last(back), product=None).amount == D("77.77")
    assert sums["marketing", last(2)] == D("500.05")
    # a share of one that sold nothing is booked too
    assert cost_months().filter(kind__code="marketing", product=world[6]).exists()


def test_a_night_without_changes_writes_nothing(world: list[Product]) -> None:
    night()
    before = set(CostMonth.objects.values_list("pk", "replaced_at"))
    signs = set(CostSign.objects.values_list("pk", "input_hash"))
    run = night()
    step = run.steps.get(name="standard_costs")
    assert (step.computed, step.skipped) == (0, len(world))
    assert set(CostMonth.objects.values_list("pk", "replaced_at")) == before
    assert set(CostSign.objects.values_list("pk", "input_hash")) == signs


def test_only_what_changed_is_booked_anew(world: list[Product]) -> None:
    night()
    product, split = world[2], SplitLines(months_booked(last()))
    due = lambda: set(changed_costs([each.pk for each in world], split)[0])  # noqa: E731
    assert due() == set()
    row = SalesMonth.objects.filter(product=product).first()
    assert row is not None
    row.volume += 1
    row.save()
    assert due() == {product.pk}
    costs("energy", "0.5", product=world[4])
    assert due() == {product.pk, world[4].pk}
    # what all share is split anew when one of them sells more
    ProductMonth.objects.filter(product=product, month=last()).update(revenue=D(5000))
    split = SplitLines(months_booked(last()))
    assert due() == {each.pk for each in world if SalesMonth.objects.filter(product=each, month=last())} | {
        product.pk,
        world[4].pk,
    }
    old = booked()
    night()
    assert due() == set()
    changed = {key for key in old.keys() | booked().keys() if old.get(key) != booked().get(key)}
    assert {key[0] for key in changed} >= {product.pk, world[4].pk}


def test_sales_that_are_gone_take_their_costs_with_them(world: list[Product]) -> None:
    night()
    SalesMonth.objects.all().delete()
    ProductMonth.objects.all().delete()
    night()
    assert not cost_months().exclude(product=None).exclude(kind__code="marketing").exists()
    assert set(cost_months().filter(product=None).values_list("kind__code", flat=True)) == {
        *("quality", "overhead", "licences")
    }


def test_products_without_costs_are_left_alone_until_they_have_some(
    django_assert_max_num_queries: Any,
) -> None:
    dear, cheap = line_factory(), line_factory()
    one, other = product_factory(line=cheap), product_factory(line=cheap)
    night()
    assert not CostSign.objects.exists()
    kind_id = costs("energy", "0.5", line=dear).kind_id
    for product in (one, other):
        sell(product, last(), D(10), D(90))
    night()
    assert not CostSign.objects.exclude(product=None).exists()
    split = SplitLines(months_booked(last()))
    with django_assert_max_num_queries(4):  # nothing is read of what they sold
        assert changed_costs([one.pk, other.pk], split) == ({}, [])
    Product.objects.filter(pk=one.pk).update(line=dear)
    night()
    assert booked() == {(one.pk, last(), kind_id): D(5)}
    Product.objects.filter(pk=one.pk).update(line=cheap)
    night()
    assert booked() == {}
    assert night().steps.get(name="standard_costs").computed == 0


def test_many_products_cost_as_many_queries_as_few(
    world: list[Product], django_assert_max_num_queries: Any
) -> None:
    split = SplitLines(months_booked(last()))
    for products in (world[:1], world):
        with django_assert_max_num_queries(11):
            changed_costs([each.pk for each in products], split)


def test_a_new_rate_is_booked_by_a_worker(world: list[Product]) -> None:
    class Context:
        payload: dict[str, Any] = {}

        def progress(self, *_numbers: int) -> None:
            pass

    night()
    line = costs("energy", "1", last(1), product=world[0])
    cost_rate_add(
        user=user_factory("finance"), cost_line=line, start_date=last(), values=RateValues(amount=D(2))
    )
    Context.payload = {"cost_lines": [line.pk]}
    assert standard_costs_job(Context())["changed"] > 0
    own = SalesMonth.objects.filter(product=world[0], month=last()).aggregate(Sum("volume"))["volume__sum"]
    assert booked()[world[0].pk, last(), line.kind_id] == 2 * own
    assert standard_costs_job(Context())["changed"] == 0


def closed_costs() -> dict[tuple[int | None, datetime.date, int], Decimal]:
    return {key: amount for key, amount in booked().items() if key[1] <= last(1)}


def corrected_sales(person: Any, product: Product, more: int) -> None:
    """A late file of the product's sales of a closed month."""
    row = SalesMonth.objects.filter(product=product, month=last(1)).first()
    assert row is not None
    said = {"what": "sales", "rows": 1, "amount": "0.00", "products": [product.pk]}
    with correction(user=person, reason="late", changes=[{"month": f"{last(1):%Y-%m}", **said}]):
        SalesMonth.objects.filter(pk=row.pk).update(volume=row.volume + more)


def test_a_closed_month_stays_until_it_is_corrected(world: list[Product]) -> None:
    """Other rates and sales of a closed month change nothing that was booked; corrected sales do, visibly."""
    night()
    person, product = user_factory("finance"), world[0]
    month_close(user=person, month=last(1))
    before = closed_costs()
    assert before
    line = CostLine.objects.get(product=product, kind__code="purchase")
    cost_rate_add(user=person, cost_line=line, start_date=last(), values=RateValues(D("9.99")))
    for other in world[1:]:
        own = CostLine.objects.get(product=other, kind__code="purchase")
        cost_rate_factory(cost_line=own, start_date=last(3), amount=D("7.77"), from_quantity=1)
    night()
    assert closed_costs() == before
    corrected_sales(person, product, 100)
    night()
    after = closed_costs()
    moved = {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key)}
    purchase, duty = (CostKind.objects.get(code=code).pk for code in ("purchase", "duty"))
    # at the rate that held, whatever came of others since; what all share stays as it was split
    assert moved == {
        (product.pk, last(1), purchase): D(100) * D("3.071"),
        (product.pk, last(1), duty): moved[product.pk, last(1), duty],
    }
    assert before.keys() == after.keys()
    (followed,) = Correction.objects.filter(by=None)
    (change,) = followed.changes
    assert (change["month"], change["what"]) == (f"{last(1):%Y-%m}", "standard")
    assert change["moved"] == {str(product.pk): f"{sum(moved.values()):.2f}"}
    assert change["amount"] == change["moved"][str(product.pk)]


def test_costs_follow_a_correction_once_and_of_its_products_alone(world: list[Product]) -> None:
    """Whatever changes of others meanwhile, or of the same product later, is of open months."""
    a, b = world[0], world[2]
    night()
    person = user_factory("finance")
    month_close(user=person, month=last(1))
    before = closed_costs()
    corrected_sales(person, a, 100)
    Product.objects.filter(pk=b.pk).update(line=line_factory(), ended=last(2))
    night()
    after = closed_costs()
    assert {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == {a.pk}
    Product.objects.filter(pk=a.pk).update(line=line_factory(), ended=last(2))
    cost_rate_factory(
        cost_line=CostLine.objects.get(product=a, kind__code="purchase"),
        start_date=last(3) + datetime.timedelta(1),
        amount=D("8.88"),
    )
    night()
    assert (closed_costs(), Correction.objects.filter(by=None).count()) == (after, 1)
    # A second correction is followed again, by what is known now.
    corrected_sales(person, a, 1)
    night()
    again = closed_costs()
    assert {key[0] for key in again.keys() | after.keys() if again.get(key) != after.get(key)} == {a.pk}


def test_a_corrected_rate_of_what_is_split_moves_all_its_parts_and_nothing_else(world: list[Product]) -> None:
    night()
    person = user_factory("finance")
    month_close(user=person, month=last(1))
    before, line = closed_costs(), CostLine.objects.get(kind__code="overhead")
    said = {"what": "rates", "rows": 1, "products": [], "cost_lines": [line.pk]}
    own = CostLine.objects.get(product=world[1], kind__code="purchase")
    cost_rate_factory(cost_line=own, start_date=last(2), amount=D("8.88"))
    with correction(user=person, reason="late", changes=[{"month": f"{last(1):%Y-%m}", **said}]):
        cost_rate_factory(cost_line=line, start_date=last(1), amount=D("1200.01"))
    night()
    after = closed_costs()
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {key[1:] for key in changed} == {(last(1), line.kind_id)}
    assert sum(amount for key, amount in after.items() if key[1:] == (last(1), line.kind_id)) == D("1200.01")
    assert len(changed) > 3
    night()
    assert closed_costs() == after


def test_the_database_keeps_booked_costs_of_a_closed_month(world: list[Product]) -> None:
    night()
    month_close(user=user_factory("finance"), month=last(1))
    closed = CostMonth.objects.filter(month=last(1))
    with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
        closed.update(replaced_at=timezone.now())
    with pytest.raises(DomainError) as refused:
        cost_months_book(source="standard", months=[last(1)], rows=[])
    assert refused.value.code == "month_closed"
    assert closed.filter(replaced_at=None).exists()
