"""Drivers: brought in and undone, tried by the night, and what the pages say of them."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.errors import DomainError
from core.months import month_add, month_days
from exchange.models import Import
from exchange.services.shell import Outcome, import_run, undo_run
from forecasting.calendars import calendar_value, dutch_holidays, easter
from forecasting.engine.codes import DRIVER_REASONS
from forecasting.models import Driver, DriverJournal, DriverValue, Forecast, ForecastMonth
from forecasting.selectors.drivers import by_month, drivers_visible
from forecasting.services.drivers import driver_calendar_use, driver_change, driver_values_set
from forecasting.words.drivers import refused_words
from products.models import Product, ProductFigures
from tests.factories import line_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

FIRST = month_add(LAST, -47)
PROMOTED = {3, 8, 14, 20, 21, 27, 33, 38, 44, 50, 53}
"""Steps with a promotion, of 48 months of history and 18 ahead."""


def promoted(step: int) -> float:
    return (400 + (step * 7919 % 13)) * (1.5 if step in PROMOTED else 1)


def product_with(volume: Any = promoted, **fields: Any) -> Product:
    fields.setdefault("line", line_factory())
    product = product_factory(launched=datetime.date(2022, 1, 1), **fields)
    months_give(product, 48, volume=volume)
    return product


def promotions_of(product: Product | None = None, *, line: Any = None, until: int = 60) -> Driver:
    return driver_values_set(
        code="promotion",
        name="Promotions",
        kind="event",
        step="month",
        values={month_add(FIRST, step): Decimal(int(step in PROMOTED)) for step in range(until)},
        product=product,
        line=line,
    )


def months_of(product: Product) -> dict[datetime.date, ForecastMonth]:
    rows = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True)
    return {row.month: row for row in rows}


def current(product: Product) -> Forecast:
    return Forecast.objects.get(product=product, current=True)


# -- the night -----------------------------------------------------------------------------------------------


def test_a_promotion_known_ahead_lifts_its_month_beside_the_statistics() -> None:
    product, other = product_with(), product_with()
    driver = promotions_of(product)
    run_now()
    months = months_of(product)
    lifted = months[month_add(FIRST, 50)]
    assert lifted.driven is not None
    assert lifted.driven > 1.15 * lifted.mean
    assert lifted.driven == pytest.approx(promoted(50), rel=0.05)
    assert lifted.final == lifted.driven
    usual = months[month_add(FIRST, 51)]
    assert usual.driven is not None
    assert usual.driven < usual.mean
    unknown = months[month_add(FIRST, 64)]
    assert unknown.driven == pytest.approx(unknown.mean, rel=1e-5)
    said = current(product).driver_effects
    assert said is not None
    (used,) = said["used"]
    assert (used["id"], used["name"], len(used["months"])) == (driver.pk, "Promotions", 18)
    assert used["months"][50 - 48] == pytest.approx(lifted.driven / lifted.mean - 1, rel=1e-3)
    assert not said["refused"]
    # what has no driver is as ever
    assert current(other).driver_effects is None
    assert {row.driven for row in months_of(other).values()} == {None}


def test_the_list_shows_the_forecast_with_drivers() -> None:
    product = product_with()
    promotions_of(product)
    run_now()
    year = sum(row.final for row in list(months_of(product).values())[:12])
    figures = ProductFigures.objects.get(product_id=product.pk)
    assert float(figures.forecast_12m or 0) == pytest.approx(year, rel=1e-4)


def test_a_useless_driver_is_refused_with_a_reason() -> None:
    product = product_with(lambda step: 400 + (step * 7919 % 13))
    promotions_of(product)
    run_now()
    said = current(product).driver_effects
    assert said is not None
    assert not said["used"]
    assert said["refused"][0]["reason"] == "no_gain"
    assert {row.driven for row in months_of(product).values()} == {None}


def test_only_what_changed_is_computed_again() -> None:
    product, other = product_with(), product_with()
    promotions_of(product)
    run_now()
    before = {row.pk: row.computed_at for row in Forecast.objects.all()}
    assert run_now().state == "done"
    assert {row.pk: row.computed_at for row in Forecast.objects.all()} == before
    driver_values_set(
        code="promotion",
        kind="event",
        step="month",
        product=product,
        values={month_add(FIRST, 51): Decimal(1)},
    )
    run_now()
    after = {row.pk: row.computed_at for row in Forecast.objects.all()}
    assert after[current(product).pk] != before[current(product).pk]
    assert after[current(other).pk] == before[current(other).pk]
    assert months_of(product)[month_add(FIRST, 51)].driven > months_of(product)[month_add(FIRST, 51)].mean  # type: ignore[operator]


def test_a_driver_switched_off_does_nothing_from_the_next_night_on() -> None:
    product = product_with()
    driver = promotions_of(product)
    run_now()
    driver_change(user=user_factory("product-manager"), driver=driver, version=1, is_active=False)
    run_now()
    assert current(product).driver_effects is None
    assert {row.driven for row in months_of(product).values()} == {None}


def test_the_nearest_driver_of_a_code_holds() -> None:
    line = line_factory()
    below = line_factory(parent=line)
    product, in_line = product_with(line=below), product_with(line=below)
    outside = product_with()
    promotions_of(line=line)
    own = promotions_of(product)
    run_now()
    ids = {
        p.pk: [e["id"] for e in (current(p).driver_effects or {}).get("used", [])]
        for p in (product, in_line, outside)
    }
    assert ids[product.pk] == [own.pk]
    assert ids[in_line.pk] == [Driver.objects.get(line=line).pk]
    assert ids[outside.pk] == []


def test_a_calendar_is_tried_on_every_product() -> None:
    def by_days(step: int) -> float:
        return 30 * calendar_value("trading_days", month_days(month_add(FIRST, step))) + step * 7919 % 5

    product = product_with(by_days)
    driver_calendar_use(user=user_factory("product-manager"), calendar="trading_days", line=None)
    run_now()
    said = current(product).driver_effects
    assert said is not None
    assert said["used"][0]["calendar"] == "trading_days"
    rows = list(months_of(product).values())
    assert all(row.driven is not None for row in rows)
    truth = [by_days(48 + step) for step in range(18)]
    plain = sum(abs(row.mean - y) for row, y in zip(rows, truth, strict=True))
    with_it = sum(abs((row.driven or 0) - y) for row, y in zip(rows, truth, strict=True))
    assert with_it < 0.6 * plain


# -- months of a driver --------------------------------------------------------------------------------------


def of(step: str, kind: str, values: dict[str, int]) -> dict[str, float]:
    driver = Driver(code="x", name="X", step=step, kind=kind)
    found = by_month(driver, {datetime.date.fromisoformat(d): Decimal(v) for d, v in values.items()})
    return {f"{month:%Y-%m}": value for month, value in found.items()}


def test_days_become_the_mean_of_a_month_that_is_covered() -> None:
    whole = {f"2026-04-{day:02}": 10 + day % 2 for day in range(1, 31)}
    assert of("day", "series", whole | {"2026-05-01": 20}) == {"2026-04": 10.5}


def test_weeks_are_spread_over_their_days() -> None:
    weeks = {f"2026-06-{day:02}": 7 for day in (1, 8, 15, 22, 29)}
    assert of("week", "series", weeks) == {"2026-06": 7.0}


def test_an_event_is_nothing_on_days_that_are_not_named_up_to_the_last_month_named() -> None:
    assert of("day", "event", {"2026-02-01": 1, "2026-02-02": 1, "2026-04-30": 0}) == {
        "2026-02": pytest.approx(2 / 28),
        "2026-03": 0.0,
        "2026-04": 0.0,
    }


@pytest.mark.parametrize(
    ("year", "day"), [(2008, "03-23"), (2011, "04-24"), (2024, "03-31"), (2025, "04-20"), (2026, "04-05")]
)
def test_easter(year: int, day: str) -> None:
    assert easter(year) == datetime.date.fromisoformat(f"{year}-{day}")


def test_dutch_public_holidays() -> None:
    days = {f"{day:%m-%d}" for day in dutch_holidays(2026)}
    assert days == {
        *("01-01", "04-05", "04-06", "04-27", "05-14", "05-24", "05-25", "12-25", "12-26"),
    }
    assert datetime.date(2025, 4, 26) in dutch_holidays(2025)  # the 27th is a Sunday
    assert datetime.date(2025, 5, 5) in dutch_holidays(2025)
    assert datetime.date(2013, 4, 30) in dutch_holidays(2013)
    # May 2026: 21 days from Monday to Friday, Ascension Day and Whit Monday off
    assert calendar_value("trading_days", month_days(datetime.date(2026, 5, 1))) == 19
    assert calendar_value("holidays_nl", month_days(datetime.date(2026, 5, 1))) == 3


# -- the database --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "other"},
        {"step": "year"},
        {"calendar": "moon"},
        {"product": True, "line": True},
    ],
)
def test_the_database_refuses_what_makes_no_sense(fields: dict[str, Any]) -> None:
    product = product_factory(line=line_factory())
    if "product" in fields:
        fields = {"product": product, "line": product.line}
    with pytest.raises(IntegrityError), transaction.atomic():
        Driver.objects.create(**{"code": "x", "name": "X", "kind": "series", "step": "day"} | fields)


def test_one_driver_a_code_and_scope_and_one_value_a_date() -> None:
    driver = promotions_of()
    with pytest.raises(IntegrityError), transaction.atomic():
        Driver.objects.create(code="promotion", name="Y", kind="series", step="day")
    with pytest.raises(IntegrityError), transaction.atomic():
        DriverValue.objects.create(driver=driver, date=FIRST, value=1)


# -- the service that other parts call -----------------------------------------------------------------------


def test_values_are_put_changed_and_taken_away() -> None:
    driver = promotions_of(until=3)
    assert [float(v.value) for v in driver.values.all()] == [0, 0, 0]
    driver_values_set(
        code="promotion",
        step="month",
        values={FIRST: Decimal(2), month_add(FIRST, 1): None, month_add(FIRST, 5): Decimal(4)},
    )
    assert [(v.date, float(v.value)) for v in driver.values.all()] == [
        (FIRST, 2),
        (month_add(FIRST, 2), 0),
        (month_add(FIRST, 5), 4),
    ]
    with pytest.raises(DomainError):
        driver_values_set(code="promotion", step="day", values={})


# -- files ---------------------------------------------------------------------------------------------------


def bring_in(tmp_path: Path, text: str, *, create_missing: bool = True, **options: Any) -> Outcome:
    file = tmp_path / "drivers.csv"
    file.write_text(text, encoding="utf-8")
    return import_run(
        sheet="drivers",
        path=file,
        options=options | {"create_missing": create_missing},
        leave_out_refused=False,
        dry_run=False,
    )


def undo(done: Outcome) -> None:
    undo_run(row=Import.objects.get(pk=done.import_id))


def counts_of(done: Outcome) -> tuple[int, int, int]:
    return done.counts.new, done.counts.changed, done.counts.unchanged


TEMPERATURE = "date,driver,value,unit\n" + "".join(
    f"2026-04-{d:02},Temperature,{d}.5,°C\n" for d in range(1, 31)
)


def test_a_file_makes_a_driver_and_undo_takes_it_away(tmp_path: Path) -> None:
    done = bring_in(tmp_path, TEMPERATURE)
    driver = Driver.objects.get()
    assert (driver.code, driver.name, driver.unit, driver.step, driver.kind) == (
        *("temperature", "Temperature", "°C", "day", "series"),
    )
    assert driver.values.count() == 30
    assert done.counts.creates == {"drivers": 1}
    undo(done)
    assert not Driver.objects.exists()
    assert not DriverValue.objects.exists()


def test_undo_restores_what_a_file_changed(tmp_path: Path) -> None:
    bring_in(tmp_path, TEMPERATURE)
    second = bring_in(tmp_path, "date,driver,value\n2026-04-02,temperature,9\n2026-05-01,TEMPERATURE,11\n")
    assert counts_of(second) == (1, 1, 0)
    value = DriverValue.objects.get(date="2026-04-02")
    assert float(value.value) == 9
    undo(second)
    value.refresh_from_db()
    assert float(value.value) == 2.5
    assert DriverValue.objects.count() == 30
    assert DriverJournal.objects.count() == 1


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    bring_in(tmp_path, TEMPERATURE)
    assert counts_of(bring_in(tmp_path, TEMPERATURE)) == (0, 0, 30)
    assert not DriverJournal.objects.exists()


def test_a_file_for_products_and_lines(tmp_path: Path) -> None:
    product = product_factory(line=line_factory())
    bring_in(
        tmp_path,
        "month,driver,value,product,product_line\n"
        f"2026-04,Promotion,1,{product.code},\n2026-04,Promotion,1,,{product.line.code}\n2026-04,Promotion,1,,\n",
        kind="event",
    )
    scopes = {(d.product_id, d.line_id) for d in Driver.objects.all()}
    assert scopes == {(product.pk, None), (None, product.line_id), (None, None)}
    assert {d.kind for d in Driver.objects.all()} == {"event"}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("2026-04-01,temperature,1,nope,", "product_unknown"),
        ("2026-04-01,temperature,1,,nope", "line_unknown"),
        ("2026-04-01,!!!,1,,", "driver_has_no_code"),
        ("2026-04-01,Trading days,1,,", "driver_is_calendar"),
        ("2026-04-01,promotion,1,,", "step_differs"),
        ("2026-04-01,temperature,1,,\n2026-04-01,temperature,2,,", "duplicate"),
        (f"2026-04-01,{'t' * 121},1,,", "too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_reason(tmp_path: Path, rows: str, code: str) -> None:
    promotions_of()
    Driver.objects.create(
        code="trading-days", name="Trading days", kind="series", step="month", calendar="trading_days"
    )
    before = DriverValue.objects.count()
    done = bring_in(tmp_path, f"date,driver,value,product,product_line\n{rows}\n")
    assert [refusal.code for refusal in done.refusals] == [code]
    assert DriverValue.objects.count() == before


def test_a_driver_nobody_knows_is_refused_unless_it_may_be_made(tmp_path: Path) -> None:
    done = bring_in(tmp_path, TEMPERATURE, create_missing=False)
    assert {refusal.code for refusal in done.refusals} == {"driver_unknown"}
    assert not Driver.objects.exists()


# -- people --------------------------------------------------------------------------------------------------


def test_who_is_limited_sees_what_holds_for_their_lines_and_changes_nothing_shared(rf: Any) -> None:
    mine, theirs = line_factory(parent=line_factory()), line_factory()
    shared, above = promotions_of(), promotions_of(line=mine.parent)
    promotions_of(line=theirs)
    user = user_factory("product-manager", lines=[mine])
    assert set(drivers_visible(user)) == {shared, above}
    with pytest.raises(DomainError):
        driver_change(user=user, driver=shared, version=1, name="Mine")
    with pytest.raises(DomainError):
        driver_calendar_use(user=user, calendar="trading_days", line=None)
    assert driver_calendar_use(user=user, calendar="trading_days", line=mine).line == mine


def test_two_people_change_a_driver(client: Any) -> None:
    driver = promotions_of()
    client.force_login(user_factory("product-manager"))
    url = reverse("forecasting:driver_edit", args=[driver.pk])
    first = {"name": "Folders", "unit": "", "kind": "event", "is_active": "on", "version": "1"}
    assert client.post(url, first).status_code == 302
    lost = client.post(url, first | {"name": "Leaflets"})
    assert lost.status_code == 409
    assert "Folders" in lost.content.decode()
    assert "Leaflets" in lost.content.decode()
    driver.refresh_from_db()
    assert driver.name == "Folders"
    assert client.post(url, first | {"name": ""}).status_code == 422


def test_a_calendar_switched_off_is_used_again() -> None:
    user = user_factory("product-manager")
    driver = driver_calendar_use(user=user, calendar="holidays_nl", line=None)
    driver_change(user=user, driver=driver, version=1, is_active=False)
    again = driver_calendar_use(user=user, calendar="holidays_nl", line=None)
    assert (again.pk, again.is_active) == (driver.pk, True)


# -- pages and API -------------------------------------------------------------------------------------------


def page(client: Any, name: str, *args: Any, **query: Any) -> str:
    answer = client.get(reverse(f"forecasting:{name}", args=args), query)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("step", "said"), [("day", "1 Mar 2027"), ("week", "7 Mar 2027"), ("month", "31 Mar 2027")]
)
def test_a_driver_is_known_to_the_last_day_of_its_newest_value(client: Any, step: str, said: str) -> None:
    values = {datetime.date(2027, 3, 1): Decimal(1)}
    driver = driver_values_set(code="leaflet", name="Leaflet", step=step, values=values)
    client.force_login(user_factory("product-manager", language="en"))
    for address in (page(client, "drivers"), page(client, "driver", driver.pk)):
        assert said in address.replace("\u00a0", " ")


def test_the_pages_say_what_it_moves(client: Any) -> None:
    product, other = product_with(), product_with(lambda step: 400 + (step * 7919 % 13))
    promotions_of(product)
    driver_other = promotions_of(other)
    run_now()
    client.force_login(user_factory("product-manager", language="en"))
    tab = page(client, "product", product.code)
    assert "What drives it?" in tab
    assert "Promotions" in tab
    refused = page(client, "product", other.code)
    assert "Nothing that was tried makes this forecast better." in refused
    listed = page(client, "drivers")
    assert listed.count("Promotions") >= 2
    assert "No driver like that" in page(client, "drivers", q="nothing")
    used = page(client, "drivers", state="used")
    assert product.name in used
    assert other.name not in used
    unused = page(client, "drivers", state="unused")
    assert other.name in unused
    assert product.name not in unused
    one = page(client, "driver", driver_other.pk)
    assert "no better" in one


def test_the_empty_page_offers_the_one_thing_to_do(client: Any) -> None:
    client.force_login(user_factory("product-manager", language="en"))
    assert "No drivers yet" in page(client, "drivers")


def test_the_api_tells_and_changes(client: Any) -> None:
    product = product_with()
    driver = promotions_of(product)
    run_now()
    client.force_login(user_factory("administrator"))
    found = client.get(f"/api/v1/drivers/{driver.pk}/").json()
    assert found["product"] == product.code
    assert len(found["series"]) == 60
    assert found["forecasts"][0]["used"] is True
    changed = client.patch(
        f"/api/v1/drivers/{driver.pk}/", {"is_active": False}, content_type="application/json"
    )
    assert changed.status_code == 200
    assert changed.json()["is_active"] is False
    made = client.post("/api/v1/drivers/", {"calendar": "holidays_nl"}, content_type="application/json")
    assert made.status_code == 201
    assert client.get("/api/v1/drivers/?is_active=false").json()["count"] == 1


def test_every_reason_has_words() -> None:
    for code, names in DRIVER_REASONS.items():
        said = refused_words(code, dict.fromkeys(names, 12))
        assert said != code
        assert "%(" not in said


def test_the_worked_example_of_the_docs() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/algorithms/drivers.md").read_text(encoding="utf-8")
    rows = [
        line.strip("| ").split(" | ")
        for line in text.split("| month | value |")[1].split("\n\n")[0].splitlines()[2:]
    ]
    given = {day: int(value) for day, value in re.findall(r"`(\d{4}-\d\d-\d\d)` (\d)", text)}
    assert {month: f"{value:.4f}" for month, value in of("day", "event", given).items()} == dict(rows)
