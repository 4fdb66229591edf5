"""Overrides and the agreed forecast: layers beside the statistics, never instead of them."""

from __future__ import annotations

import datetime
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import DomainError, VersionConflict
from core import formats
from core.history import history_of
from core.months import month_add
from forecasting.doctor import layers_agree
from forecasting.models import (
    ConsensusInput,
    ConsensusMonth,
    Forecast,
    ForecastMonth,
    Override,
    OverrideMonth,
    TotalForecast,
)
from forecasting.selectors.channels import _by_channel, channel_split
from forecasting.selectors.forecasts import forecast_current
from forecasting.selectors.judgement import (
    last_judgement,
    overrides_now,
    overrides_visible,
)
from forecasting.services.consensus import consensus_agree, consensus_contribute
from forecasting.services.judgement import _overridden, judgement_apply
from forecasting.services.override_preview import override_preview, split_by_share
from forecasting.services.overrides import override_renew, override_set, override_withdraw
from products.models import LineLimit, Measure, Product, ProductMonth, SalesMonth, UnitFactor
from tests.factories import channel_factory, line_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now
from .test_pages import signed_in, text

pytestmark = pytest.mark.django_db
NOV, DEC, JAN = (month_add(LAST, step) for step in (1, 2, 3))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[datetime.date]]:
    """The day it is, in English; put another in its place to let time pass."""
    day = [datetime.date(2026, 11, 23)]
    for module in ("services.judgement", "services.overrides", "selectors.judgement"):
        monkeypatch.setattr(f"forecasting.{module}.today", lambda: day[0])
    with translation.override("en"):
        yield day


@pytest.fixture
def manager(db: Any) -> Any:
    return user_factory(role="product-manager")


def units() -> Measure:
    return Measure.objects.get(code="units")


def change(user: Any, product: Product | None = None, **more: Any) -> Override:
    fields: dict[str, Any] = {
        "measure": units(), "operation": "percent", "value": Decimal("0.2"), "first_month": NOV,
        "last_month": DEC, "reason": "promotion", "evidence": "folder of week 48",
    }  # fmt: skip
    return override_set(user=user, product=product, **fields | more)


def month(product: Product, when: datetime.date, **lookup: Any) -> ForecastMonth:
    rows = ForecastMonth.objects.filter(forecast__product=product, month=when)
    return rows.get(**(lookup or {"forecast__current": True}))


def test_a_layer_beside_the_statistics_and_the_list_shows_it(manager, settled) -> None:
    before = settled[0].figures.forecast_12m
    statistics = month(settled[0], NOV).mean
    change(manager, settled[0])
    found = month(settled[0], NOV)
    assert (found.mean, found.final) == (statistics, pytest.approx(statistics * 1.2, rel=1e-6))
    assert month(settled[0], JAN).overridden is None
    settled[0].figures.refresh_from_db()
    added = 0.2 * (statistics + month(settled[0], DEC).mean)
    assert settled[0].figures.forecast_12m == pytest.approx(before + added, rel=1e-6)


def test_the_night_keeps_it_and_says_how_far_the_statistics_moved_since(manager, products) -> None:
    product = products[0]
    run_now(as_of=month_add(LAST, -1))
    override = change(manager, product, operation="set", value=Decimal(400), evidence="contract signed")
    old = month(product, NOV)
    ProductMonth.objects.filter(product_id=product.pk, month=LAST).update(volume=Decimal(300))
    run_now()
    new = month(product, NOV)
    assert new.forecast_id != old.forecast_id
    assert new.final == 400
    assert new.mean != old.mean
    said = overrides_now([override])[0]
    assert said.active
    expected = sum(month(product, m).mean for m in (NOV, DEC)) / said.before - 1
    assert said.moved_rate == pytest.approx(expected, abs=1e-6)
    override_withdraw(user=manager, override=override)
    kept = month(product, NOV, forecast=old.forecast_id)
    assert (kept.overridden, month(product, NOV).overridden) == (400, None)


def test_it_ends_unless_renewed_and_a_withdrawn_one_can_hold_again(manager, settled, clock) -> None:
    override = change(manager, settled[0], last_month=month_add(LAST, 14))
    assert override.until == datetime.date(2027, 5, 31)  # half a year, then somebody looks again
    override_withdraw(user=manager, override=override)
    assert month(settled[0], NOV).overridden is None
    override_renew(user=manager, override=override)
    assert month(settled[0], NOV).overridden is not None
    Override.objects.update(set_at=datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC))
    clock[0] = datetime.date(2027, 6, 1)
    run_now(as_of=LAST)
    assert month(settled[0], datetime.date(2027, 6, 1)).overridden is None
    # A month that is over keeps what was said of it.
    assert month(settled[0], NOV).overridden is not None
    assert not OverrideMonth.objects.filter(active=True).exists()


def test_a_newer_one_takes_the_place_month_by_month(manager, settled) -> None:
    first = change(manager, settled[0])
    change(manager, settled[0], operation="set", value=Decimal(50), first_month=DEC, evidence="")
    assert month(settled[0], DEC).final == 50
    assert month(settled[0], NOV).final == pytest.approx(1.2 * month(settled[0], NOV).mean, rel=1e-6)
    with pytest.raises(DomainError, match="Another override"):
        override_renew(user=manager, override=first)


def test_upwards_needs_evidence_and_small_changes_are_said_to_help_rarely(manager, settled) -> None:
    with pytest.raises(DomainError) as refused:
        change(manager, settled[0], evidence=" ")
    assert refused.value.field == "evidence"
    assert not Override.objects.exists()
    plan = {"measure": units(), "operation": "percent", "first_month": NOV, "last_month": NOV}
    small = override_preview(product=settled[0], value=Decimal("-0.05"), **plan)
    assert (small.small, small.upward) == (True, False)
    assert not override_preview(product=settled[0], value=Decimal("0.10"), **plan).small
    change(manager, settled[0], value=Decimal("-0.05"), evidence="")


def test_a_line_is_split_to_the_last_digit(manager, settled) -> None:
    line = settled[0].line
    override = change(manager, line=line, operation="add", value=Decimal("-100.0001"), evidence="")
    rows = OverrideMonth.objects.filter(override=override, month=NOV)
    assert rows.count() == 3
    assert sum(row.value for row in rows) == Decimal("-100.0001")
    expected = {row.product_id: row.baseline for row in rows}
    whole = sum(expected.values())
    for row in rows:
        assert float(row.value) == pytest.approx(-100.0001 * expected[row.product_id] / whole, abs=1e-3)
    run_now()
    total = TotalForecast.objects.get(line=line, measure=units(), current=True)
    assert total.months[0][1] == pytest.approx(whole - 100.0001, abs=1e-2)


AMOUNTS = st.decimals(-(10**9), 10**9, places=4)
SIZES = st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=40)


@given(AMOUNTS, SIZES)
def test_the_parts_are_the_whole_and_none_is_a_step_from_its_share(amount, sizes) -> None:
    parts = split_by_share(amount, dict(enumerate(sizes)))
    assert sum(parts.values()) == amount
    total = sum(Decimal(repr(size)) for size in sizes)
    for place, size in enumerate(sizes):
        share = Decimal(repr(size)) / total if total else Decimal(1) / len(sizes)
        assert abs(parts[place] - amount * share) < Decimal("0.0001") + abs(amount) * Decimal("1e-20")


def test_what_rounding_leaves_goes_to_the_largest_remainders() -> None:
    assert list(split_by_share(Decimal("0.0010"), {1: 1, 2: 1, 3: 1}).values()) == [
        Decimal(part) for part in ("0.0004", "0.0003", "0.0003")
    ]
    assert set(split_by_share(Decimal(9), {1: 0, 2: 0, 3: -4}).values()) == {3}


def test_an_amount_on_a_line_is_split_in_its_reporting_unit(manager) -> None:
    line = line_factory(unit="pack", reporting_unit="litre")
    for place, factor in enumerate(("0.33", "1.5", "7")):
        product = product_factory(line=line, unit=f"unit {place}")
        UnitFactor.objects.create(product=product, unit="litre", factor=Decimal(factor))
        months_give(product)
    ended = product_factory(line=line, unit="litre", ended=LAST)
    months_give(ended)
    run_now()
    preview = override_preview(
        line=line, measure=units(), operation="set", value=Decimal(300), first_month=NOV, last_month=NOV
    )
    assert (preview.unit, round(preview.after, 6)) == ("litre", 300)
    override = change(manager, line=line, operation="set", value=Decimal(300), evidence="plan")
    rows = OverrideMonth.objects.filter(override=override, month=NOV)
    assert ended.pk not in {row.product_id for row in rows}
    factors = dict(UnitFactor.objects.values_list("product_id", "factor"))
    litres = [(row.value * factors[row.product_id]).quantize(Decimal("0.0001")) for row in rows]
    assert sum(litres) == 300


def test_unlike_units_change_by_per_cent_only(manager) -> None:
    line = line_factory(unit="pack")
    for unit in ("pack", "crate"):
        months_give(product_factory(line=line, unit=unit))
    run_now()
    with pytest.raises(DomainError, match="per cent"):
        change(manager, line=line, operation="add", value=Decimal(5))
    assert change(manager, line=line).months.count() == 4


def test_a_channel_works_on_its_part(manager, products) -> None:
    product, (big, small) = products[0], (channel_factory(), channel_factory())
    for step in range(12):
        for channel, volume in ((big, 75), (small, 25)):
            SalesMonth.objects.create(
                product_id=product.pk, channel_id=channel.pk, measure_id=units().pk,
                month=month_add(LAST, -step), volume=volume, days=30,
            )  # fmt: skip
    run_now()
    change(manager, product, channel=small, value=Decimal("0.4"))
    statistics = month(product, NOV).mean
    assert month(product, NOV).final == pytest.approx(statistics * 1.1, rel=1e-6)
    change(manager, product, operation="set", value=Decimal(200))
    assert month(product, NOV).final == pytest.approx(200 + statistics * 0.1, rel=1e-6)
    with pytest.raises(DomainError, match="sold nothing"):
        change(manager, product, channel=channel_factory())


def sold_in(product: Product, sold: dict[Any, float]) -> None:
    """A year of sales by channel; the forecast follows what is known of the whole."""
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product_id=product.pk, channel_id=channel.pk, measure_id=units().pk,
            month=month_add(LAST, -step), volume=Decimal(volume), days=30,
        )
        for channel, volume in sold.items() for step in range(12)
    )  # fmt: skip


def in_channels(product: Product, step: int = 0) -> dict[Any, float]:
    now = forecast_current(user_factory(role="viewer"), product, units())
    parts = {part.channel: part.months[step].final for part in channel_split(product, units(), now)}
    assert sum(parts.values()) == pytest.approx(now.months[step].final, rel=1e-9)
    return parts


def test_a_channel_is_what_was_made_of_it_and_the_rest_shares_what_is_left(manager, products) -> None:
    product, (a, b, c) = products[0], (channel_factory() for _ in range(3))
    sold_in(product, {a: 20, b: 60, c: 20})
    run_now()
    expected = month(product, NOV).mean
    assert in_channels(product)[a] == pytest.approx(0.2 * expected)
    change(manager, product, channel=a, operation="set", value=Decimal(4000))
    parts = in_channels(product)
    assert parts[a] == pytest.approx(4000, rel=1e-5)
    assert (parts[b], parts[c]) == (
        pytest.approx(0.6 * expected, rel=1e-4),
        pytest.approx(0.2 * expected, rel=1e-4),
    )
    change(manager, product, operation="set", value=Decimal(200), evidence="order")
    assert in_channels(product)[a] == pytest.approx(4000, rel=1e-5)
    consensus_agree(user=manager, product=product, measure=units(), values={NOV: Decimal(60)})
    assert in_channels(product)[a] == pytest.approx(60 * 4000 / month(product, NOV).unagreed, rel=1e-5)
    assert in_channels(product, 2)[a] == pytest.approx(0.2 * month(product, JAN).mean)


def test_a_channel_with_months_of_its_own_is_split_and_changed_by_them(manager, products) -> None:
    product, (winter, rest) = products[0], (channel_factory(), channel_factory())
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product_id=product.pk, channel_id=channel.pk, measure_id=units().pk,
            month=(sold := month_add(LAST, -step)), days=30,
            volume=Decimal(80 if (sold.month in (10, 11, 12, 1, 2, 3)) == (channel == winter) else 20),
        )
        for channel in (winter, rest) for step in range(24)
    )  # fmt: skip
    run_now()
    statistics = month(product, NOV).mean
    part = 0.99 * 0.8 + 0.01 * 0.5
    assert in_channels(product)[winter] == pytest.approx(part * statistics)
    assert in_channels(product, 6)[winter] == pytest.approx(
        (1 - part) * month(product, month_add(NOV, 6)).mean
    )
    change(manager, product, channel=winter, value=Decimal("0.5"), evidence="plan")
    assert month(product, NOV).final == pytest.approx(statistics * (1 + part / 2), rel=1e-6)
    assert in_channels(product)[winter] == pytest.approx(part * statistics * 1.5, rel=1e-5)


def rows_of_the_page() -> list[list[str]]:
    page = (Path(__file__).parents[2] / "docs/algorithms/totals.md").read_text()
    rows = page.split("| expected | channel A, B |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.mark.parametrize("cells", rows_of_the_page(), ids=lambda cells: cells[2])
def test_the_worked_example_of_channels(cells) -> None:
    expected, (a, b), said, *found = float(cells[0]), cells[1].split(", "), cells[2], *cells[3:]
    figures = {name: float(figure) for name, figure in re.findall(r"(A|all|agreed) (?:set )?(\d+)", said)}
    shares = {1: float(a) / expected, 2: float(b) / expected}
    of = {"channel_id": 1, "share": shares[1], "override": Override(operation="set")}
    row = OverrideMonth(pk=1, value=Decimal(figures["A"]), **of)
    said_of_all = [figures["all"]] if "all" in figures else []
    whole = [
        OverrideMonth(pk=2, value=Decimal(figure), override=Override(operation="set"))
        for figure in said_of_all
    ]
    month = ForecastMonth(
        month=NOV,
        mean=expected,
        overridden=_overridden(expected, [row, *whole]),
        agreed=figures.get("agreed"),
    )
    parts = _by_channel(month, shares, [row], {1: {1}, 2: {2}})
    assert [month.final, parts[1], parts[2]] == pytest.approx([float(cell) for cell in found])


def test_a_channel_above_moves_those_below_it(manager, products) -> None:
    product, above = products[0], channel_factory()
    one, two, other = channel_factory(parent=above), channel_factory(parent=above), channel_factory()
    sold_in(product, {one: 45, two: 15, other: 40})
    run_now()
    expected = month(product, NOV).mean
    change(manager, product, channel=above, value=Decimal("0.5"))
    assert month(product, NOV).final == pytest.approx(1.3 * expected, rel=1e-6)
    assert in_channels(product) == {
        one: pytest.approx(0.675 * expected, rel=1e-5),
        two: pytest.approx(0.225 * expected, rel=1e-5),
        other: pytest.approx(0.4 * expected, rel=1e-5),
    }


@given(
    st.lists(st.integers(0, 90), min_size=2, max_size=5).filter(any),
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["set", "add", "percent"]), st.integers(-100, 300)),
        max_size=3,
        unique_by=lambda said: said[0],
    ),
    st.one_of(st.none(), st.integers(0, 200)),
    st.one_of(st.none(), st.integers(0, 200)),
)
def test_the_channels_of_a_month_are_the_product_whatever_was_said(sizes, said, whole, agreed) -> None:
    shares = {place: size / sum(sizes) for place, size in enumerate(sizes) if size}
    rows = [
        OverrideMonth(
            pk=place, channel_id=place, share=shares[place],
            value=max(Decimal(value), Decimal(-1) if operation == "percent" else Decimal(value)),
            override=Override(operation=operation),
        )
        for place, operation, value in said if place in shares
    ]  # fmt: skip
    on_all = OverrideMonth(pk=9, value=Decimal(whole or 0), override=Override(operation="set"))
    overridden = _overridden(100.0, [*rows, *([on_all] if whole is not None else [])])
    row = ForecastMonth(month=NOV, mean=100.0, overridden=overridden, agreed=agreed)
    parts = _by_channel(row, shares, rows, {place: {place} for place in shares})
    assert sum(parts.values()) == pytest.approx(row.final, rel=1e-9, abs=1e-9)
    assert min(parts.values()) >= -1e-9


def test_a_channel_as_a_whole_or_within_a_line_is_split_by_share(manager, products) -> None:
    kroon, rest = channel_factory(), channel_factory()
    first, second, third = products
    sold_in(first, {kroon: 50, rest: 50})
    sold_in(second, {kroon: 10, rest: 90})
    sold_in(third, {rest: 80})
    run_now()
    before = {p: month(p, NOV).mean for p in products}
    said = change(manager, channel=kroon, value=Decimal("-0.1"), evidence="")
    assert {row.product_id for row in said.months.all()} == {first.pk, second.pk}
    assert month(first, NOV).final == pytest.approx(0.95 * before[first], rel=1e-6)
    assert month(second, NOV).final == pytest.approx(0.99 * before[second], rel=1e-6)
    assert month(third, NOV).overridden is None
    parts = in_channels(first)
    assert parts[kroon] == pytest.approx(0.45 * before[first], rel=1e-5)
    assert parts[rest] == pytest.approx(0.5 * before[first], rel=1e-5)
    assert list(overrides_visible(manager)) == [said]
    in_line = change(manager, line=first.line, channel=kroon, operation="add", value=Decimal(-6), evidence="")
    values = {row.product_id: row.value for row in in_line.months.filter(month=NOV)}
    assert sum(values.values()) == -6
    parts = {first: 0.5 * before[first], second: 0.1 * before[second]}
    assert float(values[first.pk]) == pytest.approx(-6 * parts[first] / sum(parts.values()), abs=1e-3)
    override_withdraw(user=manager, override=in_line)
    assert month(first, NOV).final == before[first]
    with pytest.raises(DomainError, match="sold nothing"):
        change(manager, channel=channel_factory(), value=Decimal("-0.1"))
    with pytest.raises(DomainError, match="a product, a line or a channel"):
        change(manager, value=Decimal("-0.1"))
    limited = user_factory(role="product-manager")
    LineLimit.objects.create(user=limited, line=first.line)
    with pytest.raises(PermissionDenied):
        change(limited, channel=kroon, value=Decimal("-0.1"))
    assert list(overrides_visible(limited)) == [in_line]


def test_the_page_of_a_channel_shows_each_product_before_it_is_saved(client, products) -> None:
    kroon, rest = channel_factory(name="Kroon"), channel_factory()
    for product in products:
        sold_in(product, {kroon: 50, rest: 50})
    run_now()
    signed_in(client, "product-manager")
    address = reverse("forecasting:override_channel")
    asked = {"channel": kroon.code, "operation": "percent", "value": "-10", "reason": "other"}
    asked |= {"first_month": f"{NOV:%Y-%m}", "last_month": f"{DEC:%Y-%m}"}
    assert "Change the forecast of a channel" in text(client.get(address))
    page = text(client.get(address, asked))
    assert all(product.name in page for product in products)
    assert "This field is required" in text(client.post(address, asked | {"channel": ""}))
    assert client.post(address, asked).status_code == 302
    assert Override.objects.get().channel == kroon
    assert "Kroon · all products" in text(client.get(reverse("forecasting:overrides")))
    line = reverse("forecasting:override_line", args=[products[0].line.code])
    assert client.post(line, asked).status_code == 302
    assert Override.objects.first().line == products[0].line
    assert Override.objects.first().channel == kroon


def test_the_band_on_the_tab_is_that_of_the_final_figure(client, manager, products) -> None:
    run_now()
    change(manager, products[0], operation="set", value=Decimal(9000))
    signed_in(client, "product-manager")
    answer = client.get(reverse("forecasting:product", args=[products[0].code]))
    row = month(products[0], NOV)
    with translation.override("en"):
        low, high = (formats.number(v, answer.context["decimals"]) for v in row.final_band[1:3])
    assert f"{low} – {high}" in text(answer)
    drawn = {point["month"]: point for point in answer.context["chart"].spec["data"]["values"]}
    band = drawn[NOV.isoformat()]
    assert band["lo80"] / band["planned"] == pytest.approx(row.final_band.lo80 / 9000)


@pytest.mark.parametrize(("operation", "value"), [("percent", -1), ("set", 0), ("add", -10_000_000)])
def test_what_is_set_to_nothing_is_nothing_for_sure(manager, settled, operation, value) -> None:
    change(manager, settled[0], operation=operation, value=Decimal(value), evidence="")
    assert month(settled[0], NOV).final_band == (0, 0, 0, 0, 0)


def test_the_history_names_what_a_withdrawal_changed(manager, settled) -> None:
    override = change(manager, settled[0], value=Decimal("-0.2"), evidence="")
    override_withdraw(user=manager, override=override)
    told = [changed for entry in history_of(settled[0], user=user_factory()) for changed in entry.changes]
    assert "Override · Withdrawn" in [changed.label for changed in told]
    assert str(manager) not in [changed.after for changed in told]  # said once, of the whole entry
    assert any(formats.month(NOV) in changed.after for changed in told)


def test_a_volume_is_not_set_below_zero(manager, settled) -> None:
    for operation, value in (("set", "-5"), ("percent", "-1.01")):
        with pytest.raises(DomainError) as refused:
            change(manager, settled[0], operation=operation, value=Decimal(value), evidence="")
        assert (refused.value.code, refused.value.field) == ("below_nothing", "value")


@pytest.mark.parametrize("operation", ["percent", "add"])
def test_a_change_of_nothing_is_refused_at_its_field(client, settled, operation) -> None:
    signed_in(client, "product-manager")
    product = settled[0]
    form = {"operation": operation, "value": "0", "first_month": "2026-11", "last_month": "2026-11"}
    form |= {"reason": "other"}
    page = client.post(reverse("forecasting:override", args=[product.code]), form | {"seen": "0"})
    assert page.status_code == 422
    assert page.context["form"].errors["value"] == ["This changes nothing."]
    sent = client.post(
        "/api/v1/overrides/", form | {"product": product.code}, content_type="application/json"
    )
    assert (sent.status_code, sent.json()["code"]) == (400, "nothing_changed")
    assert not Override.objects.exists()


def test_a_change_of_nothing_exempts_a_product_from_that_of_its_line(manager, settled) -> None:
    before = [month(product, NOV).final for product in settled]
    change(manager, line=settled[0].line, value=Decimal("-0.5"), evidence="")
    change(manager, settled[0], value=Decimal(0), evidence="")
    after = [month(product, NOV).final for product in settled]
    assert after[0] == pytest.approx(before[0])
    assert after[1:] == pytest.approx([0.5 * value for value in before[1:]])


def test_an_override_that_another_replaced_says_so(client, manager, settled) -> None:
    change(manager, settled[0], value=Decimal("-0.2"), evidence="")
    change(manager, settled[0], value=Decimal("-0.3"), evidence="")
    signed_in(client, "product-manager")
    page = text(client.get(reverse("forecasting:overrides") + "?over=1"))
    assert "replaced by a later one" in page
    assert "holds until" not in page
    assert "replaced by a later one" not in text(client.get(reverse("forecasting:overrides")))


def test_a_channel_as_a_whole_by_api(client, products) -> None:
    kroon = channel_factory()
    sold_in(products[0], {kroon: 50})
    run_now()
    signed_in(client, "administrator")
    body = {"channel": kroon.code, "operation": "percent", "value": "-0.1", "reason": "other"}
    body |= {"first_month": f"{NOV:%Y-%m}", "last_month": f"{NOV:%Y-%m}"}

    def send(**more: str) -> Any:
        return client.post("/api/v1/overrides/", body | more, content_type="application/json")

    assert send().status_code == 400
    made = send(measure="units")
    assert (made.status_code, made.json()["channel"], made.json()["product"]) == (201, kroon.code, None)
    found = client.get("/api/v1/overrides/", {"channel": kroon.code}).json()
    assert [row["id"] for row in found["results"]] == [made.json()["id"]]


def test_months_are_pasted_at_once_or_not_at_all(client, products) -> None:
    run_now()
    signed_in(client, "product-manager")
    product = products[0]
    address = reverse("forecasting:override_months", args=[product.code])
    page = client.get(address)
    assert "data-paste-grid" in page.content.decode()
    asked = {"reason": "order", "evidence": "contract", "seen": page.context["seen"]}
    figures = {NOV: "90", DEC: "90", JAN: "1,000"}
    cells = {f"{when:%Y-%m}": figure for when, figure in figures.items()}
    assert "at least one month" in text(client.post(address, asked))
    wrong = client.post(address, asked | cells | {f"{DEC:%Y-%m}": "many"})
    assert (wrong.status_code, Override.objects.count()) == (422, 0)
    assert (client.post(address, asked | cells | {"evidence": ""}).status_code, Override.objects.count()) == (
        422,
        0,
    )
    assert client.post(address, asked | cells).status_code == 302
    spans = Override.objects.order_by("first_month").values_list("first_month", "last_month", "value")
    assert list(spans) == [(NOV, DEC, 90), (JAN, JAN, 1000)]
    assert [month(product, when).final for when in figures] == [90, 90, 1000]
    assert month(product, month_add(JAN, 1)).overridden is None
    late = client.post(address, asked | {f"{JAN:%Y-%m}": "5", f"{month_add(JAN, 1):%Y-%m}": "5"})
    assert (late.status_code, Override.objects.count()) == (409, 2)
    assert "Save again to let yours hold" in text(late)


def test_who_comes_second_is_told(manager, settled) -> None:
    seen = last_judgement(product=settled[0], measure=units())
    change(manager, settled[0], seen=seen)
    other = user_factory(role="sales")
    with pytest.raises(DomainError) as lost:
        change(other, settled[0], value=Decimal("-0.5"), evidence="", seen=seen)
    assert (lost.value.status, Override.objects.count()) == (409, 1)
    (both,) = lost.value.details["fields"].values()
    assert (both["theirs"], both["yours"]) == (f"+20.0% ({manager})", "\u221250.0%")
    assert both["label"].replace("\xa0", " ") == "Nov 2026 – Dec 2026"
    with pytest.raises(VersionConflict):
        change(other, line=settled[0].line, value=Decimal("-0.5"), evidence="", seen=seen)
    change(other, settled[0], first_month=JAN, last_month=JAN, seen=seen)  # other months: no race
    newest = last_judgement(line=settled[0].line, measure=units())
    change(other, line=settled[0].line, value=Decimal("-0.5"), evidence="", seen=newest)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_told(manager, products) -> None:
    run_now()
    people, outcomes = [manager, user_factory(role="sales")], []
    start = threading.Barrier(2)

    def act(person: Any, value: str) -> None:
        start.wait()
        try:
            change(person, products[0], value=Decimal(value), seen=0)
            outcomes.append("done")
        except VersionConflict:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=act, args=each) for each in zip(people, ("0.2", "0.3"), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "told"]
    assert Override.objects.count() == 1


def test_who_agrees_second_sees_both_and_others_cells_stay(manager, settled) -> None:
    agree = {"product": settled[0], "measure": units()}
    nothing: dict[datetime.date, Decimal | None] = {NOV: None, DEC: None}
    finance = user_factory(role="finance")
    consensus_agree(user=manager, **agree, values=nothing | {NOV: Decimal(140)}, seen=nothing)
    with pytest.raises(VersionConflict) as lost:
        consensus_agree(user=finance, **agree, values=nothing | {NOV: Decimal(120)}, seen=nothing)
    (both,) = lost.value.details["fields"].values()
    assert (both["theirs"], both["yours"]) == (f"140 ({manager})", "120")
    assert ConsensusMonth.objects.get().value == 140
    assert consensus_agree(user=finance, **agree, values=nothing | {DEC: Decimal(99)}, seen=nothing) == 1
    assert {row.month: row.value for row in ConsensusMonth.objects.all()} == {NOV: 140, DEC: 99}
    for seen, told in ((nothing, True), (None, False)):
        said = {"user": finance, **agree, "party": "finance", "values": nothing | {NOV: Decimal(3)}}
        ConsensusInput.objects.all().delete()
        consensus_contribute(user=manager, **agree, party="finance", values={NOV: Decimal(2)})
        if told:
            with pytest.raises(VersionConflict):
                consensus_contribute(**said, seen=seen)
        else:
            consensus_contribute(**said, seen=seen)
    assert ConsensusInput.objects.get().value == 3


@pytest.mark.parametrize(
    ("month", "value", "code"),
    [(NOV, Decimal(-1), "below_nothing"), (datetime.date(2090, 1, 1), Decimal(1), "month_unknown")],
)
def test_nobody_says_what_cannot_be(manager, settled, month, value, code) -> None:
    said = {
        "user": manager,
        "product": settled[0],
        "measure": units(),
        "values": {DEC: Decimal(7), month: value},
    }
    for refused in (
        lambda: consensus_agree(**said),
        lambda: consensus_contribute(**said, party="finance"),
    ):
        with pytest.raises(DomainError) as told:
            refused()
        assert (told.value.code, told.value.field) == (code, "months")
    assert not ConsensusMonth.objects.exists()
    assert not ConsensusInput.objects.exists()


def test_a_month_that_closed_since_may_be_said_again(manager, settled) -> None:
    said = {"product": settled[0], "measure": units()}
    both = {NOV: Decimal(140), DEC: Decimal(90)}
    consensus_agree(user=manager, **said, values=both)
    ForecastMonth.objects.filter(forecast__product=settled[0], forecast__current=True, month=NOV).delete()
    assert consensus_agree(user=manager, **said, values=both | {DEC: Decimal(95)}) == 1
    with pytest.raises(DomainError) as told:
        consensus_agree(user=manager, **said, values={NOV: Decimal(150)})
    assert told.value.code == "month_unknown"


def test_layers_of_an_older_vintage_never_change(manager, products) -> None:
    run_now(as_of=month_add(LAST, -1))
    product = products[0]
    override = change(manager, product)
    consensus_agree(user=manager, product=product, measure=units(), values={NOV: Decimal(140)})
    old = Forecast.objects.get(product=product, current=True)
    frozen = list(old.months.order_by("month").values())
    run_now()
    assert (month(product, NOV).agreed, month(product, DEC).overridden) == (
        140,
        pytest.approx(1.2 * month(product, DEC).mean, rel=1e-6),
    )
    override_withdraw(user=manager, override=override)
    change(manager, product, operation="set", value=Decimal(7), evidence="")
    consensus_agree(user=manager, product=product, measure=units(), values={NOV: None, DEC: Decimal(5)})
    run_now(as_of=LAST, local_date=datetime.date(2026, 11, 24))
    old.refresh_from_db()
    assert not old.current
    assert list(old.months.order_by("month").values()) == frozen


@pytest.mark.parametrize("role", ["viewer", "marketing", "finance", "quality"])
def test_denied_writes_change_nothing(role, manager, settled) -> None:
    override = change(manager, settled[0])
    before = list(ForecastMonth.objects.values_list("pk", "overridden", "agreed").order_by("pk"))
    person = user_factory(role=role)
    for act in (
        lambda: change(person, settled[0], value=Decimal("-0.5")),
        lambda: override_withdraw(user=person, override=override),
        lambda: override_renew(user=person, override=override),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.status == 403
    assert Override.objects.count() == 1
    assert list(ForecastMonth.objects.values_list("pk", "overridden", "agreed").order_by("pk")) == before


def test_the_doctor_sees_a_layer_that_nobody_decided(manager, settled) -> None:
    change(manager, settled[0])
    run_now()
    assert list(layers_agree()) == []
    ForecastMonth.objects.filter(forecast__current=True, month=JAN).update(overridden=3)
    assert len(list(layers_agree())) == 3


def table(heading: str) -> list[list[str]]:
    """The rows of the page's table whose first column has this heading."""
    page = (Path(__file__).parents[2] / "docs" / "algorithms" / "judgement.md").read_text()
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in page.splitlines() if "|" in row]
    first = next(place for place, row in enumerate(rows) if row[0] == heading)
    found = rows[first + 2 :]
    return found[: next((n for n, row in enumerate(found) if row[1].startswith("--")), len(found) + 1) - 1]


def test_the_page_shows_what_changes_come_to(manager, settled) -> None:
    product, channel = settled[0], channel_factory()
    rows = table("expected")
    assert len(rows) == 4
    for expected, whole, share, part, planned in rows:
        Override.objects.all().delete()
        ForecastMonth.objects.update(mean=float(expected), driven=None)
        for said, where in ((whole, None), (part, channel)):
            if not said:
                continue
            operation, value = said.split()
            override = Override.objects.create(
                product=product, measure=units(), channel=where, operation=operation, value=Decimal(value),
                first_month=NOV, last_month=NOV, reason="other", author=manager, until=NOV,
            )  # fmt: skip
            OverrideMonth.objects.create(
                override=override, product=product, measure=units(), channel=where, month=NOV,
                value=Decimal(value), baseline=1, share=float(share) if where else 1.0,
            )  # fmt: skip
        judgement_apply(product_ids=[product.pk])
        assert month(product, NOV).final == pytest.approx(float(planned))


def test_the_page_shows_a_split(manager) -> None:
    rows = table("product")
    assert len(rows) == 2
    factors = {name: Decimal(factor) for name, _expected, factor, _part, _own in rows}
    parts = split_by_share(
        Decimal(300), {name: float(expected) * float(factors[name]) for name, expected, *_rest in rows}
    )
    for name, _expected, _factor, part, own in rows:
        assert parts[name] == Decimal(part)
        assert (parts[name] / factors[name]).quantize(Decimal("0.00000001")) == Decimal(own)


def test_the_tab_says_whether_people_changed_anything(client, manager, settled) -> None:
    signed_in(client, "product-manager")
    tab = reverse("forecasting:product", args=[settled[0].code])
    nothing, agreed = "Nothing: what is planned with", "Some months are agreed"
    page = text(client.get(tab))
    assert (nothing in page, agreed in page) == (True, False)
    consensus_agree(user=manager, product=settled[0], measure=units(), values={NOV: Decimal(140)})
    page = text(client.get(tab))
    assert (nothing in page, agreed in page) == (False, True)


def test_an_agreed_month_holds_whatever_changes_below_it(manager, settled) -> None:
    product, sales = settled[0], user_factory(role="sales")
    assert (
        consensus_contribute(
            user=sales, product=product, measure=units(), party="sales", values={NOV: Decimal(150)}
        )
        == 1
    )
    assert month(product, NOV).agreed is None
    agree = {"user": manager, "product": product, "measure": units()}
    assert consensus_agree(**agree, values={NOV: Decimal(140), DEC: None}, note="S&OP of November") == 1
    assert consensus_agree(**agree, values={NOV: Decimal(140), DEC: None}) == 0
    change(manager, product)
    run_now()
    found = month(product, NOV)
    assert (found.final, found.agreed) == (140, 140)
    assert found.overridden == pytest.approx(found.mean * 1.2, rel=1e-6)
    assert consensus_agree(**agree, values={NOV: None}) == 1
    assert month(product, NOV).final == pytest.approx(found.mean * 1.2, rel=1e-6)
    with pytest.raises(DomainError) as refused:
        consensus_agree(user=sales, product=product, measure=units(), values={NOV: Decimal(1)})
    assert (refused.value.status, ConsensusMonth.objects.count()) == (403, 0)


def test_the_database_holds_one_active_change_a_month(manager, settled) -> None:
    override = change(manager, settled[0])
    row = OverrideMonth.objects.filter(override=override).first()
    assert row is not None
    again = Override.objects.get(pk=override.pk)
    again.pk = None
    again.save()
    fields = {"product": settled[0], "measure": units(), "month": row.month, "value": 1, "baseline": 1}
    with pytest.raises(IntegrityError, match="override_month_one_active"), transaction.atomic():
        OverrideMonth.objects.create(override=again, **fields)
    for of in ({"line": settled[0].line}, {"product": None}):
        with pytest.raises(IntegrityError, match="override_of_product_line_or"), transaction.atomic():
            Override.objects.filter(pk=again.pk).update(**of)
    with pytest.raises(IntegrityError, match="override_not_below_nothing"), transaction.atomic():
        Override.objects.filter(pk=again.pk).update(value=-2)


# -- pages ------------------------------------------------------------------------------------------------


def test_the_form_previews_refuses_and_saves(client, settled) -> None:
    signed_in(client, "product-manager")
    product = settled[0]
    address = reverse("forecasting:override", args=[product.code])
    form = {
        "operation": "percent", "value": "20", "first_month": "2026-11", "last_month": "2026-12",
        "reason": "promotion", "note": "", "evidence": "", "seen": "0",
    }  # fmt: skip
    preview = text(client.get(address, form, headers={"hx-request": "true"}))
    assert "+20.0%" in preview
    assert "say what it rests on" in preview
    assert not Override.objects.exists()
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert 'value="20"' in refused.content.decode()
    assert client.post(address, form | {"evidence": "folder"}).status_code == 302
    tab = text(client.get(reverse("forecasting:product", args=[product.code])))
    assert "promotion" in tab
    assert "final forecast" in tab.lower()
    lost = client.post(address, form | {"evidence": "folder", "value": "30"})
    assert lost.status_code == 409
    assert "+20.0%" in text(lost)
    assert "+30.0%" in text(lost)
    assert 'value="30"' in lost.content.decode()
    listed = text(client.get(reverse("forecasting:overrides")))
    assert product.name in listed
    moved = reverse("forecasting:overrides") + "?show=moved"
    assert product.name not in text(client.get(moved))
    OverrideMonth.objects.update(baseline=1)
    assert product.name in text(client.get(moved))
    assert "No override needs another look" in text(client.get(moved.replace("moved", "ending")))
    Override.objects.update(until=datetime.date(2026, 12, 1))
    assert product.name in text(client.get(moved.replace("moved", "ending")))
    override = Override.objects.get()
    client.post(reverse("forecasting:override_withdraw", args=[override.pk]), {"product": product.code})
    assert month(product, NOV).overridden is None
    assert "withdrawn by" in text(client.get(reverse("forecasting:overrides") + "?over=1"))


@pytest.mark.parametrize("name", ["override", "override_months"])
def test_the_form_says_what_it_saw_as_a_form_reads_it(client, manager, settled, name) -> None:
    """Without the marks of numbers that people read: who comes second would not be told."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select setval(pg_get_serial_sequence(%s, 'id'), 1680)", [OverrideMonth._meta.db_table]
        )
    change(manager, settled[0])
    signed_in(client, "product-manager")
    page = client.get(reverse(f"forecasting:{name}", args=[settled[0].code])).content.decode()
    newest = last_judgement(product=settled[0], measure=units())
    assert newest > 1680
    assert f'name="seen" value="{newest}"' in page


def fields_of(page: str) -> list[str]:
    """The names of a page's visible inputs."""
    return re.findall(r'name="([a-z]+-\d{4}-\d{2})"', page)


def test_a_line_from_its_total(client, settled) -> None:
    signed_in(client, "product-manager")
    line = settled[0].line
    address = reverse("forecasting:override_line", args=[line.code])
    assert address in client.get(reverse("forecasting:totals") + f"?line={line.code}").content.decode()
    form = {
        "operation": "add", "value": "-30", "first_month": "2026-11", "last_month": "2026-11",
        "reason": "supply", "note": "", "evidence": "",
    }  # fmt: skip
    assert settled[1].name in text(client.get(address, form, headers={"hx-request": "true"}))
    assert client.post(address, form).status_code == 302
    assert Override.objects.get().line == line


def test_the_grid_of_an_agreed_forecast(client, settled) -> None:
    address = reverse("forecasting:consensus", args=[settled[0].code])
    signed_in(client, "sales")
    page = client.get(address).content.decode()
    assert 'name="sales-2026-11"' in page
    assert 'name="agreed-2026-11"' not in page
    client.post(address, {"sales-2026-11": "123.5", "agreed-2026-11": "99"})
    assert not ConsensusMonth.objects.exists()
    signed_in(client, "product-manager")
    assert "123.5" in client.get(address).content.decode()
    bad = client.post(address, {"agreed-2026-11": "many"})
    assert bad.status_code == 422
    assert "many" in bad.content.decode()
    assert (
        client.post(address, {"sales-2026-11": "123.5", "agreed-2026-11": "120", "note": "S&OP"}).status_code
        == 302
    )
    assert month(settled[0], NOV).final == 120
    seen = {name.replace("sales-", "initial-agreed-"): "" for name in fields_of(page) if "sales-" in name}
    seen["initial-agreed-2026-11"] = "110"
    lost = client.post(address, {"agreed-2026-11": "90", **seen})
    assert lost.status_code == 409
    assert "120" in text(lost)
    assert month(settled[0], NOV).final == 120
    kept = {"agreed-2026-11": "110", "agreed-2026-12": "80", **seen}
    assert client.post(address, kept).status_code == 302
    assert (month(settled[0], NOV).final, month(settled[0], DEC).final) == (120, 80)
    signed_in(client, "viewer")
    assert 'name="' + "sales-2026-11" not in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 403


def test_a_cell_somebody_else_filled_in_meanwhile_stays(client, manager, settled) -> None:
    address = reverse("forecasting:consensus", args=[settled[0].code])
    signed_in(client, "sales")
    assert 'name="initial-finance-2026-11"' in client.get(address).content.decode()
    units_of = {"product": settled[0], "measure": units()}
    for party, value in (("sales", 90), ("finance", 80)):
        consensus_contribute(user=manager, **units_of, party=party, values={NOV: Decimal(value)})
    empty = {f"{prefix}{party}-2026-11": "" for prefix in ("", "initial-") for party in ("sales", "finance")}
    assert client.post(address, empty | {"sales-2026-11": "123.5"}).status_code == 302
    said = {row.party: row.value for row in ConsensusInput.objects.all()}
    assert said == {"sales": Decimal("123.5"), "finance": Decimal(80)}
    seen = {"sales-2026-11": "", "initial-sales-2026-11": "123.5"}
    assert client.post(address, empty | seen).status_code == 302
    assert [row.party for row in ConsensusInput.objects.all()] == ["finance"]


def test_after_its_end_there_is_nothing_to_change(client, products) -> None:
    products[0].ended = datetime.date(2026, 11, 10)
    products[0].save()
    run_now()
    signed_in(client, "product-manager")
    page = client.get(reverse("forecasting:override", args=[products[0].code])).content.decode()
    assert 'value="2026-11"' in page
    assert 'value="2026-12"' not in page
    Product.objects.filter(pk=products[0].pk).update(ended=datetime.date(2026, 9, 10))
    for name in ("override", "consensus"):
        page = text(client.get(reverse(f"forecasting:{name}", args=[products[0].code])))
        assert "The product ended on 10 Sep 2026; no sales are expected after it." in page


def test_months_of_a_level_do_not_add_up(manager, settled) -> None:
    override = change(manager, settled[0], first_month=NOV, last_month=JAN)
    preview = override_preview(
        product=settled[0],
        measure=units(),
        operation="set",
        value=Decimal(60),
        first_month=NOV,
        last_month=JAN,
    )
    assert preview.after == 180
    assert [part.after for part in preview.by_month] == [60, 60, 60]
    total = overrides_now([override])[0].before
    Measure.objects.filter(code="units").update(kind=Measure.Kind.LEVEL)
    level = override_preview(
        product=settled[0],
        measure=units(),
        operation="set",
        value=Decimal(60),
        first_month=NOV,
        last_month=JAN,
    )
    assert level.after == 60
    assert [(part.key, part.after) for part in level.by_product] == [(settled[0].name, 60)]
    assert overrides_now([Override.objects.get()])[0].before == pytest.approx(total / 3)


def test_renewing_is_offered_where_it_lets_it_hold_longer(manager, settled, clock) -> None:
    short = change(manager, settled[0])
    long = change(manager, settled[1], last_month=month_add(NOV, 12))
    assert [now.can_renew for now in overrides_now([short, long])] == [False, False]
    clock[0] = datetime.date(2026, 12, 20)
    assert [now.can_renew for now in overrides_now([short, long])] == [False, True]


def test_people_see_the_overrides_of_their_lines(manager, settled) -> None:
    change(manager, settled[0])
    person = user_factory(role="viewer")
    assert overrides_visible(person).count() == 1
    LineLimit.objects.create(user=person, line=line_factory())
    assert not overrides_visible(type(person).objects.get(pk=person.pk)).exists()
    assert Forecast.objects.exists()
