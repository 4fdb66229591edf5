"""Many costs changed at once: what it shows, written as a whole and once, withdrawn, prices that follow."""

from __future__ import annotations

import csv
import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.errors import DomainError
from collaboration.models import Alert
from core import formats, jobs
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostChange, CostLine, CostRate, Proposal
from pricing.selectors import cost_changes as selector
from pricing.selectors.costs import costs_on
from pricing.services import cost_changes as service
from pricing.services.cost_changes import (
    cost_change_apply,
    cost_change_draft,
    cost_change_propose,
    cost_change_withdraw,
)
from pricing.words.cost_changes import left_out_words
from products.models import Product, ProductMonth, SalesMonth, Supplier
from tests.factories import (
    client_of,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_margins import costs, sell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def soon(days: int = 10) -> datetime.date:
    return today() + datetime.timedelta(days=days)


class World:
    """A supplier of two products: 1,200 sold a year at 10 each, purchase 4, and half of a duty of 5 %."""

    def __init__(self) -> None:
        self.finance = user_factory("finance")
        self.supplier = Supplier.objects.create(code="mill", name="Mill")
        self.line = line_factory()
        self.products = [product_factory(line=self.line, code=f"P{n}", name=f"Product {n}") for n in range(3)]
        self.lines = [
            costs("purchase", "4", product=product, supplier=self.supplier) for product in self.products[:2]
        ]
        costs("duty", "0.05", line=self.line, basis="share", base="purchase")
        costs("commission", "0.1", line=self.line, basis="share", base="net")
        for product in self.products:
            for back in range(1, 13):
                sell(product, month_add(month_start(today()), -back), 100, 1000)

    def draft(self, how: str = "percentage", value: str = "0.04", **more: Any) -> CostChange:
        said: dict[str, Any] = {
            "user": self.finance,
            "chosen": {"supplier": self.supplier.pk},
            "how": how,
            "value": D(value),
            "start_date": soon(),
            "reason": "Mill asks more",
        }
        return cost_change_draft(**said | more)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def floored(world: World) -> World:
    """Product 0 has a floor of 47 % CM2 (it has 48 %), product 1 none."""
    Product.objects.filter(code="P0").update(floor_rate=D("0.47"))
    return world


def test_it_shows_every_rate_and_what_is_left_of_every_product(world: World) -> None:
    change = world.draft()
    rows = service.change_rows(change)
    assert [(row.old.amount, row.amount, row.problem) for row in rows] == [(D(4), D("4.16"), "")] * 2
    found = {row.product: row for row in change.effects.all()}
    assert set(found) == set(world.products[:2])
    effect = found[world.products[0]]
    # 12,000 - 4,800 - 240 = 6,960; with 4,992 and 249.60: 6,758.40; commission 1,200 before CM2.
    assert (effect.net, effect.cm1_was, effect.cm1) == (12000, 6960, D("6758.40"))
    assert (effect.cm3_was, effect.cm3, effect.tied) == (5760, D("5558.40"), 1200)
    assert not CostRate.objects.filter(start_date=soon()).exists()


def test_before_and_after_are_what_the_margins_become_once_it_is_written(world: World) -> None:
    """Against rates that are really there, from long ago."""
    change = world.draft(value="0.1234")
    expected = change.effects.get(product=world.products[1])
    CostRate.objects.create(
        cost_line=world.lines[1], start_date=datetime.date(2020, 1, 2), amount=D("4.4936")
    )
    again = world.draft(value="0.5", start_date=soon(20))
    assert again.effects.get(product=world.products[1]).cm3_was == expected.cm3


@pytest.mark.parametrize(
    ("how", "value", "chosen", "amount"),
    [
        ("amount", "0.05", {}, "4.05"),
        ("percentage", "-0.025", {}, "3.9"),
        ("percentage", "0.000001", {}, None),  # to four decimals the same
    ],
)
def test_how(world: World, how: str, value: str, chosen: dict[str, Any], amount: str | None) -> None:
    if amount is None:
        with pytest.raises(DomainError, match="none would change"):
            world.draft(how, value)
    else:
        assert [row.amount for row in service.change_rows(world.draft(how, value))] == [D(amount)] * 2


def test_another_exchange_rate(world: World) -> None:
    line = cost_line_factory(product=world.products[2], currency="USD", name="Sugar")
    cost_rate_factory(cost_line=line, start_date=soon(-90), amount=D(2), exchange_rate=D("0.9"))
    change = world.draft("exchange", "0.95", chosen={"currency": "USD"})
    (row,) = service.change_rows(change)
    assert (row.amount, row.exchange_rate) == (2, D("0.95"))
    effect = change.effects.get()
    assert effect.cm1_was - effect.cm1 == D("126.00")  # 1,200 × 2 × 0.05, and the duty on it
    cost_change_apply(user=world.finance, change=change)
    assert costs_on(world.finance, world.products[2], soon())[line].lowest.exchange_rate == D("0.95")
    for more in ({}, {"currency": "EUR"}):
        with pytest.raises(DomainError) as refused:
            world.draft("exchange", "0.95", chosen={"supplier": world.supplier.pk, **more})
        assert refused.value.field == "currency"


def test_what_does_not_go_is_said_at_its_row_and_stays(world: World) -> None:
    cost_rate_factory(cost_line=world.lines[0], start_date=soon(), amount=D(5))
    cost_rate_factory(cost_line=world.lines[1], start_date=soon(30), amount=D(6))
    share = costs("quality", "0.02", product=world.products[0], basis="share", base="net")
    CostLine.objects.filter(pk=share.pk).update(note="one of the mill's")
    change = world.draft("amount", "0.5", chosen={"line": world.line.pk})
    rows = {row.cost_line: row for row in service.change_rows(change)}
    assert "already" in rows[world.lines[0]].problem
    assert "percentage" in rows[share].problem
    assert (rows[world.lines[1]].problem, rows[world.lines[1]].until) == ("", soon(30))
    cost_change_apply(user=world.finance, change=change)
    assert list(change.rates.values_list("cost_line", "amount")) == [(world.lines[1].pk, D("4.5"))]


def test_written_once_and_only_what_was_shown(world: World) -> None:
    change = world.draft()
    for _ in range(2):
        cost_change_apply(user=world.finance, change=change)
    assert CostRate.objects.filter(start_date=soon()).count() == change.rates.count() == 2
    assert [row.amount for row in selector.written_changes(world.finance, change)] == [D("4.16")] * 2
    other = world.draft(value="0.1", start_date=soon(20))
    cost_rate_factory(cost_line=world.lines[1], start_date=soon(20), amount=D(5))  # somebody else's
    with pytest.raises(DomainError) as refused:
        cost_change_apply(user=world.finance, change=other)
    assert refused.value.code == "changed"
    assert CostRate.objects.filter(start_date=soon(20)).count() == 1
    service.cost_change_again(user=world.finance, change=other)
    cost_change_apply(user=world.finance, change=other)
    assert other.rates.get().cost_line == world.lines[0]


def test_withdrawn_what_lies_ahead_goes_and_what_held_is_put_back(world: World) -> None:
    ahead, begun = world.draft(), world.draft(start_date=soon(1), value="0.5")
    cost_change_apply(user=world.finance, change=ahead)
    assert cost_change_withdraw(user=world.finance, change=ahead) == (2, 0)
    assert cost_change_withdraw(user=world.finance, change=ahead) == (0, 0)
    cost_change_apply(user=world.finance, change=begun)
    rates = [
        CostRate.objects.create(cost_line=line, start_date=soon(-5), amount=D(6)) for line in world.lines
    ]
    begun.rates.set(rates)  # as if it had been written a week ago
    CostRate.objects.filter(start_date=soon(1)).update(withdrawn_at=datetime.datetime.now(datetime.UTC))
    assert cost_change_withdraw(user=world.finance, change=begun) == (2, 0)
    for line, product in zip(world.lines, world.products, strict=False):
        assert costs_on(world.finance, product, today())[line].lowest.amount == 4


def test_withdrawn_one_after_the_other_what_held_in_closed_months_is_put_back(world: World) -> None:
    """4 from long ago, 6 by a change and 7 by another, both in the month before the first open one."""
    begin = month_start(today())
    changes = [world.draft(value=value) for value in ("0.5", "0.75")]
    for change, days, amount in zip(changes, (20, 10), (6, 7), strict=True):
        day = begin - datetime.timedelta(days)
        rates = [CostRate(cost_line=line, start_date=day, amount=amount) for line in world.lines]
        change.rates.set(CostRate.objects.bulk_create(rates))  # as if it had been written then
        CostChange.objects.filter(pk=change.pk).update(start_date=day)
    CostChange.objects.update(state="applied", decided_at=datetime.datetime.now(datetime.UTC))
    organisation_factory(closed_until=month_add(begin, -1))
    client = client_of(world.finance)
    said = f"Of 2 that counted in closed months, what was before holds again from {formats.day(begin)}."
    for change, amount in zip(reversed(changes), (6, 4), strict=True):
        page = client.post(f"{change.get_absolute_url()}act/", {"act": "withdraw"}, follow=True)
        assert said in page.content.decode()
        for line, product in zip(world.lines, world.products, strict=False):
            assert costs_on(world.finance, product, today())[line].lowest.amount == amount
            before = begin - datetime.timedelta(1)
            assert costs_on(world.finance, product, before)[line].lowest.amount == 7
    assert [row.written for row in selector.cost_changes_listed(world.finance)] == [2, 2]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"start_date": datetime.date(2026, 1, 1)}, "start_date"),
        ({"chosen": {}}, "supplier"),
        ({"value": "-1.01"}, "value"),
        ({"reason": "  "}, "reason"),
        ({"how": "exchange", "value": "0"}, "value"),
        ({"chosen": {"currency": "XXX"}}, ""),
    ],
)
def test_refused(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        world.draft(**said)
    assert refused.value.field == field
    assert not CostChange.objects.exists()


def test_what_lies_above_the_lines_of_who_is_limited_is_no_matter_of_how_much(world: World) -> None:
    costs("overhead", "3", basis="unit", supplier=world.supplier)  # of all products
    with pytest.raises(DomainError, match="limited to some") as refused:
        world.draft(user=user_factory("finance", lines=[line_factory()]))
    assert refused.value.field == ""


def test_what_nobody_mapped_is_no_kind_to_change(world: World) -> None:
    offered = client_of(world.finance).get("/costs/changes/new/").context["form"].fields["kind"].queryset
    assert {"purchase", "unmapped"} - {kind.code for kind in offered} == {"unmapped"}


def test_the_list_says_how_many_rates_were_written(world: World) -> None:
    """Of a draft none are yet."""
    world.draft()
    client = client_of(world.finance)

    def rates() -> str:
        return re.findall(r'<td class="num">(.*?)</td>', tight(client.get("/costs/changes/")))[0].strip()

    assert "—" in rates()
    cost_change_apply(user=world.finance, change=CostChange.objects.get())
    assert rates() == "2"


def test_a_draft_is_its_authors_and_limits_hold(world: World) -> None:
    change, other = world.draft(), user_factory("finance")
    assert not selector.cost_changes_visible(other).exists()
    with pytest.raises(DomainError, match="Only who drafted it"):
        cost_change_apply(user=other, change=change)
    limited = user_factory("finance", lines=[world.line])
    costs("overhead", "3", basis="unit", supplier=world.supplier)  # of all products
    mine = world.draft(user=limited)
    assert [bool(row.problem) for row in service.change_rows(mine)].count(True) == 1
    cost_change_apply(user=limited, change=mine)
    assert mine.rates.count() == 2
    assert selector.cost_changes_visible(other).get() == mine
    assert not selector.cost_changes_visible(user_factory(rights=["products.view"])).exists()


def test_without_sales_it_is_seen_by_who_sees_its_products_alone(world: World) -> None:
    line, sold_by = line_factory(), Supplier.objects.create(code="farm", name="Farm")
    costs("purchase", "4", product=product_factory(line=line, code="NEW"), supplier=sold_by)
    change = world.draft(chosen={"supplier": sold_by.pk})
    cost_change_apply(user=world.finance, change=change)
    assert change.effects.get().is_unit
    elsewhere, there = (user_factory("finance", lines=[each]) for each in (world.line, line))
    assert not selector.cost_changes_visible(elsewhere).exists()
    assert selector.cost_changes_visible(there).get() == change


def test_of_many_products_a_worker_does_it_with_progress(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = list(world.draft().effects.order_by("product").values_list("product", "cm1_was", "cm3"))
    for module in (service, selector):
        monkeypatch.setattr(module, "AT_ONCE", 1)
    change = world.draft()
    assert not change.effects.exists()
    page = client_of(world.finance).get(change.get_absolute_url()).text
    assert "Nothing has been done in the background" in page
    job, told = Job.objects.get(kind=selector.JOB), []
    monkeypatch.setattr(jobs.JobContext, "progress", lambda _self, *said: told.append(said))
    claimed = jobs.job_claim("short")
    while claimed is not None and claimed != job:
        claimed = jobs.job_claim("short")
    assert claimed is not None
    jobs.job_run(claimed)
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert list(change.effects.order_by("product").values_list("product", "cm1_was", "cm3")) == at_once


def test_a_month_that_is_not_loaded_yet_is_not_among_the_twelve(world: World) -> None:
    """They end a month earlier: still 1,200 sold."""
    begin = month_start(today())
    for rows in (SalesMonth, ProductMonth):
        rows.objects.filter(month=month_add(begin, -1)).delete()
    for product in world.products:
        sell(product, month_add(begin, -13), 100, 1000)
    change = world.draft()
    assert [(row.net, row.cm1_was) for row in change.effects.all()] == [(12000, 6960)] * 2
    page = client_of(world.finance).get(change.get_absolute_url()).content.decode()
    with translation.override("en"):
        end = formats.month(month_add(begin, -2))
    assert f"{world.line.name} has sales up to {end}: its 12 months end there." in page


def test_many_products_cost_as_many_queries_as_few(world: World) -> None:
    change = world.draft()
    rows, last = service.change_rows(change), month_add(month_start(today()), -1)
    counts = []
    for ids in ([world.products[0].pk], [product.pk for product in world.products]):
        with CaptureQueriesContext(connection) as captured:
            assert len(list(selector.effects(change, rows, ids, last))) == len(ids)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


class TestNotSold:
    """Bought for 4, with 5 % duty on it and 10 % commission; at 10 that leaves 5.80 and 4.80."""

    def product(self, world: World, amount: str = "", *, with_vat: bool = False, **fields: Any) -> Product:
        made = product_factory(line=world.line, code="NEW", floor_rate=D("0.47"), **fields)
        costs("purchase", "4", product=made, supplier=world.supplier)
        if amount:
            prices = price_list_factory(with_vat=with_vat)
            price_factory(product=made, price_list=prices, start_date=soon(-90), amount=D(amount))
        return made

    @pytest.mark.parametrize(("amount", "with_vat"), [("10", False), ("12.10", True)])
    def test_it_is_in_the_list_with_what_one_leaves(self, world: World, amount: str, with_vat: bool) -> None:
        change = world.draft()
        assert change.effects.count() == 2
        product = self.product(world, amount, with_vat=with_vat)
        found = {row.product: row for row in world.draft().effects.all()}
        assert len(found) == 3
        row = found[product]
        assert (row.is_unit, row.net, row.tied) == (True, 10, 1)
        assert (row.cm1_was, row.cm2_was) == (D("5.8"), D("4.8"))
        assert (row.cm1, row.cm2, row.cm3) == (D("5.632"), D("4.632"), D("4.632"))
        assert (row.floor, row.is_under) == (D("0.47"), True)
        assert not found[world.products[0]].is_unit

    def test_what_costs_a_cent_has_its_decimals(self, world: World) -> None:
        product = product_factory(line=world.line)
        price_factory(
            product=product, price_list=price_list_factory(), start_date=soon(-90), amount=D("0.0853")
        )
        line = cost_line_factory(product=product, supplier=world.supplier)
        cost_rate_factory(cost_line=line, start_date=soon(-90), amount=D("0.02"), least_quantity=500)
        row = world.draft(value="0.05").effects.get(product=product)
        assert (row.net, row.cm1_was, row.cm1) == (D("0.0853"), D("0.0643"), D("0.06325"))

    def test_by_its_lowest_tier(self, world: World) -> None:
        product = self.product(world, "10")
        line = product.cost_lines.get()
        cost_rate_factory(cost_line=line, start_date=soon(-90), amount=D(3), from_quantity=1000)
        row = world.draft(chosen={"product": product.pk}).effects.get()
        assert (row.cm1_was, row.cm1) == (D("5.8"), D("5.632"))

    def test_without_a_price_it_is_there_and_under_no_floor(self, world: World) -> None:
        product = self.product(world)
        row = world.draft().effects.get(product=product)
        assert (row.net, row.cm3_was, row.cm3) == (0, D("-4.2"), D("-4.368"))
        assert (row.floor, row.is_under, row.stays_under) == (None, False, False)

    def test_of_contracts_a_month_of_one(self, world: World) -> None:
        line = line_factory(measures=[measure_factory(code="in-force", kind="level")])
        product = product_factory(line=line)
        costs("service", "6", product=product, basis="contract", supplier=world.supplier)
        prices = price_list_factory()
        said = {"product": product, "price_list": prices, "start_date": soon(-90)}
        price_factory(**said, component="month", amount=D(10))
        row = world.draft().effects.get(product=product)
        assert (row.net, row.cm2_was, row.cm2) == (10, 4, D("3.76"))
        price_factory(**said, component="unit", tier="kWh", amount=D("0.25"))
        assert world.draft().effects.get(product=product).net == 0  # what one uses is not known

    def test_not_what_has_ended_nor_where_one_costs_the_same(self, world: World) -> None:
        ended = self.product(world, "10", ended=today())
        costs(
            "licences",
            "100",
            basis="month",
            product=product_factory(line=world.line),
            supplier=world.supplier,
        )
        found = world.draft().effects.values_list("product", flat=True)
        assert set(found) == {product.pk for product in world.products[:2]}
        Product.objects.filter(pk=ended.pk).update(ended=None)
        assert world.draft().effects.filter(product=ended).exists()

    def test_on_the_page_in_its_file_and_in_a_proposal(self, world: World) -> None:
        product, bare = self.product(world, "10"), product_factory(line=world.line, code="BARE")
        costs("purchase", "1.5", product=bare, supplier=world.supplier)
        change = world.draft()
        client, address = client_of(world.finance), change.get_absolute_url()
        page = tight(client.get(f"{address}?sort=cm1"))
        assert "not sold; one at €10.00" in page
        assert "58.0% →<b>56.3%</b>" in page
        assert "not sold; no single price" in page
        assert "−€0.168" in page
        file = b"".join(client.get(f"{address}export/csv/").streaming_content).decode("utf-8-sig")
        [row] = [row for row in csv.DictReader(file.splitlines()) if row["Code"] == "NEW"]
        assert (row["Of"], row["Net sales"], row["CM2, after"]) == ("one, not sold", "10", "4.63")
        assert (row["CM2, after, of net sales"], row["Under its floor"]) == ("0.4632", "yes")
        cost_change_apply(user=world.finance, change=change)
        user = user_factory(rights=["products.view", "pricing.view_costs", "pricing.view", "pricing.edit"])
        prices = product.prices.get().price_list
        made = cost_change_propose(user=user, change=change, price_list=prices, keep="rate", reason="Costs")
        assert [(row.product, row.amount) for row in made.proposal.prices.all()] == [(product, D("10.40"))]


class TestPrices:
    def under(self, world: World) -> CostChange:
        change = world.draft()
        cost_change_apply(user=world.finance, change=change)
        return change

    def test_who_answers_for_what_falls_under_its_floor_is_told(self, floored: World) -> None:
        seen = ["products.view", "collaboration.view", "collaboration.alerts", "pricing.view_costs"]
        owner = user_factory(rights=seen)
        Product.objects.filter(code="P0").update(owner=owner)
        change = self.under(floored)
        assert [row.product.code for row in change.effects.filter(is_under=True)] == ["P0"]
        alert = Alert.objects.get(kind="cost_change")
        assert (alert.recipient, alert.product, alert.evidence["count"]) == (owner, floored.products[0], 1)
        cost_change_withdraw(user=floored.finance, change=change)
        alert.refresh_from_db()
        assert alert.state == Alert.State.GONE

    @pytest.mark.parametrize("value", ["0.04", "-0.04"])
    def test_what_was_under_its_floor_already_is_not_brought_there(self, world: World, value: str) -> None:
        """It has 48 % CM2."""
        Product.objects.filter(code="P0").update(floor_rate=D("0.60"))
        change = world.draft(value=value)
        cost_change_apply(user=world.finance, change=change)
        effect = change.effects.get(product__code="P0")
        assert (effect.is_under, effect.stays_under) == (False, True)
        assert selector.cost_changes_listed(world.finance).get(pk=change.pk).under == 0
        assert not Alert.objects.filter(kind="cost_change").exists()

    def test_an_owner_who_sees_no_costs_is_not(self, floored: World) -> None:
        Product.objects.filter(code="P0").update(owner=user_factory(rights=["products.view"]))
        self.under(floored)
        assert Alert.objects.get(kind="cost_change").recipient is None

    @pytest.mark.parametrize(
        ("keep", "price"),
        [
            # Of 1,200 each: 5,241.60 / (1 - 0.1 - 0.48), (5,241.60 + 5,760) / 0.9, 5,241.60 / (0.9 - 0.47).
            ("rate", "10.40"),
            ("amount", "10.19"),
            ("floor", "10.16"),
        ],
    )
    def test_prices_that_keep_the_margin(self, floored: World, keep: str, price: str) -> None:
        change, prices = self.under(floored), price_list_factory()
        for product in floored.products:
            price_factory(product=product, price_list=prices, start_date=soon(-400), amount=D(10))
        user = user_factory(rights=["products.view", "pricing.view_costs", "pricing.view", "pricing.edit"])
        said = {"change": change, "price_list": prices, "keep": keep, "reason": "Costs"}
        made, *left_out = cost_change_propose(user=user, **said)
        assert left_out == [0, 0, 0]
        assert [(row.product.code, row.amount) for row in made.prices.all()] == [("P0", D(price))]
        assert (made.state, made.start_date) == ("draft", change.start_date)
        change.refresh_from_db()
        assert change.proposal == made

    def test_costs_that_go_up_with_the_price_are_counted(self, floored: World) -> None:
        """Sold at the proposed price, the margin is the share it was."""
        change = self.under(floored)
        row = change.effects.get(is_under=True)
        ((_pk, factor),) = service._factors(change, "rate")
        assert row.tied == 1200
        net = 12000 * factor
        assert round((net - D("5241.60") - net / 10) / net, 12) == D("0.48")

    def test_who_is_left_out_is_counted_and_a_price_a_month_is_not(self, floored: World) -> None:
        """Four under their floor: one paid by the month; one with two parts, one without a price, and one of
        which shares of sales eat all that a higher price brings."""
        change, prices = self.under(floored), price_list_factory()
        effect = change.effects.get(is_under=True)
        products = [effect.product, *(product_factory(line=floored.line) for _each in range(3))]
        for product in products[1:]:
            effect.pk, effect.product = None, product
            effect.tied = effect.net if product == products[3] else D(1200)
            effect.save()
        for product, component in ((0, "month"), (1, "month"), (1, "unit"), (3, "unit")):
            said = {"product": products[product], "price_list": prices, "component": component}
            price_factory(**said, start_date=soon(-400), amount=D(10))
        user = user_factory(rights=["products.view", "pricing.view_costs", "pricing.view", "pricing.edit"])
        found = cost_change_propose(user=user, change=change, price_list=prices, keep="rate", reason="Costs")
        assert [(row.product, row.component, row.amount) for row in found.proposal.prices.all()] == [
            (products[0], "month", D("10.40"))
        ]
        assert found[1:] == (1, 1, 1)
        with translation.override("en"):
            assert left_out_words(found) == (
                "Under their floor and not in this draft: 1 without a price on this list; 1 whose price has"
                " several parts or is paid once; 1 that no higher price brings there."
            )
        assert left_out_words(found._replace(unpriced=0, several=0, unreached=0)) == ""

    def test_refused_without_a_price_or_before_it_is_written(self, floored: World) -> None:
        user, prices = user_factory(("finance", "product-manager")), price_list_factory()
        for change in (floored.draft(), self.under(floored)):
            with pytest.raises(DomainError):
                cost_change_propose(user=user, change=change, price_list=prices, keep="rate", reason="Costs")
        assert not Proposal.objects.exists()


class TestPages:
    def test_from_form_to_withdrawal(self, floored: World) -> None:
        client = client_of(floored.finance)
        said = {"supplier": "mill", "how": "percentage", "value": "4", "start_date": soon().isoformat()}
        said |= {"reason": "Mill asks more", "nonce": "once"}
        wrong = client.post("/costs/changes/new/", said | {"supplier": ""})
        assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["supplier"])
        first, second = (client.post("/costs/changes/new/", said) for _ in range(2))
        assert first.status_code == 302
        assert first.url == second.url
        page = client.get(first.url).content.decode()
        assert "58.0%" in page
        assert "56.3%" in page
        rates = client.get(f"{first.url}?show=rates").content.decode()
        assert "4.16" in rates
        client.post(f"{first.url}act/", {"act": "apply"})
        assert CostRate.objects.filter(start_date=soon()).count() == 2
        under = client.get(f"{first.url}?under=1").content.decode()
        assert ("Product 0" in under, "Product 1" in under) == (True, False)
        assert client.get(f"{first.url}export/csv/").status_code == 200
        client.post(f"{first.url}act/", {"act": "withdraw"})
        assert not CostRate.objects.filter(start_date=soon(), withdrawn_at=None).exists()
        assert "withdrawn" in client.get("/costs/changes/").content.decode()
        line = client.get(f"/costs/lines/{floored.lines[0].pk}/").content.decode()
        assert "The change of many costs was withdrawn." in line
        assert "Mill asks more" not in line

    def test_prices_from_the_page(self, floored: World) -> None:
        user = user_factory(("finance", "product-manager"))
        floored.finance = user
        prices = price_list_factory()
        price_factory(product=floored.products[0], price_list=prices, start_date=soon(-400), amount=D(10))
        change = floored.draft()
        cost_change_apply(user=user, change=change)
        client = client_of(user)
        address = change.get_absolute_url()
        said = {"price_list": prices.pk, "keep": "rate", "nonce": "p"}
        opened = client.get(address).context["form"]["reason"].value() or ""
        assert client.post(f"{address}propose/", said | {"reason": opened}).status_code == 422
        answer = client.post(f"{address}propose/", said | {"reason": "Season"})
        made = Proposal.objects.get()
        assert answer.url == made.get_absolute_url()
        assert "10.40" in client.get(answer.url).content.decode()
        # Who may not see costs reads it as one of prices that were pasted.
        pasted = {"price_list": prices.code, "start_date": soon(9).isoformat(), "rounding": "none"}
        pasted |= {"kind": "paste", "pasted": "P0\t10.40", "component": "unit", "reason": "Season"}
        client.post("/pricing/proposals/new/", pasted)
        assert Proposal.objects.latest("pk").rule == made.rule
