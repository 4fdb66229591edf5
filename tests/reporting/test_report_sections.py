"""What each section of a report tells, and what it keeps from whom."""

from __future__ import annotations

import datetime
from copy import deepcopy
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collaboration.report_sections import decisions_section
from core import formats
from core.months import month_add, month_start
from core.organisation import today
from core.reports.blocks import Cell, ReportChart, Table, Text
from core.reports.build import Builder, Column, Figure, ReportContext, Volume
from forecasting.models import AccuracyWindow, Override, OverrideMonth, StageSetting
from pricing.models import Positioning
from pricing.selectors.cost_months import BookedCost
from pricing.selectors.margins import product_margins
from pricing.selectors.month_margin import margins_total
from pricing.services.cost_months import cost_months_book
from products.models import Channel, LineMeasure, Measure, Product, ProductMonth, SalesMonth
from products.selectors.lines import line_tree
from products.selectors.report_period import ReportPeriod
from products.selectors.report_scope import ReportScope
from reporting.renderers.xlsx import number_format
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.overview import overview_get
from reporting.selectors.reports import report_build
from reporting.services.reports import Part, report_create
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured
from tests.pricing.test_costs import kind
from tests.pricing.test_decisions import begun, outcome
from tests.pricing.test_margins import sell
from tests.pricing.test_place import spread
from tests.reporting.test_cost_reports import ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
LAST = month_add(month_start(datetime.date.today()), -1)


@pytest.fixture(scope="module")
def _company(module_db: None) -> Any:
    """Two products at two retailers for 24 months; 11 a month at Noord, 10 the year before."""
    shops = channel_factory(name="Shops")
    north, south = (channel_factory(name=name, kind="account", parent=shops) for name in ("Noord", "Zuid"))
    juice = product_factory(code="JUICE", name="Orange juice")
    apple = product_factory(code="APPLE", name="Apple juice", line=juice.line)
    for back in range(-1, 24):  # the month after makes the last one whole
        month, volume = month_add(LAST, -back), D(11 if back < 12 else 10)
        sell(juice, month, volume, volume * 3, channel=north)
        sell(juice, month, D(7000), D(70000), channel=south)
        sell(apple, month, volume * 2, volume * 5, channel=north)
    author = user_factory("product-manager", language="en")
    return SimpleNamespace(shops=shops, north=north, south=south, juice=juice, apple=apple, author=author)


@pytest.fixture
def company(_company: Any, db: None) -> Any:
    return deepcopy(_company)


def blocks(company: Any, section: str, *channels: Channel, audience: str = "internal", **values: Any) -> Any:
    said = {"title": "Month", "language": "en", "audience": audience, "channels": channels, **values}
    said.setdefault("products", [company.juice, company.apple])
    report = report_create(user=company.author, values=said, parts=[Part(section)])
    return [block for each in report_build(report).sections for block in each.blocks]


def tables(found: Any) -> dict[str, list[dict[str, str]]]:
    """By title: each row's texts by head (of two alike the last)."""
    return {
        block.title: [dict(zip(block.heads, [cell.text for cell in row], strict=True)) for row in block.rows]
        for block in found
        if isinstance(block, Table)
    }


def values(found: Any) -> set[str]:
    return {cell.text for block in found for row in block.rows for cell in row}


def test_the_plan_is_what_the_overview_says_and_adds_up(company: Any) -> None:
    found = tables(blocks(company, "plan"))
    assert list(found) == [f"{LAST:%b}\u00a0{LAST:%Y}", "Year to date"]  # nothing is forecast
    figures = overview_get(company.author, company.juice, line_tree()).figures
    assert figures is not None
    sold = figures.of("revenue", "year_to_date").value
    rows = {row["Product"]: row for row in found["Year to date"]}
    assert rows["Orange juice"]["Revenue"] == f"€{sold:,.0f}"
    months = LAST.month
    assert rows["Total"]["Revenue"] == f"€{(70000 + 11 * 3 + 11 * 5) * months:,}"
    assert rows["Total"]["Volume"].split("\u00a0")[0] == f"{(7000 + 11 * 3) * months:,}"
    Product.objects.filter(pk=company.apple.pk).update(unit="crate")
    company.apple.refresh_from_db()
    rows = {row["Product"]: row for row in tables(blocks(company, "plan"))["Year to date"]}
    assert rows["Total"]["Volume"] == "—"


def test_volumes_have_the_decimals_that_pages_give_them() -> None:
    """Of one unit alike, of small ones one: the same on the page and in a spreadsheet."""
    rows = [
        ("A", Volume(0.36, "MWh")),
        ("B", Volume(12, "MWh")),
        ("C", Volume(D("1440.5"), "pack")),
        ("D", Volume(None)),
    ]
    builder = Builder({"product", "volume"})
    name = Column("product", "Product", lambda row: Cell(row[0]))
    builder.table("T", [name, Column("volume", "Volume", lambda row: row[1])], rows)
    builder.figures([Figure("volume", "Volume", lambda: Volume(D("2.24")))])
    [table, figures] = builder.blocks
    cells = [row[1] for row in table.rows]
    assert [cell.text for cell in cells] == ["0.4\u00a0MWh", "12.0\u00a0MWh", "1,441\u00a0pack", "—"]
    assert [number_format(cell) for cell in cells[:2]] == ['#,##0.0"\u00a0MWh";"−"#,##0.0"\u00a0MWh"'] * 2
    assert figures.figures[0].figure.text == "2.2"


def test_products_at_a_channel_stand_beside_the_year_before(company: Any) -> None:
    found = tables(blocks(company, "category", company.north, audience="external"))
    assert list(found) == ["Noord"]
    assert [(row["Product"], row["Revenue"], row["against the year before"]) for row in found["Noord"]] == [
        ("Apple juice", "€660", "+10.0%"),
        ("Orange juice", "€396", "+10.0%"),
        ("Total", "€1,056", "+10.0%"),
    ]
    assert found["Noord"][2]["Volume"] == "396\u00a0units"
    company.apple.unit = "crates"
    company.apple.save()
    found = tables(blocks(company, "category", company.north, audience="external"))
    assert (found["Noord"][2]["Volume"], found["Noord"][2]["Revenue"]) == ("—", "€1,056")


def test_what_was_delisted_at_a_channel_is_in_what_its_products_come_to(company: Any) -> None:
    """The change of the whole is that of the key figures; three years back counts where the year does."""
    sold = SalesMonth.objects.filter(product=company.apple)
    sold.filter(month__gt=month_add(LAST, -12)).delete()
    against = "against the year before"
    found = tables(blocks(company, "category", company.north, audience="external"))["Noord"]
    assert [(row["Product"], row["Revenue"], row[against]) for row in found] == [
        ("Orange juice", "€396", "+10.0%"),
        ("Apple juice", "€0", "−100.0%"),
        ("Total", "€396", "−58.8%"),
    ]
    figures = blocks(company, "key_figures", company.north, audience="external")
    [whole] = [row for each in tables(figures).values() for row in each if row["Product"] == "Total"]
    assert (whole["Revenue"], whole[against]) == ("€396", "−58.8%")
    for back in range(24, 36):
        sell(company.juice, month_add(LAST, -back), D(9), D(27), channel=company.north)
        sell(company.apple, month_add(LAST, -back), D(9), D(45), channel=company.north)
    sold.filter(month__gt=month_add(LAST, -24)).delete()
    [table] = blocks(company, "category", company.north, audience="external", months=36)
    total = [cell.text for cell in table.rows[-1]]
    assert (total[0], total[-2:]) == ("Total", ["€396", "+10.0%"])
    assert "€864" in total  # (27 + 45) a month, three years back


def test_products_at_many_channels_have_the_largest_and_those_that_the_report_names(company: Any) -> None:
    shops = [channel_factory(name=f"Shop {n:02}", parent=company.shops) for n in range(15)]
    for number, shop in enumerate(shops):
        sell(company.juice, LAST, D(1), D(1000 - number), channel=shop)
    said, *found = blocks(company, "category", company.shops, audience="external")
    assert said.markdown == "12 channels, the largest first; 5 more are not here."
    assert [table.title for table in found] == ["Zuid", "Noord", *(f"Shop {n:02}" for n in range(10))]
    said, *found = blocks(company, "category", company.shops, shops[-1], audience="external")
    assert said.markdown.startswith("13 channels")
    assert [table.title for table in found][-2:] == ["Shop 09", "Shop 14"]
    *_some, last = blocks(company, "category", company.north, audience="external")
    assert isinstance(last, Table)


@pytest.mark.parametrize("limited", [False, True])
def test_an_account_that_sells_through_stores_has_a_row_of_its_own(company: Any, limited: bool) -> None:
    """Not where somebody sees one of its stores alone."""
    stores = [channel_factory(name=f"Store {n}", kind="store", parent=company.north) for n in (1, 2)]
    SalesMonth.objects.filter(channel=company.north, product=company.juice).delete()
    for number, store in enumerate(stores, start=1):
        sell(company.juice, LAST, D(number), D(10 * number), channel=store)
    if limited:
        company.author = user_factory("product-manager", channels=stores[:1])
    channels = [] if limited else [company.north]
    of = {"products": [company.juice], "period": "months", "months": 1}
    [table] = blocks(company, "channels", *channels, **of)
    rows = [("Noord", "3"), ("\u2003Store 2", "2"), ("\u2003Store 1", "1")]
    assert [(row[0].text, row[1].text) for row in table.rows] == ([("Store 1", "1")] if limited else rows)
    assert table.strong == ()  # it sorts, with its stores
    found = tables(blocks(company, "category", *channels, **of))
    assert {title: row["Revenue"] for title, [row] in found.items()} == (
        {"Store 1": "€10"} if limited else {"Noord": "€30", "Store 2": "€20", "Store 1": "€10"}
    )


def test_an_account_that_sells_itself_and_through_stores_adds_up(company: Any) -> None:
    store = channel_factory(name="Store 1", kind="store", parent=company.north)
    sell(company.juice, LAST, D(4), D(40), channel=store)
    of = {"products": [company.juice], "period": "months", "months": 1}
    [table] = blocks(company, "channels", company.north, **of)
    rows = [("Noord", "15"), ("\u2003Store 1", "4"), ("\u2003itself", "11")]
    assert [(row[0].text, row[1].text) for row in table.rows] == rows
    found = tables(blocks(company, "category", company.north, **of))
    assert {title: row["Revenue"] for title, [row] in found.items()} == {"Noord": "€73", "Store 1": "€40"}
    sell(company.juice, LAST, D(4), D(20), channel=channel_factory(name="Elsewhere", parent=company.shops))
    sell(company.juice, LAST, D(4), D(2), channel=channel_factory(name="Store 2", parent=company.north))
    found = blocks(company, "category", company.north, company.shops, **of)
    parts = [(each.title, each.note.partition(", part of ")[2]) for each in found]
    assert parts[parts.index(("Noord", "")) :][:3] == [
        ("Noord", ""),
        ("Store 1", "Noord"),
        ("Store 2", "Noord"),
    ]
    assert parts[-1] == ("Elsewhere", "")


def test_a_change_stands_behind_what_it_is_of(company: Any) -> None:
    """Volume and revenue that grow apart: neither is taken for the other."""
    first, against = month_add(LAST, -23), "against the year before"
    SalesMonth.objects.filter(channel=company.north, month__range=(first, month_add(LAST, -12))).update(
        revenue=D(10)
    )
    compared = ["Product", "Volume", against, "Revenue", against]
    [table] = blocks(company, "key_figures", company.north, audience="external")
    assert list(table.heads) == compared
    assert [cell.text for cell in table.rows[0]][::2] == ["Apple juice", "+10.0%", "+450.0%"]
    [figures] = blocks(company, "key_figures", company.north, audience="external", products=[company.juice])
    assert [(each.label, each.figure.text) for each in figures.figures] == [
        ("Volume", "132\u00a0units"),
        ("Volume against the year before", "+10.0%"),
        ("Revenue", "€396"),
        ("Revenue against the year before", "+230.0%"),
    ]


def test_margins_are_those_of_the_costs_tab_and_add_up(company: Any) -> None:
    line = cost_line_factory(product=company.juice, kind="purchase", basis="unit")
    cost_rate_factory(cost_line=line, start_date=datetime.date(2020, 1, 1), amount=D("1.25"))
    month = product_margins(company.author, company.juice, month_add(LAST, -11), LAST)
    whole = margins_total(month or [])
    assert whole is not None
    assert whole.cm1 < whole.net
    [rows] = tables(blocks(company, "margins")).values()
    assert [(row["Product"], row["CM1"]) for row in rows] == [
        ("Apple juice", "€660"),
        ("Orange juice", f"€{whole.cm1:,.0f}"),
        ("Total", f"€{whole.cm1 + 660:,.0f}"),
    ]
    found = blocks(company, "margin", products=[company.juice])
    [chart] = [block for block in found if isinstance(block, ReportChart)]
    assert [row[0].text for row in chart.table.rows][:3] == ["Net sales", "Purchase", "CM1"]
    assert blocks(company, "margins", company.north) == []  # costs are known over all channels


def test_the_bridge_is_of_the_products_in_scope(company: Any) -> None:
    booked = [
        BookedCost(product.pk, month, kind("purchase").pk, None, None, "", D(cost))
        for month in (LAST, month_add(LAST, -12))
        for product, cost in (
            (company.juice, 500 if month == LAST else 400),
            (company.apple, 9 if month == LAST else 29),
        )
    ]
    cost_months_book(source="standard", months=[LAST, month_add(LAST, -12)], rows=booked)
    dearer = [row._replace(amount=row.amount + 1) for row in booked]  # margins are of standard costs
    since = [row._replace(month=month_add(LAST, -30)) for row in dearer[:1]]
    months = [LAST, month_add(LAST, -12), month_add(LAST, -30)]
    cost_months_book(source="actual", months=months, rows=[*dearer, *since])
    found = blocks(company, "margin_bridge", products=[company.juice])
    assert isinstance(found[0], Text)
    assert "not like with like" in found[0].markdown  # two months of costs beside a year of sales
    charts = [block.title for block in found if isinstance(block, ReportChart)]
    assert charts == ["Margin against last year"]
    told = margin_bridge(
        company.author,
        ask(
            layout="bridge",
            against="last_year",
            of="standard",
            product="JUICE",
            period="range",
            first=f"{month_add(LAST, -11):%Y-%m}",
            month=f"{LAST:%Y-%m}",
        ),
    )
    assert told.found is not None
    [rows] = tables(found).values()
    assert len(rows) == 1
    assert {block.note.split(", ")[-1] for block in found if isinstance(block, Table)} == {"standard costs"}
    assert rows[0]["Change"] == formats.money(told.found.after - told.found.before, "EUR", 0)


@pytest.mark.parametrize(
    ("audience", "places", "told"),
    [
        ("internal", (), {"1.11", "1.23", "1.29", "1.34", "2.49", "2.77"}),
        ("external", ("north",), {"1.23", "2.49"}),
        ("external", ("north", "south"), {"2.49", "2.77"}),
        ("external", ("shops",), {"2.49"}),
        ("external", (), {"2.49"}),
    ],
)
def test_of_prices_an_account_gets_its_own(company: Any, audience: str, places: Any, told: set[str]) -> None:
    """Net: 1.11 for all, 1.23 at Noord, 1.29 there next week, 1.34 at Zuid. Advised: 2.49, 2.77 at Zuid."""
    week, advised = datetime.timedelta(days=7), {"kind": "advised", "with_vat": True}
    for price, day, place in (
        ("1.11", LAST, {}),
        ("1.23", LAST, {"channel": company.north}),
        ("1.34", LAST, {"channel": company.south}),
        ("2.49", LAST, advised),
        ("2.77", LAST, {"channel": company.south, **advised}),
    ):
        row = price_factory(
            product=company.juice, price_list=price_list_factory(**place), start_date=day, amount=D(price)
        )
        if price == "1.23":
            ahead = {"start_date": today() + week, "amount": D("1.29")}
            price_factory(product=company.juice, price_list=row.price_list, **ahead)
    channels = [getattr(company, name) for name in places]
    found = blocks(company, "prices", *channels, audience=audience, all_channels=not places)
    assert {text.removeprefix("€") for text in values(found) if text.startswith("€")} == told


def test_a_price_to_the_outside_says_what_it_is_for(company: Any) -> None:
    parts = {("month", ""): "4.75", ("unit", "kWh, off-peak"): "0.248", ("unit", ""): "9.50"}
    for said in ({"channel": company.north}, {"kind": "advised", "with_vat": True}):
        price_list = price_list_factory(**said)
        for (component, tier), amount in parts.items():
            how = {"component": component, "tier": tier, "amount": D(amount), "start_date": LAST}
            price_factory(product=company.juice, price_list=price_list, **how)
    company.juice.unit = "pack"
    company.juice.save()
    found = tables(blocks(company, "prices", company.north, audience="external"))
    whom = {
        "Prices to Noord": "Noord · own price · without VAT",
        "Consumer prices": "everybody · consumer price, advised · with VAT",
    }
    assert found.keys() == whom.keys()
    for title, rows in found.items():
        assert {row["Component"]: row["Price"] for row in rows} == {
            "per month": "€4.75",
            "kWh, off-peak": "€0.248",
            "per pack": "€9.50",
        }
        assert {row["For"] for row in rows} == {whom[title]}


def test_outside_go_promotions_that_began_at_the_account_alone(company: Any) -> None:
    for name, ahead, channels in (
        ("begun there", -60, [company.north]),
        ("begun at both", -40, [company.north, company.south]),
        ("begun everywhere", -50, []),
        ("to come there", 30, [company.north]),
    ):
        measured(company.juice, name=name, ahead=ahead, channels=channels)
    [inside] = tables(blocks(company, "promotions")).values()
    assert {row["Promotion"] for row in inside} == {
        *("begun there", "begun at both", "begun everywhere", "to come there")
    }
    assert inside[0]["Extra, measured"] == "110%"
    [outside] = tables(blocks(company, "promotions", company.north, audience="external")).values()
    [row] = outside
    assert (row["Channel"], row["How"]) == ("Noord", "1+1 free")
    assert row.keys() == {"In store", "Product", "Channel", "How", "Price in the promotion"}
    [told] = tables(blocks(company, "promotions", company.north)).values()  # inside, and so on purpose
    assert {row["Promotion"] for row in told} == {"begun there", "to come there"}


def test_place_outside_is_distribution_at_the_account_without_listings(company: Any) -> None:
    """One table of all products, as none of them has another channel."""
    spread(company.juice, company.north, LAST, weighted_rate=D("0.8"), points=55)
    spread(company.juice, company.south, LAST, weighted_rate=D("0.9"), points=77)
    [(title, rows)] = tables(blocks(company, "place", company.north, audience="external")).items()
    assert title == "Noord"
    assert [
        (row["Product"], row["Volume"], row["Weighted distribution"], row["Points of sale"]) for row in rows
    ] == [("Apple juice", "22\xa0units", "—", "—"), ("Orange juice", "11\xa0units", "80%", "55")]
    assert "Distribution of" not in rows[0]


def test_rates_of_sale_say_of_which_measure_each_is(company: Any) -> None:
    """Of apples Noord says what it sold on, of juice nobody does; two channels of one name are two."""
    for product in (company.juice, company.apple):
        spread(product, company.north, LAST, points=50)
    [(_title, rows)] = tables(found := blocks(company, "place", company.north)).items()
    assert "Rate of sale of" not in rows[0]
    assert found[0].note.endswith("Rate of sale: Sales volume")
    out, line = measure_factory(code="sell-out", name_en="Sell-out"), company.juice.line
    for measure in (Measure.objects.get(code="units"), out):
        LineMeasure.objects.create(line=line, measure=measure)
    fields = {"product": company.apple, "measure": out, "month": LAST, "days": 30, "volume": 9}
    SalesMonth.objects.create(channel=company.north, **fields)
    ProductMonth.objects.create(**fields)
    ProductMonth.objects.create(**{**fields, "month": month_add(LAST, 1)})
    [(_title, rows)] = tables(found := blocks(company, "place", company.north)).items()
    told = {row["Product"]: row["Rate of sale of"] for row in rows}
    assert told == {"Apple juice": "Sell-out", "Orange juice": "Sales volume"}
    assert "Rate of sale" not in found[0].note
    other = channel_factory(name="Noord", parent=channel_factory())
    only = product_factory(code="ONLY", name="Only juice", line=line)
    sell(only, LAST, D(5), D(5), channel=other)
    of = {"products": [company.juice, only]}
    made = blocks(company, "place", company.north, other, **of)
    assert [block.title for block in made] == ["Noord", "Noord"]


def test_of_what_ended_nothing_of_today_is_told(company: Any) -> None:
    price_list = price_list_factory(kind="advised")
    ended = product_factory(code="OLD", name="Old juice", line=company.juice.line, ended=LAST)
    for product in (company.juice, ended):
        price_factory(product=product, price_list=price_list, start_date=LAST, amount=2)
        spread(product, company.north, LAST, points=55)
    of = {"products": [company.juice, company.apple, ended]}
    for section in ("prices", "place", "key_figures"):
        said = str(blocks(company, section, company.north, audience="external", **of))
        assert "Orange juice" in said
        assert "Old juice" not in said


def test_distribution_of_an_older_month_says_of_which_it_is(company: Any) -> None:
    """One account that is measured now stands beside one that was not lately."""
    before = month_add(LAST, -2)
    spread(company.juice, company.north, LAST, weighted_rate=D("0.8"), points=55)
    spread(company.juice, company.south, before, weighted_rate=D("0.9"), points=77)
    rows = tables(blocks(company, "place"))["Orange juice"]
    told = {row["Channel"].strip(): row["Distribution of"] for row in rows}
    assert (told["Noord"], told["Zuid"]) == (formats.month(LAST), formats.month(before))


def test_what_the_house_keeps_to_itself(company: Any) -> None:
    """Stage, accuracy, changes by hand, positioning, decisions: told inside with names, outside not."""
    juice, author = company.juice, company.author
    measure = Measure.objects.get(code="units")
    StageSetting.objects.create(
        product=juice,
        stage="growth",
        start_date=LAST,
        until=today() + datetime.timedelta(days=90),
        reason="New shops",
        set_by=author,
    )
    errors = dict.fromkeys(("size", "net", "amount", "before_off", "before_size"), [100.0] * 3)
    errors |= {"off": [40, 20, 10], "over": [1, 1, 5]}
    AccuracyWindow.objects.create(
        product=juice, measure=measure, lag=1, months=12, until=LAST, n=12, **errors
    )
    months = {"first_month": month_add(LAST, 1), "last_month": month_add(LAST, 1)}
    override = Override.objects.create(
        product=juice,
        measure=measure,
        operation="percent",
        value=D("0.2"),
        reason="listing",
        author=author,
        until=today() + datetime.timedelta(days=90),
        **months,
    )
    of = {"override": override, "product": juice, "measure": measure, "month": months["first_month"]}
    OverrideMonth.objects.create(**of, value=D("0.2"), baseline=100.0)
    Positioning.objects.create(
        product=juice,
        number=1,
        start_date=LAST,
        state="approved",
        target_group="families",
        category="juice",
        benefit="fresh",
        author=author,
        proposed_by=author,
        decided_by=user_factory(),
        decided_at="2026-01-01T00:00Z",
    )
    decision = begun(juice, LAST)
    outcome(decision, -0.12)
    decider = str(decision.decision.decided_by)
    for section, told in (
        ("lifecycle", {"growth, set by hand", "New shops"}),
        ("accuracy", {"90%", "60%", "+5.0%"}),
        ("overrides", {"listing", "+20.0%", str(author)}),
        ("positioning", {"fresh"}),
        ("decisions", {"−10%", "−12%", "as expected", decider}),
    ):
        assert told <= values(blocks(company, section)), section
        for scope in ({"channels": [company.north]}, {"all_channels": True}):
            assert blocks(company, section, audience="external", **scope) == [], section


def test_a_name_is_left_out_where_names_are(company: Any) -> None:

    decision = begun(company.juice, LAST)
    builder = Builder({"product", "decision"})
    scope = ReportScope([company.juice], [], ReportPeriod())
    decisions_section(builder, ReportContext(company.author, scope, "EUR", company.author))
    assert "Price" in str(builder.blocks)
    assert "not measured yet" in str(builder.blocks)
    assert str(decision.decision.decided_by) not in str(builder.blocks)


@pytest.mark.parametrize(
    "section",
    [
        *("accuracy", "overrides", "margins", "margin", "margin_bridge"),
        *("positioning", "prices", "promotions", "decisions"),
    ],
)
def test_all_products_are_read_at_once(company: Any, section: str) -> None:
    counts, both = [], [company.juice, company.apple]
    for product in both:
        begun(product, LAST)
    for products in (both, both[:1], both):  # rights and limits are read with the first
        with CaptureQueriesContext(connection) as queries:
            blocks(company, section, products=products)
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_each_section_is_of_the_reports_period(company: Any) -> None:
    """11 a month in the last year and 10 before: of four months that were over long ago 40, and nothing that
    is expected or came later."""
    line = cost_line_factory(product=company.juice, kind="purchase", basis="unit")
    cost_rate_factory(cost_line=line, start_date=datetime.date(2020, 1, 1), amount=D("1.25"))
    first, last = month_add(LAST, -19), month_add(LAST, -16)
    span = f"{formats.month(first)} – {formats.month(last)}"
    said = {"period": "range", "first_month": first, "last_month": last, "products": [company.juice]}

    def of(section: str, *channels: Channel, **more: Any) -> Any:
        return blocks(company, section, *channels, **said | more)

    at = company.north
    [figures] = of("key_figures", at)
    assert [each.figure.text.split()[0] for each in figures.figures] == ["40", "€120"]
    [chart] = [block for block in of("sales") if isinstance(block, ReportChart)]
    assert [row[0].text for row in chart.table.rows] == [
        formats.month(month_add(first, back)) for back in range(4)
    ]
    assert list(tables(of("plan"))) == [formats.month(last), "Year to date"]
    for section, title in (("channels", "Orange juice"), ("category", "Noord")):
        [table] = of(section, at)
        assert (table.title, table.note.partition(",")[0]) == (title, span)
        assert "40" in table.rows[0][1].text
    [table] = of("margins")
    assert table.note.startswith(span.split(" – ")[0])
    assert f"€{(7010 * 4):,}" not in table.rows[0][1].text
    [sales] = [row["Net sales"] for row in tables([table])["Margin by product"]]
    assert sales == f"€{(70000 + 30) * 4:,}"
    price_list = price_list_factory()
    for back, amount in ((30, "1.11"), (18, "1.23"), (3, "1.29")):
        of_it = {"start_date": month_add(LAST, -back), "amount": D(amount)}
        price_factory(product=company.juice, price_list=price_list, **of_it)
    for name, start in (("before", month_add(LAST, -24)), ("then", first), ("since", LAST)):
        measured(company.juice, name=name, store_start=start)
    [prices] = of("price_charts")
    assert [[cell.text for cell in row][:2] for row in prices.table.rows] == [
        [formats.month(month_add(first, back)), "€1.11" if back == 0 else "€1.23"] for back in range(4)
    ]
    chart, table = of("promotions")
    assert [row[0].text for row in chart.table.rows] == [row[3].text for row in table.rows] == ["then"]
    drawn = str(chart.spec)
    assert first.isoformat() in drawn
    assert today().isoformat() not in drawn
    [now] = of("prices")
    assert now.note == f"As of {formats.day(today())}"  # a list holds today, whatever the period
    later = {"first_month": month_add(LAST, 2), "last_month": month_add(LAST, 3)}
    assert of("price_charts", **later) == []
    assert of("promotions", **later) == []
    for section in ("key_figures", "plan", "sales", "channels", "category", "margins", "margin_bridge"):
        assert of(section, **later) == [], section


def test_three_years_stand_beside_each_other(company: Any) -> None:
    """The annual talks: each of the years, not the last one alone."""
    said = {"audience": "external", "months": 36}
    found = tables(blocks(company, "key_figures", company.north, **said))
    rows = [row for row in found["Year by year"] if row["Product"] == "Orange juice"]
    assert [row["Revenue"] for row in rows] == ["—", "€360", "€396"]
    [category] = blocks(company, "category", company.north, **said)
    assert len([head for head in category.heads if head.startswith("Revenue")]) == 2  # nothing of the first
    for back in range(24, 36):
        sell(company.juice, month_add(LAST, -back), D(9), D(27), channel=company.north)
    [category] = blocks(company, "category", company.north, **said)
    assert len([head for head in category.heads if head.startswith("Revenue")]) == 3
    assert "€324" in {cell.text for row in category.rows for cell in row}
