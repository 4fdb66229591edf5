"""The REST API. A refusal is 401 or 403, and what is out of sight is 404."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from core.months import month_add
from exchange.models import Import, Layout
from forecasting.models import Forecast, LaunchPlan, NightlyRun, StageEstimate, TotalForecast
from products.models import (
    BudgetVersion,
    Measure,
    Product,
    ProductCode,
    Segment,
    Succession,
    Supplier,
    UnitFactor,
)
from tests.factories import product_factory

from .forecasting import (
    a_driver,
    a_finding,
    a_foreign_driver,
    a_foreign_finding,
    a_foreign_override,
    accuracy_of,
    accuracy_there,
    an_override,
)
from .rules import Args, Rule
from .world import MARK, World

VIEW, EDIT, STRUCTURE, BUDGET = (
    f"products.{verb}" for verb in ("view", "edit", "edit_structure", "edit_budget")
)
MONTH = datetime.date(2026, 10, 1)


def product(world: World) -> dict[str, Any]:
    return {"code": world.own_product.code}


def foreign_product(world: World) -> dict[str, Any]:
    return {"code": world.foreign_product.code}


def line(world: World) -> dict[str, Any]:
    return {"code": world.own_line.code}


def foreign_line(world: World) -> dict[str, Any]:
    return {"code": world.foreign_line.code}


def channel(world: World) -> dict[str, Any]:
    return {"code": world.own_channel.code}


def foreign_channel(world: World) -> dict[str, Any]:
    return {"code": world.foreign_channel.code}


def around(make: Callable[[Product], Any]) -> dict[str, Any]:
    """The arguments of a row around the own product, and of the same around the foreign one."""

    def args(name: str) -> Args:
        def found(world: World) -> dict[str, Any]:
            about = getattr(world, name)
            row = world.made(f"api {make.__qualname__} {name}", lambda: make(about))
            return {"code": about.code, "pk": row.pk}

        return found

    return {"args": args("own_product"), "foreign": args("foreign_product")}


def other_code(product: Product) -> ProductCode:
    return ProductCode.objects.create(product=product, source="ledger", code=product.code)


def unit(product: Product) -> UnitFactor:
    return UnitFactor.objects.create(product=product, unit="litre", factor=2)


def succession(product: Product) -> Succession:
    after = product_factory(line=product.line)
    return Succession.objects.create(predecessor=product, successor=after, start_date=MONTH)


def named(model: Any) -> Args:
    def args(world: World) -> dict[str, Any]:
        make = lambda: model.objects.create(code="API-SHARED", name="Shared")  # noqa: E731
        return {"code": world.made(f"api {model.__name__}", make).code}

    return args


def family(world: World) -> dict[str, Any]:
    return {"code": world.own_family.code}


def foreign_family(world: World) -> dict[str, Any]:
    return {"code": world.foreign_family.code}


def budget(world: World) -> dict[str, Any]:
    make = lambda: BudgetVersion.objects.create(code="api-budget", name="Budget", year=2027)  # noqa: E731
    return {"code": world.made("api budget", make).code}


def units(_world: World) -> dict[str, Any]:
    return {"code": "units"}


def new_product(world: World) -> dict[str, Any]:
    return {"code": "API-NEW", "name": "New", "line": world.own_line.code}


def new_family(world: World) -> dict[str, Any]:
    return {"code": "API-NEW", "name": "New", "line": world.own_line.code}


def new_line(world: World) -> dict[str, Any]:
    return {"code": "api-new", "name": "New", "parent": world.own_line.code}


def a_layout(world: World) -> dict[str, Any]:
    make = lambda: Layout.objects.create(sheet="sales", signature="api", name="API")  # noqa: E731
    return {"pk": world.made("api layout", make).pk}


def an_import(world: World) -> dict[str, Any]:
    """One of somebody else's; people with limits do not see it."""
    make = lambda: Import.objects.create(  # noqa: E731
        sheet="sales", source="api", file_name=f"{MARK}.csv", file_size=1, created_by=world.somebody
    )
    return {"pk": world.made("api import", make).pk}


def run(world: World) -> dict[str, Any]:
    make = lambda: NightlyRun.objects.create(  # noqa: E731
        kind="manual", key="api", local_date=MONTH, as_of=MONTH, started_at=timezone.now()
    )
    return {"pk": world.made("api run", make).pk}


def _computed(world: World, product: Product) -> dict[str, Any]:
    return {
        "product": product,
        "measure": Measure.objects.get(code="units"),
        "as_of": MONTH,
        "computed_at": timezone.now(),
    }


def _forecast(world: World, product: Product) -> dict[str, Any]:
    make = lambda: Forecast.objects.create(**_computed(world, product), method="mean")  # noqa: E731
    return {"pk": world.made(f"api forecast {product.pk}", make).pk}


def _stage(world: World, product: Product) -> dict[str, Any]:
    make = lambda: StageEstimate.objects.create(**_computed(world, product), stage="growth")  # noqa: E731
    return {"pk": world.made(f"api stage {product.pk}", make).pk}


def forecast(world: World) -> dict[str, Any]:
    return _forecast(world, world.own_product)


def foreign_forecast(world: World) -> dict[str, Any]:
    return _forecast(world, world.foreign_product)


def stage(world: World) -> dict[str, Any]:
    return _stage(world, world.own_product)


def foreign_stage(world: World) -> dict[str, Any]:
    return _stage(world, world.foreign_product)


def _total(world: World, product: Product) -> dict[str, Any]:
    fields = {"as_of": MONTH, "products": 1, "history": [], "computed_at": timezone.now()}
    fields["months"] = [[str(month_add(MONTH, 1)), 10.0, 8.0, 12.0, 7.0, 13.0]]
    make = lambda: TotalForecast.objects.create(  # noqa: E731
        line=product.line, run_id=run(world)["pk"], **fields
    )
    return {"pk": world.made(f"api total {product.pk}", make).pk}


def _accuracy(world: World, product: Product) -> dict[str, Any]:
    return {"pk": accuracy_of(world, product).pk}


def accuracy(world: World) -> dict[str, Any]:
    return _accuracy(world, world.own_product)


def foreign_accuracy(world: World) -> dict[str, Any]:
    return _accuracy(world, world.foreign_product)


def total(world: World) -> dict[str, Any]:
    return _total(world, world.own_product)


def foreign_total(world: World) -> dict[str, Any]:
    return _total(world, world.foreign_product)


def _launch(world: World, product: Product) -> dict[str, Any]:
    make = lambda: LaunchPlan.objects.create(  # noqa: E731
        product=product,
        measure=Measure.objects.get(code="units"),
        method="bass",
        launch_month=MONTH,
        set_by=world.somebody,
    )
    return {"pk": world.made(f"api launch {product.pk}", make).pk}


def launch(world: World) -> dict[str, Any]:
    return _launch(world, world.own_product)


def foreign_launch(world: World) -> dict[str, Any]:
    return _launch(world, world.foreign_product)


def agreed(world: World) -> dict[str, Any]:
    return {"product": world.own_product.code, "months": [{"month": "2026-12", "value": "90"}]}


def expected(world: World) -> dict[str, Any]:
    return agreed(world) | {"party": "sales"}


def new_launch(world: World) -> dict[str, Any]:
    bass = {"method": "bass", "p": 0.03, "q": 0.4, "market": 1000}
    return {"product": world.own_product.code, "launch_month": "2026-12", **bass}


def new_calendar(world: World) -> dict[str, Any]:
    return {"calendar": "trading_days", "line": world.own_product.line.code}


CHANGED = {"version": 1, "name": "Changed"}
ENDED = {"version": 1, "ended": "2030-01-01"}
NIGHT, IMPORT = "forecasting.view", "exchange.import"
# Forecasts are made over all channels, and an import is of all: limits hide them as a whole.
HIDDEN = frozenset({200, 202, 400, 404, 409})


OF_PRODUCT: dict[str, Any] = {"get": VIEW, "post": EDIT, "args": product, "foreign": foreign_product}


def rule(name: str, **options: Any) -> Rule:
    return Rule(f"api:{name}", api=True, **options)


RULES = [
    rule("product-list", get=VIEW, post=EDIT, data=new_product, query={"search": "own"}),
    rule("product-detail", get=VIEW, patch=EDIT, args=product, foreign=foreign_product, data=CHANGED),
    rule("product-end", post=EDIT, args=product, foreign=foreign_product, data=ENDED),
    rule("product-reopen", post=EDIT, args=product, foreign=foreign_product, data={"version": 1}),
    rule("product-code-list", data={"source": "GTIN", "code": "8710"}, **OF_PRODUCT),
    rule("product-code-detail", delete=EDIT, **around(other_code)),
    rule("product-unit-list", data={"unit": "kg", "factor": "1.5"}, **OF_PRODUCT),
    rule("product-unit-detail", delete=EDIT, **around(unit)),
    rule(
        "product-family-list",
        data=lambda world: {"family": world.own_family.code, "start_date": "2026-01-01"},
        **OF_PRODUCT,
    ),
    rule("product-part-list", **OF_PRODUCT),
    rule("product-succession-list", **OF_PRODUCT),
    rule("product-succession-detail", delete=EDIT, **around(succession)),
    *(
        entry
        for what, model in (("supplier", Supplier), ("segment", Segment))
        for entry in (
            rule(f"{what}-list", get=VIEW, post=STRUCTURE, data={"code": "NEW-1", "name": "New"}, whole=True),
            rule(
                f"{what}-detail",
                get=VIEW,
                patch=STRUCTURE,
                delete=STRUCTURE,
                args=named(model),
                data=CHANGED,
                whole=True,
            ),
        )
    ),
    rule("line-list", get=VIEW, post=STRUCTURE, data=new_line),
    rule(
        "line-detail",
        get=VIEW,
        patch=STRUCTURE,
        delete=STRUCTURE,
        args=line,
        foreign=foreign_line,
        data=CHANGED,
    ),
    rule("channel-list", get=VIEW, post=STRUCTURE, data={"code": "API-NEW", "name": "New"}, whole=True),
    rule(
        "channel-detail",
        get=VIEW,
        patch=STRUCTURE,
        delete=STRUCTURE,
        args=channel,
        foreign=foreign_channel,
        data=CHANGED,
        whole=True,
    ),
    rule("family-list", get=VIEW, post=STRUCTURE, data=new_family),
    rule(
        "family-detail",
        get=VIEW,
        patch=STRUCTURE,
        delete=STRUCTURE,
        args=family,
        foreign=foreign_family,
        data=CHANGED,
    ),
    rule("measure-list", get=VIEW),
    rule("measure-detail", get=VIEW, args=units),
    rule("sales-month-list", get=VIEW),
    rule("sales-fact-list", get=VIEW),
    rule(
        "budget-list",
        get=VIEW,
        post=BUDGET,
        data={"code": "api-new", "name": "New", "year": 2027},
        whole=True,
    ),
    rule(
        "budget-detail",
        get=VIEW,
        patch=BUDGET,
        delete=BUDGET,
        args=budget,
        whole=True,
        data={"name": "Plan"},
    ),
    rule("budget-freeze", post=BUDGET, args=budget, whole=True),
    rule("budget-rows", get=VIEW, post=BUDGET, args=budget, data={"rows": []}),
    rule("layout-list", get=IMPORT),
    rule(
        "layout-detail",
        get=IMPORT,
        patch=IMPORT,
        delete=IMPORT,
        args=a_layout,
        data={"name": "Other", "version": 1},
    ),
    rule("import-list", get=IMPORT, post=IMPORT),
    rule("import-detail", get=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-creations", get=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-answer", post=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-discard", post=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-apply", post=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-stop", post=IMPORT, args=an_import, foreign=an_import, ok=HIDDEN),
    rule("import-undo", post="exchange.undo", args=an_import, foreign=an_import, ok=HIDDEN),
    rule("forecast-list", get=NIGHT),
    rule("channel-forecast-list", get=NIGHT),
    rule("forecast-detail", get=NIGHT, args=forecast, foreign=foreign_forecast, ok=HIDDEN),
    rule("forecast-weeks", get=NIGHT, args=forecast, foreign=foreign_forecast, ok=HIDDEN),
    rule("stage-list", get=NIGHT),
    rule("stage-detail", get=NIGHT, args=stage, foreign=foreign_stage, ok=HIDDEN),
    rule("accuracy-list", get=NIGHT),
    rule("accuracy-detail", get=NIGHT, args=accuracy, foreign=foreign_accuracy, ok=HIDDEN),
    rule("accuracy-summary", get=NIGHT, args=accuracy_there),
    rule("finding-list", get=NIGHT, post="forecasting.edit"),
    rule("finding-detail", get=NIGHT, args=a_finding, foreign=a_foreign_finding, ok=HIDDEN),
    rule(
        "finding-judge",
        post="forecasting.edit",
        args=a_finding,
        foreign=a_foreign_finding,
        data={"state": "confirmed"},
        ok=HIDDEN,
    ),
    rule("override-list", get=NIGHT, post="forecasting.override"),
    rule("override-detail", get=NIGHT, args=an_override, foreign=a_foreign_override, ok=HIDDEN),
    rule(
        "override-renew",
        post="forecasting.override",
        args=an_override,
        foreign=a_foreign_override,
        all_channels=True,
    ),
    rule("agreed-month-list", get=NIGHT, post="forecasting.agree", data=agreed, ok=HIDDEN),
    rule("consensus-input-list", get=NIGHT, post="forecasting.contribute", data=expected, ok=HIDDEN),
    rule(
        "override-withdraw",
        post="forecasting.override",
        args=an_override,
        foreign=a_foreign_override,
        all_channels=True,
    ),
    rule("total-list", get=NIGHT),
    rule("total-detail", get=NIGHT, args=total, foreign=foreign_total, ok=HIDDEN),
    rule("launch-plan-list", get=NIGHT, post="forecasting.edit", data=new_launch, ok=HIDDEN | {201}),
    rule(
        "launch-plan-detail",
        get=NIGHT,
        delete="forecasting.edit",
        args=launch,
        foreign=foreign_launch,
        ok=HIDDEN | {204},
    ),
    rule("driver-list", get=NIGHT, post="forecasting.edit", data=new_calendar, ok=HIDDEN | {201}),
    rule(
        "driver-detail",
        get=NIGHT,
        patch="forecasting.edit",
        args=a_driver,
        foreign=a_foreign_driver,
        data={"name": "Folder"},
    ),
    rule("run-list", get=NIGHT, post="forecasting.run"),
    rule("run-detail", get=NIGHT, args=run),
]
