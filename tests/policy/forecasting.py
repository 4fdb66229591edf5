"""Runs, forecasts and stages. A forecast is over all channels, so nobody with a limit to some sees one."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from core.months import month_add
from forecasting.models import (
    AccuracyRow,
    AccuracySum,
    AccuracyWindow,
    Driver,
    Finding,
    Forecast,
    NightlyFailure,
    NightlyRun,
    Override,
)
from forecasting.selectors.accuracy_sums import WIDTH
from products.models import Measure, Product
from tests.factories import user_factory

from .rules import Rule
from .world import World

VIEW, EDIT, RUN, OVERRIDE = (f"forecasting.{verb}" for verb in ("view", "edit", "run", "override"))
DAY = datetime.date(2026, 11, 24)


def _make_run(world: World) -> NightlyRun:
    """Done, with a failure inside and one outside the limits."""
    run = NightlyRun.objects.create(
        kind="scheduled",
        key="walk",
        local_date=DAY,
        as_of=DAY.replace(day=1),
        state="done",
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    for product in (world.own_product, world.foreign_product):
        NightlyFailure.objects.create(run=run, step="forecast", product=product, attempts=3, code="crashed")
    return run


def a_run(world: World) -> dict[str, Any]:
    return {"pk": world.made("run", lambda: _make_run(world)).pk}


def accuracy_of(world: World, product: Product) -> AccuracyRow:
    """A row of the product, changed by somebody, with the sums and the window that come of it."""
    return world.made(f"accuracy {product.pk}", lambda: _make_accuracy(world, product))


def accuracy_there(world: World) -> dict[str, Any]:
    """Something inside and outside the limits; the address has no arguments."""
    for product in (world.own_product, world.foreign_product):
        accuracy_of(world, product)
    return {}


def _make_accuracy(world: World, product: Product) -> AccuracyRow:
    run = NightlyRun.objects.get(pk=a_run(world)["pk"])
    measure, month = Measure.objects.get(code="units"), month_add(DAY.replace(day=1), -5)
    of: dict[str, Any] = {"product": product, "measure": measure}
    made = {"method": "x", "computed_at": timezone.now(), "current": False}
    vintage, _new = Forecast.objects.get_or_create(**of, as_of=month_add(month, -1), defaults=made)
    sums = [1.0] * WIDTH
    AccuracySum.objects.create(
        line=product.line,
        month=month,
        lag=1,
        measure=measure,
        rows=1,
        unpriced=0,
        afterwards=0,
        plain=sums,
        priced=sums,
        run=run,
    )
    names = ("off", "over", "size", "net", "amount", "before_off", "before_size")
    three = {name: [1.0] * 3 for name in names}
    AccuracyWindow.objects.create(**of, lag=1, months=12, until=month, n=1, **three)
    bands = {"lo80": 1, "hi80": 3, "lo95": 0, "hi95": 4}
    return AccuracyRow.objects.create(
        **of, **bands, month=month, lag=1, vintage=vintage, actual=2, statistical=2, overridden=3, run=run
    )


def of_product(name: str, **rest: Any) -> Rule:
    return Rule(
        f"forecasting:{name}",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
        **rest,
    )


def _make_override(world: World, product: Any) -> Override:
    return Override.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        operation="set",
        value=1,
        first_month=DAY.replace(day=1),
        last_month=DAY.replace(day=1),
        reason="other",
        author=user_factory(),
        until=datetime.date(2999, 1, 1),
    )


def an_override(world: World) -> dict[str, Any]:
    return {"pk": world.made("override", lambda: _make_override(world, world.own_product)).pk}


def a_foreign_override(world: World) -> dict[str, Any]:
    return {"pk": world.made("foreign override", lambda: _make_override(world, world.foreign_product)).pk}


def _make_finding(world: World, product: Any) -> Finding:
    month = DAY.replace(day=1)
    fields = {"kind": "spike", "first": month, "last": month, "seen": 9, "expected": 3}
    units = Measure.objects.get(code="units")
    return Finding.objects.create(product=product, measure=units, found_by_id=a_run(world)["pk"], **fields)


def a_finding(world: World) -> dict[str, Any]:
    return {"pk": world.made("finding", lambda: _make_finding(world, world.own_product)).pk}


def a_foreign_finding(world: World) -> dict[str, Any]:
    return {"pk": world.made("foreign finding", lambda: _make_finding(world, world.foreign_product)).pk}


def _driver(world: World, product: Any) -> dict[str, Any]:
    make = lambda: Driver.objects.create(  # noqa: E731
        code="promo", name=product.name, kind="event", step="month", product=product
    )
    return {"pk": world.made(f"driver {product.pk}", make).pk}


def a_driver(world: World) -> dict[str, Any]:
    return _driver(world, world.own_product)


def a_foreign_driver(world: World) -> dict[str, Any]:
    return _driver(world, world.foreign_product)


def drivers_there(world: World) -> dict[str, Any]:
    """One inside and one outside the limits; the address has no arguments."""
    a_driver(world), a_foreign_driver(world)
    return {}


def of_override(name: str, **rest: Any) -> Rule:
    return Rule(
        f"forecasting:{name}", args=an_override, foreign=a_foreign_override, all_channels=True, **rest
    )


def of_family(name: str, **rest: Any) -> Rule:
    return Rule(
        f"forecasting:{name}",
        args=lambda world: {"code": world.own_family.code},
        foreign=lambda world: {"code": world.foreign_family.code},
        **rest,
    )


LAUNCH = {
    "method": "bass",
    "scale": "100",
    "launch_month": "2026-12",
    "p": "0.03",
    "q": "0.4",
    "market": "1000",
    "step": "save",
}
STAGE = {"stage": "growth", "until": "2027-06-01", "reason": "It grows"}

FLAG = {"measure": "units", "first": "2026-06", "note": "A strike"}

RULES = [
    Rule("forecasting:runs", get=VIEW),
    Rule("forecasting:accuracy", get=VIEW, args=accuracy_there),  # as totals
    Rule("forecasting:totals", get=VIEW),  # without any line for who is limited to channels
    Rule("forecasting:run", get=VIEW, args=a_run),
    Rule("forecasting:run_start", post=RUN),
    of_product("product", get=VIEW),  # says why it is empty for who is limited to channels
    of_product("product_run", post=RUN),
    of_family("family_run", post=RUN, all_channels=True),
    Rule("forecasting:findings", get=VIEW),  # none for who is limited to channels
    Rule(
        "forecasting:findings_judge",
        post=EDIT,
        all_channels=True,
        data=lambda world: {"finding": a_finding(world)["pk"], "state": "confirmed"},
    ),
    Rule(
        "forecasting:finding_decide",
        post=EDIT,
        args=a_finding,
        foreign=a_foreign_finding,
        all_channels=True,
        data={"state": "refused"},
    ),
    of_product("flag", get=EDIT, post=EDIT, all_channels=True, data=FLAG),
    of_family("family_flag", get=EDIT, post=EDIT, all_channels=True, data=FLAG),
    # Drivers are no sales: who is limited to channels sees them, without the forecasts they move.
    Rule("forecasting:drivers", get=VIEW, args=drivers_there),
    Rule("forecasting:driver", get=VIEW, args=a_driver, foreign=a_foreign_driver),
    Rule(
        "forecasting:driver_edit",
        get=EDIT,
        post=EDIT,
        args=a_driver,
        foreign=a_foreign_driver,
        data={"name": "Folder", "kind": "event", "version": "1"},
    ),
    Rule(
        "forecasting:driver_calendar",
        get=EDIT,
        post=EDIT,
        data=lambda world: {"calendar": "trading_days", "line": world.own_product.line.code},
    ),
    Rule("forecasting:overrides", get=VIEW),
    of_override("override_withdraw", post=OVERRIDE),
    of_override("override_renew", post=OVERRIDE),
    Rule(
        "forecasting:override_line",
        get=OVERRIDE,
        post=OVERRIDE,
        args=lambda world: {"code": world.own_product.line.code},
        foreign=lambda world: {"code": world.foreign_product.line.code},
        all_channels=True,
    ),
    Rule("forecasting:override_channel", get=OVERRIDE, post=OVERRIDE, whole=True, whole_read=True),
    of_product("override_months", get=OVERRIDE, post=OVERRIDE, all_channels=True),
    of_product("override", get=OVERRIDE, post=OVERRIDE, all_channels=True),
    of_product("consensus", get=VIEW, post="forecasting.contribute", all_channels=True),
    of_product("stage", get=EDIT, post=EDIT, all_channels=True, data=STAGE),
    of_product("stage_withdraw", post=EDIT, all_channels=True),
    # Who may only look is led to the tab.
    of_product("launch", get=VIEW, post=EDIT, all_channels=True, data=LAUNCH),
    of_product("launch_withdraw", post=EDIT, all_channels=True),
    of_product("launch_choices", get=EDIT, all_channels=True, query={"reference_1": "own"}),
    of_family("family", get=VIEW),
    of_family("family_stage", get=EDIT, post=EDIT, all_channels=True, data=STAGE),
    of_family("family_stage_withdraw", post=EDIT, all_channels=True),
]
