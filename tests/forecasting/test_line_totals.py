"""What lines and everything are expected to sell: sums of final forecasts, never of quantiles."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collaboration.models import Alert
from core.months import month_add
from forecasting import evaluate_totals
from forecasting.layers import months_band
from forecasting.models import Calibration, Forecast, ForecastMonth, NightlyRun, TotalForecast
from forecasting.selectors.channels import channel_split
from forecasting.selectors.forecasts import error_correlation_now, forecast_current
from forecasting.selectors.total_facts import Asked, sums_ahead
from forecasting.selectors.totals import Correlations, LineTotal, correlations, totals_visible
from forecasting.services.totals import totals_write
from forecasting.steps import totals
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    USUAL_PRODUCT_CORRELATION,
    product_correlation,
    summed_half,
)
from forecasting.words.totals import late_words
from products.models import (
    BudgetRow,
    BudgetVersion,
    ChannelLimit,
    LineLimit,
    Measure,
    Product,
    ProductLine,
    ProductMonth,
    SalesMonth,
    UnitFactor,
)
from reporting.total_panel import total_compared, total_figures
from reporting.words.key_figures import ComparisonRow
from tests.factories import channel_factory, line_factory, measure_factory, product_factory, user_factory

from .conftest import LAST, TODAY, months_give, night_now, run_now
from .test_pages import signed_in, text

pytestmark = pytest.mark.django_db


def of(line: Any, measure: Measure | None = None) -> TotalForecast:
    return TotalForecast.objects.get(line=line, measure=measure, current=True)


def known_of(total: TotalForecast) -> dict[str, float]:
    return {row[0]: row[1] for row in total.history}


def months_of(products: Any) -> dict[datetime.date, list[ForecastMonth]]:
    found: dict[datetime.date, list[ForecastMonth]] = {}
    for row in ForecastMonth.objects.filter(forecast__product__in=products, forecast__current=True):
        found.setdefault(row.month, []).append(row)
    return found


def units() -> Measure:
    return Measure.objects.get(code="units")


def test_means_add_up_at_every_level_and_bands_do_not(products) -> None:
    line = products[0].line
    below = line_factory(parent=line)
    lower = product_factory(line=below, launched=datetime.date(2022, 1, 1))
    months_give(lower)
    other = product_factory(launched=datetime.date(2022, 1, 1))
    months_give(other)
    run_now()
    total, sub = of(line, units()), of(below, units())
    parts = months_of([*products, lower])
    assert (total.products, len(total.months), total.as_of) == (4, 18, LAST)
    for month, mean, lo80, hi80, lo95, hi95 in total.months:
        rows = parts[datetime.date.fromisoformat(month)]
        assert mean == pytest.approx(sum(row.mean for row in rows), abs=1e-3)
        assert lo95 <= lo80 <= mean <= hi80 <= hi95
        plain = sum(row.hi80 - row.mean for row in rows)
        root = sum((row.hi80 - row.mean) ** 2 for row in rows) ** 0.5
        assert root - 1e-3 <= hi80 - mean < plain
    own = sum(row[1] for row in total.months) - sum(row[1] for row in sub.months)
    assert own == pytest.approx(
        sum(row.mean for rows in months_of(products).values() for row in rows), abs=1e-2
    )
    # Money: every product sold at 2 a unit, so everything is the lines together.
    everything = of(None)
    assert everything.year == pytest.approx(of(line).year + of(other.line).year, rel=1e-6)
    assert of(line).year == pytest.approx(2 * total.year, rel=1e-4)


@given(st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_are_coherent_whatever_is_planned(products, data: st.DataObject) -> None:
    run = NightlyRun.objects.order_by("-pk").first() or run_now()
    months = list(ForecastMonth.objects.filter(forecast__current=True).order_by("forecast", "month"))
    said = data.draw(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=54, max_size=54))
    for month, agreed in zip(months, said, strict=True):
        month.agreed = agreed
    ForecastMonth.objects.bulk_update(months, ["agreed"])
    totals.compute(run, {"span": []})()
    planned: dict[datetime.date, float] = defaultdict(float)
    for month in months:
        planned[month.month] += month.final
    line = TotalForecast.objects.get(line=products[0].line, measure=units(), current=True)
    assert {row[0]: row[1] for row in line.months} == {
        str(month): pytest.approx(volume, rel=1e-6, abs=1e-6) for month, volume in planned.items()
    }
    in_money = TotalForecast.objects.filter(measure=None, current=True)
    of_line, everything = in_money.get(line=products[0].line), in_money.get(line=None)
    assert [row[1] for row in everything.months] == pytest.approx([row[1] for row in of_line.months])
    for total in (line, of_line, everything):
        for _month, mean, lo80, hi80, lo95, hi95 in total.months:
            assert lo95 <= lo80 <= mean <= hi80 <= hi95


def test_the_year_knows_that_a_decision_is_the_same_error_in_all_its_months() -> None:
    """Of one product the line's year is the product's own, also where decisions move some of its months."""
    product = product_factory(launched=datetime.date(2022, 1, 1))
    months_give(product)
    run_now()
    before = of(product.line, units())
    ahead = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True).order_by("month")
    ForecastMonth.objects.filter(pk__in=[row.pk for row in ahead[3:]]).update(spread=0.2)
    run_now(kind="manual", only=["totals"])
    found = of(product.line, units())
    expected = months_band(list(ahead[:12]), correlation=error_correlation_now())
    assert (found.year, found.year_lo80, found.year_hi80) == pytest.approx(expected, rel=1e-4)
    assert found.year_hi80 - found.year > 1.05 * (before.year_hi80 - before.year)


def test_unlike_units_are_never_added_without_a_factor() -> None:
    line = line_factory(unit="pack", reporting_unit="litre")
    packs, crates = product_factory(line=line, unit="pack"), product_factory(line=line, unit="crate")
    for product in (packs, crates):
        months_give(product)
    run_now()
    assert not TotalForecast.objects.filter(line=line, measure__isnull=False).exists()
    assert of(line).products == 2
    UnitFactor.objects.create(product=packs, unit="litre", factor=Decimal(1))
    UnitFactor.objects.create(product=crates, unit="litre", factor=Decimal(12))
    run_now()
    total, parts = of(line, units()), months_of([packs])
    month, mean = total.months[0][:2]
    first = datetime.date.fromisoformat(month)
    crate = next(row for row in months_of([crates])[first])
    assert total.unit == "litre"
    assert mean == pytest.approx(parts[first][0].mean + 12 * crate.mean, rel=1e-6)


def test_what_counts_otherwise_further_up_is_its_money_once() -> None:
    top = line_factory(unit="pack", reporting_unit="kg")
    below = line_factory(parent=top, unit="pack", reporting_unit="litre")
    made = []
    for unit, litres, weight in (("pack", 1, 2), ("crate", 12, 20)):
        product = product_factory(line=below, unit=unit)
        months_give(product)
        for name, factor in (("litre", litres), ("kg", weight)):
            UnitFactor.objects.create(product=product, unit=name, factor=Decimal(factor))
        made.append(product)
    run_now()
    own, whole = of(below, units()), of(top, units())
    packs, crates = (months_of([product])[month_add(LAST, 1)][0].mean for product in made)
    assert (own.unit, whole.unit) == ("litre", "kg")
    assert own.months[0][1] == pytest.approx(packs + 12 * crates, rel=1e-6)
    assert whole.months[0][1] == pytest.approx(2 * packs + 20 * crates, rel=1e-6)
    sold = dict(ProductMonth.objects.filter(month=LAST).values_list("product_id", "volume"))
    packs, crates = (float(sold[product.pk]) for product in made)
    assert own.history[-1] == [str(LAST), pytest.approx(packs + 12 * crates)]
    assert whole.history[-1] == [str(LAST), pytest.approx(2 * packs + 20 * crates)]
    money = [of(line) for line in (below, top, None)]
    assert money[0].months == money[1].months == money[2].months
    assert money[0].history == money[1].history == money[2].history
    revenues = ProductMonth.objects.filter(month=LAST).values_list("revenue", flat=True)
    assert money[0].history[-1] == [str(LAST), pytest.approx(float(sum(r for r in revenues if r)))]


def test_a_level_adds_over_products_never_over_time() -> None:
    contracts = measure_factory(kind="level")
    line = line_factory(measures=[contracts])
    for _ in range(2):
        months_give(product_factory(line=line), measure=contracts)
    run_now()
    total = of(line, contracts)
    assert total.year == total.months[11][1]
    assert total.months[0][1] == pytest.approx(
        sum(row.mean for row in months_of(line.products.all())[datetime.date(2026, 11, 1)]), abs=1e-3
    )


def test_what_people_changed_counts(products) -> None:
    run_now()
    before = of(products[0].line, units())
    month = ForecastMonth.objects.filter(forecast__product=products[0], forecast__current=True).first()
    assert month is not None
    ForecastMonth.objects.filter(pk=month.pk).update(overridden=month.mean * 2)
    run_now()
    after = of(products[0].line, units())
    assert after.months[0][1] - before.months[0][1] == pytest.approx(month.mean, abs=1e-3)
    assert after.months[0][3] - after.months[0][1] > before.months[0][3] - before.months[0][1]
    assert after.months[1:] == before.months[1:]


def test_a_line_that_ends_earlier_counts_with_its_forecast(client, products) -> None:
    """Up to the month before; what is loaded of the month itself is not whole and does not count."""
    early = month_add(LAST, -1)
    parent = line_factory()
    other = product_factory(line=line_factory(parent=parent), launched=datetime.date(2022, 1, 1))
    months_give(other, last=early)
    ProductMonth.objects.create(
        product_id=other.pk, measure_id=units().pk, month=LAST, volume=5, revenue=10, days=3
    )
    ProductLine.objects.filter(pk=products[0].line_id).update(parent=parent)
    run_now()
    ahead = months_of([other])[LAST][0].mean
    sold = ProductMonth.objects.filter(product__in=products, month=LAST).aggregate(Sum("volume"))
    total, known = of(parent, units()), known_of(of(parent, units()))
    assert (total.as_of, of(other.line, units()).as_of) == (LAST, early)
    assert known[str(LAST)] == pytest.approx(float(sold["volume__sum"]) + ahead, abs=1e-3)
    assert known_of(of(parent))[str(LAST)] == pytest.approx(2 * known[str(LAST)], rel=1e-4)
    assert total.months[0][0] == str(month_add(LAST, 1))
    assert [row[2:] for row in total.history] == [[]] * 48 + [[[other.line_id]]]
    # Drawn as provisional, and said on the chart and beside what it is compared with.
    signed_in(client, "viewer")
    answer = client.get(reverse("forecasting:totals"), {"line": parent.code})
    drawn = [row for row in answer.context["chart"].spec["data"]["values"] if row.get("past")]
    assert [row["month"] for row in drawn if "actual" not in row] == [str(LAST)]
    told = f"{other.line.name} has data up to Sep 2026; after that its forecast counts"
    assert text(answer).count(told) == 2
    page = text(client.get(reverse("forecasting:totals"), {"line": other.line.code}))
    assert "forecast counts" not in page


@translation.override("en")
def test_the_lines_that_end_earlier_are_named_by_month() -> None:
    lines = [line_factory(name=name) for name in ("Gas", "Energy", "Water", "Heat", "Solar")]
    keys = [line.pk for line in lines]
    before = str(month_add(LAST, -1))
    total = TotalForecast(as_of=LAST, months=[], history=[[before, 1, keys[:1]], [str(LAST), 1, keys]])
    assert late_words(LineTotal(total, None)) == (
        "Gas has data up to Aug\u00a02026; after that its forecast counts. "
        "Energy, Heat, Solar, and 1 more have data up to Sep\u00a02026; after that their forecasts count."
    )
    half = [[before, 1, keys[:1], keys[:1]], [str(LAST), 1, keys[:2]]]
    assert late_words(LineTotal(TotalForecast(as_of=LAST, history=half), None)) == (
        "Sep\u00a02026 of Gas seems loaded in part; what was expected of it counts. "
        "Energy, Gas have data up to Sep\u00a02026; after that their forecasts count."
    )
    assert late_words(LineTotal(TotalForecast(as_of=LAST, history=[[before, 1]]), None)) == ""


def test_money_is_of_the_measure_that_leads() -> None:
    contracts, energy = measure_factory(kind="level"), measure_factory()
    product = product_factory(line=line_factory(measures=[contracts, energy]))
    for measure in (contracts, energy):
        months_give(product, measure=measure)
    run_now()
    booked = ProductMonth.objects.get(product_id=product.pk, measure_id=contracts.pk, month=LAST)
    assert of(product.line).history[-1] == [str(LAST), pytest.approx(float(booked.revenue))]


def test_products_that_cannot_count_are_left_out_and_counted(products) -> None:
    ProductMonth.objects.filter(product_id=products[0].pk).update(revenue=None)
    run_now()
    line = products[0].line
    assert (of(line, units()).products, of(line, units()).left_out) == (3, 0)
    assert (of(line).products, of(line).left_out) == (2, 1)
    priced = sum(row.mean for rows in months_of(products[1:]).values() for row in rows)
    assert sum(row[1] for row in of(line).months) == pytest.approx(2 * priced, rel=1e-4)


def test_a_month_that_moves_on_leaves_its_vintage(products) -> None:
    run_now(as_of=month_add(LAST, -1))
    run_now()
    rows = TotalForecast.objects.filter(line=products[0].line, measure=None)
    assert sorted(rows.values_list("as_of", "current")) == [(month_add(LAST, -1), False), (LAST, True)]


def test_an_older_run_does_not_overwrite_a_newer_total(products) -> None:
    old = NightlyRun.objects.create(
        kind="manual", key="old", local_date=LAST, as_of=LAST, started_at=timezone.now()
    )
    run_now()
    kept = of(products[0].line)
    line, now = products[0].line, timezone.now()
    late = TotalForecast(line=line, as_of=LAST, products=1, months=[], history=[], computed_at=now, run=old)
    totals_write(totals=[late], run=old)
    assert of(products[0].line).months == kept.months


def test_the_database_holds_one_current_total_and_only_money_over_all(products) -> None:
    run_now()
    total = of(None)
    fields = {
        "as_of": month_add(LAST, 1),
        "run": total.run,
        "products": 1,
        "months": [],
        "history": [],
        "computed_at": timezone.now(),
    }
    with pytest.raises(IntegrityError, match="total_one_current"), transaction.atomic():
        TotalForecast.objects.create(**fields)
    with pytest.raises(IntegrityError, match="total_of_all_is_money"), transaction.atomic():
        TotalForecast.objects.create(measure=units(), current=False, **fields)
    with pytest.raises(IntegrityError, match="total_vintage_unique"), transaction.atomic():
        TotalForecast.objects.create(**{**fields, "as_of": total.as_of, "current": False})


def test_people_with_limits(products) -> None:
    run_now()
    everyone, line_person, channel_person = (user_factory(role="viewer") for _ in range(3))
    elsewhere = line_factory()
    LineLimit.objects.create(user=line_person, line=elsewhere)
    ChannelLimit.objects.create(user=channel_person, channel=channel_factory())
    assert totals_visible(everyone).filter(line=None).exists()
    assert not totals_visible(line_person).exists()
    assert not totals_visible(channel_person).exists()


def test_the_page(client, products) -> None:
    address = reverse("forecasting:totals")
    signed_in(client, "viewer")
    assert "No totals yet" in text(client.get(address))
    run_now()
    page = text(client.get(address))
    assert "Everything" in page
    line = products[0].line
    page = text(client.get(f"{address}?line={line.code}&in=volume"))
    assert f"What is {line.name} expected to sell?" in page
    assert "As report" not in page
    signed_in(client, "product-manager")
    sheet = reverse("reporting:report_sheet", args=["line", line.code])
    assert f'action="{sheet}"' in client.get(f"{address}?line={line.code}").text
    assert "As report" not in text(client.get(address))
    assert client.get(f"{address}?line=unknown").status_code == 404


# -- numbers ----------------------------------------------------------------------------------------------


def test_correlation_of_products_by_hand() -> None:
    # Two series of size 1 that err alike in step 1 and apart in step 2: together 1 and −1, on average 0.
    prior = USUAL_PRODUCT_CORRELATION
    assert product_correlation([[1, 1], [1, -1]], [1, 1]) == pytest.approx(round(50 / 52 * prior, 4))
    # As one: 1, drawn towards the usual by 2 of 52.
    assert product_correlation([[1, 2], [2, 4]], [1, 1]) == pytest.approx(round(2 / 52 + 50 / 52 * prior, 4))
    assert product_correlation([], []) == prior
    # A shorter row began later: its steps are other months.
    assert product_correlation([[1, 1], [1, -1], [9]], [1, 1, 1]) == product_correlation(
        [[1, 1], [1, -1]], [1, 1]
    )
    # Two large ones that err as one weigh more than a small one that errs the other way: pairs 100 − 1 − 1
    # of 100 + 1 + 1, where equal sizes make 1 − 1 − 1, drawn up to none.
    rows = [[1, 1], [1, 1], [-1, -1]]
    assert product_correlation(rows, [10, 10, 0.1]) == pytest.approx(
        round(3 / 53 * 98 / 102 + 50 / 53 * prior, 4)
    )
    assert product_correlation(rows, [1, 1, 1]) == pytest.approx(round(50 / 53 * prior, 4))


def test_half_of_a_sum() -> None:
    assert summed_half(7, 25, correlation=0) == 5
    assert summed_half(7, 25, correlation=1) == 7


def test_whether_bands_hold_is_told_by_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six products that sell the same each month up to a common shock: as one they are as unsure as one."""
    rng = random.Random(3)
    shocks = [rng.lognormvariate(0, 0.2) for _ in range(60)]
    rows = [
        f"{letter}{number},{2020 + month // 12}-{month % 12 + 1:02},{100 * shocks[month]:.2f}"
        for letter in "AB"
        for number in range(3)
        for month in range(60)
    ]
    file = tmp_path / "sales.csv"
    file.write_text("\n".join(["sku,month,units", *rows]) + "\n")
    told = ["x", str(file), "--key", "sku", "--period", "month", "--value", "units", "--origins", "18,20"]
    monkeypatch.setattr("sys.argv", told)
    assert evaluate_totals.main() == 0
    found = {tuple(row.split(" | ")[:2]): row.split(" | ") for row in capsys.readouterr().out.splitlines()}
    assert len(found) == 3 * 3
    widths = {way: float(found["| all", way][3].removesuffix(" %")) for way in ("sum", "rule", "root")}
    assert widths["root"] < widths["rule"] < widths["sum"]
    one = float(found["| products", "sum"][3].removesuffix(" %"))
    assert widths["sum"] == pytest.approx(one)
    assert widths["root"] == pytest.approx(one / 6**0.5, abs=0.06)


# -- by channel --------------------------------------------------------------------------------------------


def test_channels_add_up_to_the_product_and_are_no_surer(client, products) -> None:
    product, measure = products[0], units()
    steady, jumpy = channel_factory(), channel_factory()
    for step in range(24):
        month = month_add(LAST, -step)
        for channel, volume in ((steady, 60), (jumpy, 20 if step < 12 else 60)):
            SalesMonth.objects.create(
                product_id=product.pk,
                channel_id=channel.pk,
                measure_id=measure.pk,
                month=month,
                volume=volume,
                days=30,
            )
    run_now()
    now = forecast_current(user_factory(role="viewer"), product, measure)
    assert now is not None
    parts = channel_split(product, measure, now)
    assert [part.channel for part in parts] == [steady, jumpy]
    assert [part.share for part in parts] == [0.75, 0.25]
    year = sum(row.mean for row in now.months[:12])
    assert sum(part.mean for part in parts) == pytest.approx(year)
    assert len(now.months) == 18
    for place, row in enumerate(now.months):
        months = [part.months[place] for part in parts]
        assert sum(month.final for month in months) == pytest.approx(row.mean)
        for month in months:
            assert month.lo95 < month.lo80 < month.final < month.hi80 < month.hi95
            assert (month.hi80 - month.final) / month.final > (row.hi80 - row.mean) / row.mean
    relative = [(part.hi80 - part.mean) / part.mean for part in parts]
    assert relative[1] > relative[0]
    signed_in(client, "viewer")
    for asked, shown, hidden in ((jumpy.code, jumpy, steady), ("nowhere", steady, jumpy)):
        page = text(client.get(reverse("forecasting:product", args=[product.code]), {"channel": asked}))
        assert f"{shown.name} month by month" in page
        assert f"{hidden.name} month by month" not in page


def test_no_channel_no_split(products) -> None:
    run_now()
    now = forecast_current(user_factory(role="viewer"), products[0], units())
    assert now is not None
    assert channel_split(products[0], units(), now) == []
    assert Forecast.objects.count() == 3


def line_budget(line: Any, amount: int | Decimal, year: int = 2026, **of: Any) -> None:
    version, _new = BudgetVersion.objects.get_or_create(
        code=f"b{year}", defaults={"name": "Budget", "year": year}
    )
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            measure=units(),
            month=datetime.date(year, month, 1),
            revenue=amount,
            **(of or {"line": line}),
        )
        for month in range(1, 13)
    )


def test_a_total_stands_beside_last_year_and_the_budget_of_its_line(client, products) -> None:
    line = products[0].line
    run_now()
    total = LineTotal(of(line), None)
    first = datetime.date(LAST.year, 1, 1)
    year = total.year_of(first, month_add(first, 11))
    known = known_of(total.total)
    closed = sum(known[str(month_add(first, step))] for step in range(LAST.month))
    ahead = sum(row[1] for row in total.total.months[: 12 - LAST.month])
    assert year == pytest.approx(closed + ahead)
    line_budget(line, 1000, LAST.year)
    line_budget(line, 7, LAST.year, product=products[0])
    user = user_factory()
    figures, budget = total_figures(user, total)
    full = figures.of("revenue", "full_year")
    assert (full.budget, float(full.value), budget.of_lines) == (12000, pytest.approx(year), True)
    assert figures.of("revenue", "month").budget == 1000
    assert figures.of("revenue", "year_to_date").value == pytest.approx(Decimal(str(closed)))
    client.force_login(user)
    page = text(client.get(f"/forecasting/totals/?line={line.code}"))
    assert "12,000" in page
    everything = TotalForecast.objects.get(line=None, measure=None, current=True)
    assert total_figures(user, LineTotal(everything, None))[0].of("revenue", "full_year").budget == 12000


def test_a_total_is_not_compared_with_the_budget_of_some_of_it(products) -> None:
    line = products[0].line
    run_now()
    line_budget(line, 7, LAST.year, product=products[0])
    of_line = Product.objects.filter(line=line).count()
    user = user_factory()

    def first_row() -> ComparisonRow:
        with translation.override("en"):
            found = total_compared(user, LineTotal(of(line), None))
        assert found is not None
        return found["tables"][0].rows[0]  # type: ignore[no-any-return]

    month = first_row()
    assert (month.budget, month.budget_index, month.budget_change.text) == ("7", "—", "—")
    assert month.notes[-1] == f"budget of 1 of {of_line} products"
    line_budget(line, 1000, LAST.year)
    month = first_row()
    assert month.budget == "1,000"
    assert "—" not in (month.budget_index, month.budget_change.text)
    assert "budget of" not in month.notes[-1]


def test_what_counts_with_its_forecast_needs_a_budget_too(products) -> None:
    """A line that ends a month earlier than the one with a budget beside it."""
    top, planned = line_factory(), products[0].line
    early = product_factory(line=line_factory(parent=top), launched=datetime.date(2022, 1, 1))
    months_give(early, last=month_add(LAST, -1))
    ProductLine.objects.filter(pk=planned.pk).update(parent=top)
    run_now()
    line_budget(planned, 1000, LAST.year)

    def month_notes() -> str:
        with translation.override("en"):
            found = total_compared(user_factory(), LineTotal(of(top), None))
        assert found is not None
        return str(found["tables"][0].rows[0].notes)

    assert "budget of 1 of 2 lines" in month_notes()
    line_budget(early.line, 1000, LAST.year)
    assert "budget of" not in month_notes()


def test_a_line_off_its_own_budget_is_an_alert_of_its_owner(products) -> None:
    owner, line = user_factory(), products[0].line
    line.owner = owner
    line.save()
    line_budget(line, 1, LAST.year)
    line_budget(line, 1, LAST.year + 1)
    night_now()
    alert = Alert.objects.get(kind="line_budget")
    assert (alert.line, alert.product, alert.recipient, alert.state) == (line, None, owner, "open")
    assert alert.evidence["budget"] == 12
    BudgetRow.objects.update(revenue=10**9)
    BudgetRow.objects.filter(month__month=1).delete()
    night_now(local_date=TODAY + datetime.timedelta(days=1))
    # A year that is planned only in part is not compared.
    alert.refresh_from_db()
    assert alert.state == "gone"


def test_sums_do_not_hang_on_where_the_database_keeps_the_months() -> None:
    chance, measure = random.Random(5), units()
    month = month_add(LAST, 1)
    asked = []
    for number in range(60):
        made = {"method": "mean", "computed_at": timezone.now(), "current": True, "data_month": LAST}
        header = Forecast.objects.create(product=product_factory(), measure=measure, as_of=LAST, **made)
        edges = dict.fromkeys(("median", "lo80", "hi80", "lo95", "hi95"), chance.random())
        ForecastMonth.objects.create(forecast=header, month=month, mean=chance.random() * 10**number, **edges)
        asked.append(
            Asked(0, header.product_id or 0, measure.pk, header.pk, LAST, Decimal(1), chance.random(), True)
        )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_mergejoin = off")
    found = sums_ahead(asked)
    for pk in ForecastMonth.objects.order_by("-pk").values_list("pk", flat=True):
        ForecastMonth.objects.filter(pk=pk).update(mean=F("mean"))
    assert sums_ahead(asked) == found


def test_correlations_are_those_of_the_newest_data() -> None:
    for as_of, value in ((LAST, 0.4), (datetime.date(1950, 1, 1), 0.9)):
        payload = {PRODUCT_CORRELATION: value, CORRELATION: value}
        Calibration.objects.create(as_of=as_of, engine_version="1", series=1, payload=payload)
    assert correlations() == Correlations(0.4, 0.4)
    assert error_correlation_now() == 0.4
