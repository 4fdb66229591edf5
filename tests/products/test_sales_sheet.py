"""The sheet of sales: what it takes, refuses, writes and puts back."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from products.models import (
    Channel,
    ImportedObject,
    Product,
    ProductCode,
    ProductFigures,
    ProductLine,
    ProductMonth,
    SalesFact,
    SalesJournal,
    SalesMonth,
)
from products.sheets.sales import SalesSheet
from products.sheets.sales_days import days_panel
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db
SHEET = SalesSheet()
JAN, FEB = datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)


@pytest.fixture
def product() -> Product:
    channel_factory(code="web", name="Web shop")
    return product_factory(code="JUICE")


def row(**values: Any) -> dict[str, Any]:
    return {"product": "JUICE", "channel": "web", "month": JAN, "volume": 10, "revenue": 20} | values


def facts() -> list[tuple[Any, ...]]:
    names = ("product_id", "channel_id", "start_date", "period", "volume", "revenue", "source_import_id")
    return sorted(SalesFact.objects.values_list(*names))


def derived() -> list[Any]:
    months = [
        sorted(model.objects.values_list("product_id", "month", "volume", "revenue", "days"), key=str)
        for model in (SalesMonth, ProductMonth)
    ]
    return [*months, sorted(ProductFigures.objects.values_list("product_id", "revenue_12m", "data_month"))]


def test_codes_match_in_any_case_and_by_other_codes(product: Product) -> None:
    ProductCode.objects.create(product=product, source="GTIN", code="8712ab")
    done = run(
        SHEET,
        [row(product="juice"), row(product="8712AB", channel="WEB SHOP", month=FEB)],
    )
    assert done.refused == []
    assert SalesFact.objects.filter(product=product.pk).count() == 2


def test_other_code_of_several_products_is_refused(product: Product) -> None:
    for source, owner in (("A", product), ("B", product_factory())):
        ProductCode.objects.create(product=owner, source=source, code="X1")
    assert run(SHEET, [row(product="x1")], apply=False).codes == ["product_ambiguous"]


def test_unknown_codes_are_refused_with_line_column_and_value(product: Product) -> None:
    done = run(SHEET, [row(), row(product="nope", channel="mars")])
    assert [refused[:4] for refused in done.refused] == [
        (3, "channel", "mars", "channel_unknown"),
        (3, "product", "nope", "product_unknown"),
    ]
    assert (done.counts.new, SalesFact.objects.count()) == (1, 1)


def test_unknown_codes_are_created_once_when_asked(product: Product) -> None:
    rows = [row(product="New 1", product_line="Juices"), row(product="NEW 1", month=FEB), row(channel="Mars")]
    done = run(SHEET, rows, create_missing=True)
    assert done.counts.creates == {"lines": 1, "products": 1, "channels": 1}
    assert [(each.kind, each.code, each.name, each.under) for each in done.counts.created] == [
        ("lines", "juices", "Juices", ""),
        ("products", "NEW 1", "NEW 1", "Juices"),
        ("channels", "Mars", "Mars", ""),
    ]
    made = Product.objects.get(code__iexact="new 1")
    assert made.line == ProductLine.objects.get(name="Juices")
    assert Channel.objects.get(code="Mars").name == "Mars"
    assert SalesFact.objects.filter(product=made.pk).count() == 2


def test_the_sheet_is_called_by_the_words_of_the_glossary() -> None:
    with translation.override("nl"):
        assert str(SHEET.label) == "Afzet en omzet"


def test_products_are_created_in_the_line_that_is_said(product: Product) -> None:
    """With what that line counts; a line in the file goes before; only the person's own lines are offered."""
    cartons = measure_factory(code="cartons")
    juice = line_factory(code="juice", name="Juices", measures=[cartons])
    rows = [row(product="A1"), row(product="A2", product_line="Fresh")]
    done = run(SHEET, rows, create_missing=True, created_in="juice")
    assert {each.code: each.under for each in done.counts.created if each.kind == "products"} == {
        "A1": "Juices",
        "A2": "Fresh",
    }
    assert SalesFact.objects.get(product__code="A1").measure == cartons
    limited = user_factory(lines=[juice])
    assert run(SHEET, [row(product="A3")], create_missing=True, user=limited).codes == ["product_unknown"]
    done = run(SHEET, [row(product="A3")], create_missing=True, created_in="juice", user=limited)
    assert (done.codes, Product.objects.get(code="A3").line) == ([], juice)
    said = next(option for option in SHEET.options if option.name == "created_in")
    assert said.answers(limited) == [("juice", "Juices")]
    assert {"juice", "fresh"} < {key for key, _name in said.answers(user_factory())}
    assert said.accepts("JUICE", limited)
    assert said.accepts("fresh", None)
    assert not said.accepts("fresh", limited), "nobody learns by it which lines there are"


def test_what_cannot_be_a_products_code_is_not_created(product: Product) -> None:
    rows = [row(product="NEW"), row(product="x" * 61)]
    done = run(SHEET, rows, create_missing=True)
    assert [refused[3] for refused in done.refused] == ["product_code_reserved", "too_long"]
    assert set(Product.objects.values_list("code", flat=True)) == {"JUICE"}
    assert not SalesFact.objects.exists()


def test_nothing_is_created_for_refused_rows(product: Product) -> None:
    done = run(SHEET, [row(product="Other", volume=None, revenue=None)], create_missing=True)
    assert done.codes == ["amount_missing"]
    assert done.counts.creates == {}
    assert not Product.objects.filter(code="Other").exists()


def test_creating_needs_the_right(product: Product) -> None:
    marketing = user_factory("marketing")
    done = run(SHEET, [row(product="Other"), row(channel="Mars")], create_missing=True, user=marketing)
    assert done.codes == ["product_unknown", "channel_unknown"]


def test_outside_a_persons_limits_products_and_channels_are_unknown(product: Product) -> None:
    mine, shop = product_factory(code="MINE"), channel_factory(code="shop")
    user = user_factory(lines=[mine.line], channels=[shop])
    rows = [
        row(),
        row(product="MINE", channel="shop"),
        row(product="MINE"),
        row(product="mine", channel=None),
    ]
    done = run(SHEET, rows, user=user, apply=False)
    assert [(refused[0], refused[3]) for refused in done.refused] == [
        (2, "channel_unknown"),
        (2, "product_unknown"),
        (4, "channel_unknown"),
        (5, "channel_unknown"),
    ]
    assert not SHEET.sees_all(user)


def test_rows_without_a_channel_go_to_all_channels(product: Product) -> None:
    run(SHEET, [row(channel=None)])
    run(SHEET, [row(channel=None, month=FEB)])
    assert Channel.objects.filter(code="ALL").count() == 1
    assert SalesFact.objects.values_list("channel__code", flat=True).distinct().get() == "ALL"


def test_measure_is_the_lines_leading_one_unless_said() -> None:
    contracts, energy = measure_factory(code="contracts", kind="level"), measure_factory(code="mwh")
    product_factory(code="JUICE", line=line_factory(measures=[contracts, energy]))
    channel_factory(code="web")
    done = run(
        SHEET,
        [
            row(),
            row(measure="MWh", volume=3),
            row(measure="units", month=FEB),
            row(measure="what", month=FEB),
        ],
    )
    assert done.codes == ["measure_not_of_line", "measure_unknown"]
    assert dict(SalesFact.objects.values_list("measure__code", "volume")) == {"contracts": 10, "mwh": 3}


def test_same_key_twice_in_a_file_refuses_both_lines(product: Product) -> None:
    done = run(SHEET, [row(), row(month=FEB), row(product="juice", volume=3)])
    assert [(refused[0], refused[3]) for refused in done.refused] == [(2, "duplicate"), (4, "duplicate")]
    assert '"other": 4' in done.refused[0][4]
    assert '"other": 2' in done.refused[1][4]
    assert SalesFact.objects.count() == 1


def test_weeks_of_a_file_that_overlap_are_refused(product: Product) -> None:
    weeks = [datetime.date(2026, 1, 1), datetime.date(2026, 1, 8), datetime.date(2026, 1, 12)]
    done = run(SHEET, [row(month=None, week_start=week) for week in weeks])
    assert [(refused[0], refused[3]) for refused in done.refused] == [
        (3, "overlap_in_file"),
        (4, "overlap_in_file"),
    ]


def test_month_and_its_days_in_one_file_are_refused(product: Product) -> None:
    done = run(SHEET, [row(), row(month=None, date=datetime.date(2026, 1, 20))], period="D")
    assert done.codes == ["overlap_in_file", "overlap_in_file"]


@pytest.mark.parametrize(
    ("first", "then", "code"),
    [
        ({"month": JAN}, {"week_start": datetime.date(2026, 1, 29)}, "overlap_month"),
        ({"month": JAN}, {"date": datetime.date(2026, 1, 31)}, "overlap_month"),
        ({"date": datetime.date(2026, 1, 31)}, {"month": JAN}, "overlap_day"),
        ({"week_start": datetime.date(2026, 1, 29)}, {"month": FEB}, "overlap_week"),
        ({"week_start": datetime.date(2026, 1, 29)}, {"week_start": FEB}, "overlap_week"),
        ({"month": JAN}, {"week_start": FEB}, None),
        ({"date": datetime.date(2025, 12, 31)}, {"month": JAN}, None),
        ({"week_start": datetime.date(2026, 1, 29)}, {"week_start": datetime.date(2026, 2, 5)}, None),
    ],
)
def test_time_that_facts_cover_already(
    product: Product, first: dict[str, Any], then: dict[str, Any], code: str | None
) -> None:
    run(SHEET, [row(**{"month": None} | first)], period="D")
    done = run(SHEET, [row(**{"month": None} | then)], period="D")
    assert done.codes == ([code] if code else [])
    assert SalesFact.objects.count() == (1 if code else 2)


@pytest.mark.parametrize(
    ("dates", "said", "period"),
    [
        (["2026-01-01", "2026-02-01"], "auto", "M"),
        (["2026-01-01", "2026-02-01"], "D", "D"),
        (["2026-01-05", "2026-01-12", "2026-01-26"], "auto", "W"),
        (["2026-01-05", "2026-01-06"], "auto", "D"),
        (["2026-01-31", "2026-02-28"], "M", "M"),
        (["2026-01-31", "2026-03-31"], "auto", "M"),
        (["2026-01-31"], "auto", "D"),
        (["2026-01-05", "2026-01-12"], "auto", "D"),
    ],
)
def test_period_of_plain_dates(product: Product, dates: list[str], said: str, period: str) -> None:
    run(SHEET, [row(month=None, date=date) for date in dates], period=said)
    found = list(SalesFact.objects.order_by("start_date").values_list("period", "start_date__day"))
    assert [each[0] for each in found] == [period] * len(dates)
    assert period != "M" or {each[1] for each in found} == {1}


@pytest.mark.parametrize(
    ("before", "said", "period"),
    [
        (["2026-01-30", "2026-01-31"], "auto", "D"),
        (["2026-01-18", "2026-01-25"], "W", "W"),
        (["2025-12-01", "2026-01-01"], "auto", "M"),
        ([], "auto", "M"),
    ],
)
def test_a_single_first_of_a_month_is_read_as_the_figures_before_it(
    product: Product, before: list[str], said: str, period: str
) -> None:
    run(SHEET, [row(month=None, date=date) for date in before], period=said)
    run(SHEET, [row(month=None, date="2026-02-01")])
    assert SalesFact.objects.get(start_date=FEB).period == period
    if period == "D":
        assert run(SHEET, [row(month=None, date="2026-02-02")]).codes == []


@pytest.mark.parametrize(
    ("before", "dates", "period"),
    [
        (["2026-01-05", "2026-01-12", "2026-01-19"], ["2026-01-26"], "W"),
        (["2026-01-05", "2026-01-12", "2026-01-19"], ["2026-01-26", "2026-02-02"], "W"),
        (["2026-01-05", "2026-01-12", "2026-01-19"], ["2026-01-27"], "D"),
        (["2026-01-05", "2026-01-12", "2026-01-19"], ["2026-01-26", "2026-01-27"], "D"),
        (["2026-01-24", "2026-01-25"], ["2026-01-26"], "D"),
        (["2026-01-01", "2026-02-01"], ["2026-03-31"], "M"),
        (["2026-01-01", "2026-02-01"], ["2026-03-30"], "D"),
        (["2026-01-30", "2026-01-29"], ["2026-01-31"], "D"),
    ],
)
def test_a_file_with_too_few_dates_to_tell_is_read_as_the_figures_before_it(
    product: Product, before: list[str], dates: list[str], period: str
) -> None:
    run(SHEET, [row(month=None, date=date) for date in before])
    old = set(SalesFact.objects.values_list("pk", flat=True))
    assert run(SHEET, [row(month=None, date=date) for date in dates]).codes == []
    found = SalesFact.objects.exclude(pk__in=old).values_list("period", flat=True)
    assert list(found) == [period] * len(dates)


def test_closed_months_take_no_change_but_may_be_sent_again(product: Product) -> None:
    run(SHEET, [row()])
    organisation_factory(closed_until=JAN)
    done = run(SHEET, [row(), row(month=FEB)])
    assert (done.codes, done.counts.new, done.counts.unchanged) == ([], 1, 1)
    assert run(SHEET, [row(volume=11)]).codes == ["month_closed"]
    week = row(month=None, week_start=datetime.date(2026, 1, 29), channel="x")
    assert "month_closed" in run(SHEET, [week], create_missing=True).codes


@pytest.mark.parametrize(
    ("option", "given", "stored"),
    [
        ("net", {"revenue": 121}, (121, None, None)),
        ("net", {"revenue": None, "gross_revenue": 130, "discounts": 9}, (121, 130, 9)),
        ("before_discounts", {"revenue": 130, "discounts": 9}, (121, 130, 9)),
        ("before_discounts", {"revenue": 130}, (None, 130, None)),
        ("vat21", {"revenue": 121}, (100, None, None)),
        ("vat9", {"revenue": 10}, (Decimal("9.17"), None, None)),
    ],
)
def test_what_revenue_means(
    product: Product, option: str, given: dict[str, Any], stored: tuple[Any, ...]
) -> None:
    run(SHEET, [row(**given)], revenue_is=option)
    assert SalesFact.objects.values_list("revenue", "gross_revenue", "discounts").get() == stored


def test_column_that_the_file_does_not_have_stays_as_it_is(product: Product) -> None:
    run(SHEET, [row(), row(month=FEB)])
    done = run(SHEET, [row(volume=11, revenue=None), row(month=FEB, revenue=None)])
    assert (done.counts.changed, done.counts.unchanged) == (1, 1)
    assert done.sample[0]["old"]["volume"] == "10.0000"
    assert done.sample[0]["revenue"] == "20.0000"
    assert SalesFact.objects.order_by("start_date").values_list("volume", "revenue")[0] == (11, 20)


def test_empty_cell_of_a_column_that_is_there_is_missing(product: Product) -> None:
    run(SHEET, [row(), row(month=FEB)])
    run(SHEET, [row(revenue=None), row(month=FEB)])
    assert list(SalesFact.objects.order_by("start_date").values_list("revenue", flat=True)) == [None, 20]


def test_the_same_file_again_writes_nothing(product: Product) -> None:
    rows = [row(), row(month=FEB, volume="1.23456")]
    rows[1]["volume"] = Decimal("1.2346")
    first = run(SHEET, rows)
    before = facts(), derived()
    again = run(SHEET, rows)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 2)
    assert (facts(), derived()) == before
    assert {fact[-1] for fact in facts()} == {first.import_id}
    assert SalesJournal.objects.count() == 0


def test_totals_are_those_of_the_rows_that_count(product: Product) -> None:
    run(SHEET, [row()])
    counts = run(SHEET, [row(), row(month=FEB, volume=-2), row(product="nope")], apply=False).counts
    assert counts.totals == {"volume": "8.0000", "revenue": "40.0000"}
    assert (counts.months_from, counts.months_to) == (JAN, FEB)


def test_undo_puts_back_what_was_there(product: Product) -> None:
    run(SHEET, [row(), row(month=FEB)])
    before = facts(), derived()
    rows = [row(volume=99), row(product="Extra", channel="Mars"), row(month=datetime.date(2026, 3, 1))]
    done = run(SHEET, rows, create_missing=True)
    assert (facts(), derived()) != before
    assert SalesJournal.objects.filter(source_import=done.import_id).count() == 1
    counts = undo(SHEET, done.import_id)
    assert (counts.new, counts.changed) == (2, 1)
    assert (facts(), derived()) == before
    assert not Product.objects.filter(code="Extra").exists()
    assert not Channel.objects.filter(code="Mars").exists()


def test_undo_of_all_imports_newest_first_leaves_nothing(product: Product) -> None:
    ids = [run(SHEET, [row(volume=volume), row(month=FEB)]).import_id for volume in (1, 2, 3)]
    for import_id in reversed(ids):
        undo(SHEET, import_id)
    assert (facts(), derived()[:2]) == ([], [[], []])


def test_undo_below_a_later_change_is_refused(product: Product) -> None:
    first, later = run(SHEET, [row()]).import_id, run(SHEET, [row(volume=11)]).import_id
    before = facts()
    with pytest.raises(DomainError) as refused:
        undo(SHEET, first)
    assert (refused.value.code, refused.value.details["later"]) == ("undo_newest_first", later)
    assert facts() == before


def test_time_that_is_still_to_come_is_refused_with_the_latest_that_is_not(product: Product) -> None:
    this = today()
    month, day = month_start(this), datetime.timedelta(1)
    after = this + 7 * day
    ahead = [
        row(month=month_add(month, 1)),
        row(month=month_add(month, 2)),
        row(month=datetime.date(this.year + 5, 1, 1)),
    ]
    done = run(SHEET, ahead)
    until = f"{month_add(month, 1):%Y-%m}"
    assert [(line, column, code, json.loads(params)) for line, column, _, code, params in done.refused] == [
        (line, "month", "in_future", {"until": until}) for line in (3, 4)
    ]
    assert [fact[2] for fact in facts()] == [month_add(month, 1)]
    for field, period in (("date", "D"), ("week_start", "W")):
        other = product_factory()
        rows = [
            {"product": other.code, "channel": "web", field: start, "volume": 1}
            for start in (this - 7 * day, this, after)
        ]
        done = run(SHEET, rows, period=period)
        refused = [(value, code, json.loads(params)) for _, _, value, code, params in done.refused]
        assert refused == [(after.isoformat(), "in_future", {"until": this.isoformat()})], field


def test_undo_in_a_closed_month_is_refused(product: Product) -> None:
    done = run(SHEET, [row()])
    organisation_factory(closed_until=JAN)
    with pytest.raises(DomainError, match="jan\N{NO-BREAK SPACE}2026"):
        undo(SHEET, done.import_id)
    assert len(facts()) == 1


def test_undo_keeps_a_created_product_that_somebody_edited(product: Product) -> None:
    done = run(SHEET, [row(product="Extra")], create_missing=True)
    Product.objects.filter(code="Extra").update(name="Extra juice", version=2)
    undo(SHEET, done.import_id)
    assert Product.objects.filter(code="Extra").exists()
    assert ImportedObject.objects.filter(source_import=done.import_id, kind="line").exists()


def test_level_may_come_by_the_week() -> None:
    contracts = measure_factory(code="contracts", kind="level")
    product_factory(code="JUICE", line=line_factory(measures=[contracts]))
    channel_factory(code="web")
    weeks = [(datetime.date(2026, 1, 19), 100), (datetime.date(2026, 1, 26), 110)]
    run(SHEET, [row(month=None, week_start=week, volume=volume, revenue=None) for week, volume in weeks])
    found = SalesMonth.objects.order_by("month").values_list("month", "volume", "average_volume")
    assert list(found) == [(JAN, 100, 100), (FEB, 110, 110)]


def days_of(
    product: Product, first: datetime.date, last: datetime.date, but: Any = ()
) -> list[dict[str, Any]]:
    """A row a day but on Sundays and on days of ``first``'s month that are left out."""
    days = (first + datetime.timedelta(number) for number in range((last - first).days + 1))
    return [
        row(product=product.code, month=None, date=day)
        for day in days
        if day.weekday() != 6 and not (day.month == first.month and day.day in but)
    ]


def test_days_that_daily_sales_skip_are_told(client: Any, product: Product) -> None:
    """January and February; Sundays are none, and of a line that is whole nothing is told."""
    other, end = product_factory(code="TEA"), datetime.date(2026, 2, 28)
    whole = days_of(other, JAN, end)
    gap = days_of(product, JAN, end, range(12, 20))
    done = run(SHEET, [*whole, *gap])
    assert done.counts.noted == {
        "days_skipped": "7",
        "skipped_from": "2026-01-12",
        "skipped_to": "2026-01-19",
        "skipped_line": str(product.line_id),
        "skipped_others": "0",
    }
    user, limited = user_factory(), user_factory(lines=[other.line])
    checked = Import(sheet="sales", counts=done.counts.as_json())
    told = days_panel(user, checked)
    assert told is not None
    assert (told["days"], told["line"], told["others"]) == (7, product.line, 0)
    assert (days_panel(limited, checked) or {})["line"] is None
    assert days_panel(user, Import(sheet="sales", state="undone", counts=done.counts.as_json())) is None
    client.force_login(user_factory("administrator", language="en"))
    page = client.get(reverse("exchange:detail", args=[done.import_id]), headers={"Accept-Language": "en"})
    assert "no sales from 12\u00a0Jan\u00a02026 to 19\u00a0Jan\u00a02026: 7 days" in page.content.decode()
    # Loaded after all; and what the file before this one ended with.
    filled = [row(month=None, date=JAN.replace(day=day)) for day in (12, 13, 14, 15, 16, 17, 19)]
    assert run(SHEET, filled).counts.noted == {}
    later = days_of(product, datetime.date(2026, 3, 9), datetime.date(2026, 3, 14))
    assert run(SHEET, later).counts.noted["days_skipped"] == "6"


def test_files_of_a_day_tell_what_is_missing_once(product: Product) -> None:
    """By the products that sell every day, not by those that are first in the line."""
    seldom = [product_factory(code=f"A{number}", line=product.line) for number in range(5)]
    daily = [product_factory(code=f"B{number}", line=product.line) for number in range(5)]
    end = datetime.date(2026, 1, 31)
    known = [days_of(one, JAN, end) for one in daily]
    known += [days_of(one, JAN, end, range(4, 29)) for one in seldom]
    run(SHEET, [each for rows in known for each in rows])

    def noted(day: datetime.date) -> str | None:
        rows = [row(product=one.code, month=None, date=day) for one in [*daily, *seldom]]
        return run(SHEET, rows).counts.noted.get("days_skipped")

    days = [datetime.date(2026, 2, day) for day in (2, 3, 9, 10, 11)]
    assert [noted(day) for day in days] == [None, None, "4", None, None]


def test_skipped_days_are_worked_out_once_a_preview(product: Product, monkeypatch: Any) -> None:
    asked = list[Any]()
    monkeypatch.setattr("products.sheets.sales.days_noted", lambda cursor: asked.append(cursor) or {})
    run(SHEET, [row()], apply=False)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("first", "last", "but"),
    [
        (JAN, datetime.date(2026, 1, 31), [1, 2]),
        (JAN, datetime.date(2026, 1, 31), [14, 15]),  # holidays
        (JAN, datetime.date(2026, 1, 25), range(8, 15)),  # too few to say
        (JAN, datetime.date(2026, 1, 31), [day for day in range(1, 32) if day % 7 != 1]),  # Thursdays only
    ],
)
def test_days_without_sales_that_are_no_gap(product: Product, first: Any, last: Any, but: Any) -> None:
    assert run(SHEET, days_of(product, first, last, but)).counts.noted == {}


def test_large_import_tells_the_planner_what_it_wrote(product: Product) -> None:
    """A roll-up planned for empty tables took three minutes for a million facts instead of five seconds."""
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(day) for day in range(1200)]
    run(SHEET, [row(month=None, date=day, volume=1) for day in days])
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'products_salesfact'::regclass")
        assert cursor.fetchone() == (1200,)
