"""Budgets of costs: what a file plans is booked, undo restores what held, and costs stay hidden."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import translation

from accounts.models import User
from core.months import month_add, month_start
from core.organisation import today
from exchange.selectors import imports_visible
from exchange.services.shell import import_run
from exchange.sheets import sheets
from pricing.models import CostBudget, CostMonth
from pricing.selectors.cost_months import cost_months
from pricing.services.cost_budgets import cost_budgets_follow
from products.models import BudgetRow, Product, ProductLine, Supplier
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    organisation_factory,
    product_factory,
    user_factory,
)
from tests.products.sheet_help import run, undo

from .test_margins import sell

pytestmark = pytest.mark.django_db
D = Decimal
JAN, FEB = datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)


@pytest.fixture(autouse=True)
def _products() -> None:
    juices = line_factory(code="juices")
    product_factory(code="A1", line=juices)
    product_factory(code="B1")


def row(**values: Any) -> dict[str, Any]:
    return {"product": "A1", "kind": "purchase", "month": JAN, "cost": 100} | values


def bring(*rows: dict[str, Any], user: User | None = None) -> Any:
    return run(sheets.get("budget"), rows, user=user)


def stands() -> dict[tuple[Any, ...], Decimal]:
    """What is booked as budget, of which product and kind."""
    names = ("product__code", "kind__code", "month__month", "channel__code", "cost_centre", "amount")
    found = cost_months().filter(source="budget").values_list(*names)
    assert len({each[:-1] for each in found}) == len(found)
    return {each[:-1]: each[-1] for each in found}


def test_costs_and_sales_in_one_file() -> None:
    channel_factory(code="web")
    Supplier.objects.create(code="sup", name="Supply")
    done = bring(
        {"product": "A1", "month": JAN, "volume": 10, "revenue": 50},
        row(channel="web", supplier="Supply", cost_centre="400"),
        row(cost=None, revenue=D("7.005"), month=FEB),  # the amount beside a kind is a cost
        row(product=None, product_line="juices", kind="overhead", cost=20),
        row(product=None, kind="Overhead", cost=30),
    )
    assert (done.refused, done.counts.new) == ([], 5)
    assert done.counts.totals == {"volume": "10.0000", "revenue": "50.0000", "cost": "157.01"}
    assert (done.counts.months_from, done.counts.months_to) == (JAN, FEB)
    assert stands() == {
        ("A1", "purchase", 1, "web", "400"): 100,
        ("A1", "purchase", 2, None, ""): D("7.01"),
        ("A1", "overhead", 1, None, ""): 20,  # the only one of its line with a budget of its own
        (None, "overhead", 1, None, ""): 30,
    }
    assert BudgetRow.objects.count() == 1
    shown = [(each["line"], each["effect"], each.get("cost")) for each in done.sample]
    assert shown == [
        *((2, "new", None), (3, "new", "100.00"), (4, "new", "7.01")),
        *((5, "new", "20.00"), (6, "new", "30.00")),
    ]


def test_again_changes_nothing_and_another_amount_replaces() -> None:
    bring(row(), row(month=FEB))
    assert bring(row(), row(month=FEB)).counts.unchanged == 2
    assert CostMonth.objects.count() == 2
    done = bring(row(cost=120), row(month=FEB, cost=0))
    assert (done.counts.changed, done.sample[0]["old"]) == (2, {"cost": "100.00"})
    assert stands() == {("A1", "purchase", 1, None, ""): 120}
    assert CostMonth.objects.count() == 3  # what held stays readable


def test_undo_restores_what_held_whatever_came() -> None:
    """Ten files drawn at random, undone from the last: after each, what is booked is what was before it."""
    draw = random.Random(6)
    states, ids = [stands()], []
    for _each in range(10):
        keys = [(p, k, m) for p in ("A1", "B1", None) for k in ("purchase", "marketing") for m in (JAN, FEB)]
        chosen = draw.sample(keys, draw.randint(1, 6))
        done = bring(
            {"product": "A1", "month": JAN, "volume": draw.randint(1, 9)},
            *(row(product=p, kind=k, month=m, cost=draw.choice([0, 1, 2, 3])) for p, k, m in chosen),
        )
        assert done.refused == []
        states.append(stands())
        ids.append(done.import_id)
    for pk in reversed(ids):
        assert stands() == states.pop()
        undo(sheets.get("budget"), pk)
    assert stands() == states.pop() == {}
    assert not CostBudget.objects.exists()
    assert not BudgetRow.objects.exists()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"kind": "nope"}, "kind_unknown"),
        ({"kind": "unmapped"}, "kind_unknown"),
        ({"kind": None}, "kind_missing"),
        ({"cost": None}, "cost_missing"),
        ({"volume": 1}, "not_of_costs"),
        ({"revenue": 1}, "not_of_costs"),
        ({"version": "plan"}, "not_of_costs"),
        ({"product": "nope"}, "product_unknown"),
        ({"product": None, "product_line": "nope"}, "line_unknown"),
        ({"product_line": "juices"}, "product_and_line"),
        ({"channel": "mars"}, "channel_unknown"),
        ({"supplier": "nobody"}, "supplier_unknown"),
        ({"cost_centre": "4" * 41}, "too_long"),
    ],
)
def test_what_is_refused(values: dict[str, Any], code: str) -> None:
    done = bring(row(**values), row(product="B1"), row(product="B1"))
    assert done.codes == [code, "cost_duplicate"]
    assert stands() == {("B1", "purchase", 1, None, ""): 100}


def test_what_is_planned_of_a_line_is_split_by_budget_and_follows_it() -> None:
    for code in ("A2", "A3"):
        product_factory(code=code, line=ProductLine.objects.get(code="juices"))
    plan = row(product=None, product_line="juices", kind="marketing", cost=D("100.01"))
    bring(plan | {"currency": "USD", "exchange_rate": D("0.5"), "cost": D("200.02")})
    assert stands() == {(None, "marketing", 1, None, ""): D("100.01")}  # nothing says how
    sold = {"month": JAN, "volume": 1}
    both = bring({"product": "A1", "revenue": 100} | sold, {"product": "A2", "revenue": 200} | sold)
    shares = {("A1", "marketing", 1, None, ""): D("33.34"), ("A2", "marketing", 1, None, ""): D("66.67")}
    assert stands() == shares
    foreign = cost_months().filter(source="budget").values_list("product__code", "currency_amount")
    assert dict(foreign) == {"A1": D("66.67"), "A2": D("133.35")}
    BudgetRow.objects.filter(product__code="A1").update(revenue=200)  # typed on the page: the night follows
    for changed in (True, False):
        assert bool(cost_budgets_follow()) is changed
        assert [amount for _of, amount in sorted(stands().items())] == [D("50.01"), D("50.00")]
    undo(sheets.get("budget"), both.import_id)  # what was typed stays
    assert stands() == {("A1", "marketing", 1, None, ""): D("100.01")}


def test_planned_anew_in_another_currency_the_newest_file_holds() -> None:
    dollars = {"currency": "USD", "exchange_rate": D("0.5")}

    def planned() -> dict[tuple[str, str], Decimal]:
        rows = cost_months().filter(source="budget")
        return {(row.product.code, row.currency): row.amount for row in rows}

    first = bring(row(cost=100), row(product="B1", cost=7))
    second = bring(row(cost=220, **dollars))
    assert (second.counts.new, second.counts.changed) == (0, 1)
    assert second.sample[0]["old"] == {"cost": "100.00"}
    assert planned() == {("A1", "USD"): 110, ("B1", ""): 7}
    assert bring(row(cost=220, **dollars)).counts.unchanged == 1

    both = row(cost=60), row(cost=80, **dollars)  # a part in each
    third = bring(*both)
    assert third.counts.changed == 2
    assert planned() == {("A1", ""): 60, ("A1", "USD"): 40, ("B1", ""): 7}
    assert bring(*both).counts.unchanged == 2
    fourth = bring(row(cost=70), both[1])
    assert fourth.counts.changed == 2
    assert planned() == {("A1", ""): 70, ("A1", "USD"): 40, ("B1", ""): 7}
    for done, left in (
        (fourth, {("A1", ""): 60, ("A1", "USD"): 40, ("B1", ""): 7}),
        (third, {("A1", "USD"): 110, ("B1", ""): 7}),
        (second, {("A1", ""): 100, ("B1", ""): 7}),
        (first, {}),
    ):
        undo(sheets.get("budget"), done.import_id or 0)
        assert planned() == left


@pytest.mark.parametrize("rate", ["0.92345", "0.00612", "0.000055"])
def test_an_exchange_rate_arrives_whole(rate: str) -> None:
    bring(row(cost=1_000_000, currency="USD", exchange_rate=D(rate)))
    assert list(stands().values()) == [D(rate) * 1_000_000]


@pytest.mark.parametrize(("revenue", "parts"), [(300, ["25.00", "75.00"]), (None, ["90.91", "9.09"])])
def test_without_a_budget_it_is_split_by_what_was_sold(revenue: int | None, parts: list[str]) -> None:
    """By revenue, else by volume, of the twelve months before the file came."""
    other = product_factory(code="A2", line=ProductLine.objects.get(code="juices"))
    first, last = Product.objects.get(code="A1"), month_add(month_start(today()), -1)
    sell(first, last, D(5), D(100) if revenue else D(0))
    sell(first, month_add(last, -11), D(5), D(0))
    sell(first, month_add(last, -12), D(5), D(900))
    sell(other, last, D(1), D(revenue or 0))
    bring(row(product=None, product_line="juices", month=month_add(last, 6)))
    assert [str(amount) for _of, amount in sorted(stands().items())] == parts


def test_a_closed_month_is_planned_as_a_budget_is_no_figure_of_it() -> None:
    organisation_factory(closed_until=FEB)
    done = bring(row())
    bring(row(cost=90))
    undo(sheets.get("budget"), bring(row(cost=80)).import_id)
    assert (done.refused, list(stands().values())) == ([], [90])


def test_the_database_keeps_rows_as_they_were() -> None:
    bring(row())
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        CostBudget.objects.update(amount=1)
    (there,) = CostBudget.objects.all()
    there.pk = None
    with pytest.raises(IntegrityError, match="cost_budget_once"), transaction.atomic():
        there.save(force_insert=True)


def test_it_takes_the_right_to_keep_costs_and_ones_limits() -> None:
    line = product_factory(code="C1").line
    channel_factory(code="web")
    planner = user_factory(rights=["products.view", "products.edit_budget", "exchange.import"])
    sales = {"product": "A1", "month": JAN, "volume": 10}
    done = bring(sales, row(), user=planner)
    assert done.codes == ["cost_right"]
    finance = user_factory("finance", lines=[line])
    done = bring(row(), row(product="C1"), row(product=None), user=finance)
    assert done.codes == ["product_unknown", "limited"]
    there = user_factory("finance", channels=[channel_factory(code="own")])
    done = bring(row(product="B1"), row(product="B1", channel="web"), user=there)
    assert done.codes == ["limited", "channel_unknown"]
    assert set(stands()) == {("C1", "purchase", 1, None, "")}


def test_who_may_not_see_costs_sees_no_import_of_another_that_may_hold_them() -> None:
    bring(row())
    planner = user_factory(rights=["products.view", "products.edit_budget", "exchange.import"])
    assert not imports_visible(planner).exists()
    assert imports_visible(user_factory("finance")).count() == 1


def test_a_file_with_months_as_columns_from_the_shell(tmp_path: Path) -> None:
    path = tmp_path / "budget-kosten.csv"
    path.write_text("artikel;kostensoort;2026-01;2026-02\nA1;purchase;1.250,50;1.300\n;overhead;;75\n")
    said: dict[str, Any] = {"options": {}, "leave_out_refused": False}
    shown = import_run(sheet="budget", path=path, dry_run=True, **said)
    assert (shown.error, stands()) == (None, {})
    done = import_run(sheet="budget", path=path, dry_run=False, **said)
    assert (done.error, done.counts.new) == (None, 3)
    assert sorted(stands().values()) == [75, D("1250.50"), 1300]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_is_planned_goes_out_comes_in_and_is_corrected_by_a_row(tmp_path: Path, language: str) -> None:
    """Of each thing what the newest file says, within one's lines and channels."""
    web, line = channel_factory(code="web"), ProductLine.objects.get(code="juices")
    bring(row(cost=90), row(month=FEB, channel="web", cost_centre="0100"))
    bring(row(), row(product=None, product_line="juices", cost=50), row(product=None, kind="overhead"))
    bring(row(product="B1", cost=D("12.34"), currency="USD", exchange_rate=D("0.92345678")))
    client = client_of(user_factory("finance", language=language))
    asked = "first=2026-01&last=2026-12"
    page = client.get(f"/costs/budget/?{asked}")
    amounts = [each.amount for each in page.context["page"]]
    assert sorted(amounts) == [D("11.40"), 50, 100, 100, 100]
    assert [each.amount for each in client.get(f"/costs/budget/?{asked}&q=juices").context["page"]] == [50]
    path = tmp_path / "budget.csv"
    path.write_bytes(b"".join(client.get(f"/costs/budget/csv/?{asked}").streaming_content))
    before = stands()

    def read() -> Any:
        with translation.override(language):
            return import_run(sheet="budget", path=path, options={}, leave_out_refused=False, dry_run=False)

    done = read()
    assert (done.refusals, done.counts.new, done.counts.changed, done.counts.unchanged) == ([], 0, 0, 5)
    text = path.read_text()
    path.write_text(text.replace("50", "75", 1))
    done = read()
    assert (done.refusals, done.counts.changed, done.counts.unchanged) == ([], 1, 4)
    assert sum(stands().values()) == sum(before.values()) + 25
    limited = client_of(user_factory("product-manager", lines=[line]))
    found = limited.get(f"/costs/budget/?{asked}").context["page"]
    assert sorted(each.amount for each in found) == [75, 100, 100]
    of_web = client_of(user_factory("product-manager", channels=[web]))
    assert [each.month for each in of_web.get(f"/costs/budget/?{asked}").context["page"]] == [FEB]
