"""A company whose every secret bears a mark, or differs between two companies: for what reports must not
tell.

By hand are marked the figures that only some may know (``Marked``). By themselves (``disguise``): each word
of each table that is not said to the outside gets a mark of its own, and in the second company each number
is another one. So a new field of a model has its canary the day it is made.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable, Collection
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone

from collaboration.services.actions import action_create
from collaboration.services.comments import comment_add
from core import formats
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from forecasting.models import (
    AccuracyRow,
    AccuracyWindow,
    Driver,
    DriverValue,
    Forecast,
    ForecastMonth,
    NightlyRun,
    Override,
    OverrideMonth,
    StageEstimate,
    StageSetting,
    TotalForecast,
)
from pricing.models import (
    CostKind,
    CostLeftOut,
    LedgerEntry,
    Listing,
    Positioning,
    PriceList,
    SegmentChannel,
    Term,
    TermStep,
)
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import (
    BudgetRow,
    BudgetVersion,
    Channel,
    Family,
    FamilyMember,
    Measure,
    Product,
    ProductFigures,
    ProductMonth,
    SalesMonth,
    Segment,
    Supplier,
)
from tests import factories
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured
from tests.pricing.test_costs import kind
from tests.pricing.test_decisions import begun, outcome
from tests.pricing.test_place import spread

COST, INSIDE, PERSON, OTHER, FOREIGN = "cost", "inside", "person", "other retailer", "other supplier"
CHARGED = "what another supplier charges"
DAY = datetime.timedelta(days=1)


class Marked:
    """Gives each thing its value in one company or the other, and remembers what it is searched by, and which
    field of reports (``registries.report_fields``) would tell it."""

    def __init__(self, changed: Collection[str]) -> None:
        self.changed, self.marks, self.fields = changed, dict[str, set[str]](), dict[str, set[str]]()

    def __call__(self, about: str, one: Any, two: Any, field: str = "") -> Any:
        said = two if about in self.changed else one
        self.mark(about, said, field)
        return said

    def mark(self, about: str, said: Any, field: str = "") -> None:
        self.marks.setdefault(about, set()).add(plain(str(said)))
        if field:
            self.fields.setdefault(field, set()).add(plain(str(said)))


def plain(text: str) -> str:
    """Without what stands between digits, in any language: a figure is found however it is written."""
    return re.sub(r"(?<=\d)[.,\s\u202f](?=\d)", "", text)


def sold(product: Product, months: Collection[datetime.date], by: dict[Channel, tuple[int, int]]) -> None:
    """Volume and revenue each month at each channel, and rolled up."""
    units = Measure.objects.get(code="units")
    of: dict[str, Any] = {"product": product, "measure": units, "days": 30}
    SalesMonth.objects.bulk_create(
        SalesMonth(**of, month=month, channel=channel, volume=volume, revenue=revenue)
        for month in months
        for channel, (volume, revenue) in by.items()
    )
    volume, revenue = (sum(pair[place] for pair in by.values()) for place in (0, 1))
    ProductMonth.objects.bulk_create(
        ProductMonth(**of, month=month, volume=volume, revenue=revenue) for month in months
    )


def company(changed: Collection[str] = (), *, charges: bool = True) -> SimpleNamespace:
    """A juice at two retailers, listed and measured at a third that never sold it, with costs, prices, plans,
    decisions and names; a second one of the same supplier, and a product of another one, beside it in its
    line and family. ``charges``: the other supplier has the costs of the juice, else its own."""
    factories._numbers = itertools.count(5000)
    told = Marked(changed)
    units, last = Measure.objects.get(code="units"), month_add(month_start(today()), -1)
    own = Supplier.objects.create(code="OWN", name="Own supplier")
    other = Supplier.objects.create(code="SECRET", name=told(FOREIGN, "Fournisseur Gris", "Lieferant Blau"))
    north = channel_factory(code="north", name="Noord", kind="account")
    south = channel_factory(code="south", name=told(OTHER, "Zuidwinkel", "Oostwinkel"), kind="account")
    idle = channel_factory(code="idle", name=told(OTHER, "Leegstand", "Rommelmarkt"), kind="account")
    juice = product_factory(code="JUICE", name="Orange juice", supplier=own)
    apple = product_factory(code="APPLE", name="Apple juice", line=juice.line, supplier=own)
    foreign = product_factory(
        code=told(FOREIGN, "GRIS1", "BLAU1"),
        name=told(FOREIGN, "Sekretprodukt", "Geheimsaft"),
        line=juice.line,
        supplier=other,
    )
    volume, revenue = told(OTHER, 70077, 60066), told(OTHER, 880088, 770077)
    months = [month_add(last, -back) for back in range(-1, 24)]
    sold(juice, months, {north: (1001, 5003), south: (volume, revenue)})
    apples, earned = told(OTHER, 51515, 42424), told(OTHER, 616161, 525252)
    sold(apple, months, {north: (2002, 7007), south: (apples, earned)})
    others = told(FOREIGN, 4444401, 3333301)
    sold(foreign, months, {north: (others, 99)})
    told.mark(FOREIGN, 12 * (1001 + 2002 + others))
    for figure in (volume, revenue, volume + 1001, revenue + 5003):
        told.mark(OTHER, 12 * figure)
    for figure in (volume + apples, revenue + earned, revenue + earned + 5003 + 7007):
        told.mark(OTHER, 12 * figure)

    cost = told(COST, D("1.2345"), D("2.3471"))
    for of, figure in (
        ("costs", 12 * (volume + 1001) * cost),
        ("margin", 12 * (revenue + 5003) - 12 * (volume + 1001) * cost),
    ):
        told.mark(COST, round(figure), of)
        told.mark(COST, int(figure), of)  # as a sheet has it, before its decimals
        told.mark(CHARGED, int(figure))
    told.mark(COST, round(12 * 1001 * cost))
    told.mark(COST, round(12 * (revenue + earned + 5003 + 7007) - 12 * (volume + 1001) * cost), "margin")
    by = other if charges else own
    line = cost_line_factory(
        product=juice, supplier=by, cost_centre=told(COST, "KST-4711", "KST-0815", "cost_report")
    )
    for figure in (cost, line.cost_centre):
        told.mark(CHARGED, figure)
    cost_rate_factory(cost_line=line, start_date=month_add(last, -30), amount=cost)

    quality = CostKind.objects.get(code="quality")
    amount, centre = told(COST, D("5432.19"), D("6543.28")), told(COST, "KST-4712", "KST-0816")
    told.mark(COST, amount, "cost_report")
    said = {"date": last, "month": last, "currency": "EUR", "amount": amount, "booked": amount}
    name = told(COST, "Rework of batch 77", "Scrap of batch 88")
    LedgerEntry.objects.create(
        **said, number="1", account="7000", text=name, cost_centre=centre, product=juice
    )
    booked = BookedCost(juice.pk, last, quality.pk, None, None, centre, amount)
    for source in ("actual", "budget"):
        cost_months_book(source=source, months=[last], rows=[booked])
    amount = told(COST, D("4321.09"), D("8765.43"), "margin")
    told.mark(COST, amount, "cost_report")
    told.mark(CHARGED, amount)
    booked = BookedCost(juice.pk, last, kind("purchase").pk, None, by.pk, line.cost_centre, amount)
    cost_months_book(source="standard", months=[last], rows=[booked])

    centre = told(COST, "KST-4713", "KST-0817")
    CostLeftOut.objects.create(
        product=juice, month=last, cost_line=line, kind=quality, supplier=by, cost_centre=centre
    )

    author = user_factory(
        "product-manager",
        name=told(PERSON, "Ottoline Quarrel", "Wilhelmina Fret", "author"),
        email=told(PERSON, "quarrel@canary.example", "fret@canary.example"),
    )
    colleague = user_factory(
        "marketing",
        name=told(PERSON, "Isidore Vane", "Leopold Crumb", "people"),
        email=told(PERSON, "vane@canary.example", "crumb@canary.example"),
    )
    forecast = Forecast.objects.create(
        product=juice, measure=units, method="mean", as_of=last, data_month=last, computed_at=timezone.now()
    )
    mean = told(OTHER, 61617, 52527)  # over all retailers
    expect(forecast, mean)
    version = BudgetVersion.objects.create(code="b", name="Budget", year=last.year)
    planned = told(INSIDE, 424243, 313137, "budget")
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=juice,
            measure=units,
            month=datetime.date(last.year, month, 1),
            volume=planned,
            revenue=planned * 3,
        )
        for month in range(1, 13)
    )
    StageSetting.objects.create(
        product=juice,
        stage=told(INSIDE, "growth", "decline", "stage"),
        start_date=last,
        until=today() + 90 * DAY,
        reason=told(INSIDE, "Listings at discounters", "Shelf lost to own label", "stage"),
        set_by=author,
    )
    ahead = {"product": juice, "measure": units}
    StageEstimate.objects.create(
        product=juice,
        measure=units,
        as_of=last,
        computed_at=timezone.now(),
        stage="maturity",
        p_maturity=0.6143,
        p_growth=0.2,
        p_decline=0.1,
        stage_start=month_add(last, -9),
        months_to_next=7.0,
        evidence_code="level_steady",
        evidence_params={"months": told(INSIDE, 88087, 77076)},
        second_opinion="growth",
    )
    override = Override.objects.create(
        **ahead,
        first_month=month_add(last, 1),
        last_month=month_add(last, 1),
        operation="percent",
        value=D("0.2"),
        reason="listing",
        note=told(INSIDE, "Verbal promise of the buyer", "Rumour at the fair", "override"),
        author=colleague,
        until=today() + 90 * DAY,
    )
    OverrideMonth.objects.create(
        **ahead, override=override, month=override.first_month, value=D("0.2"), baseline=mean
    )
    Positioning.objects.create(
        product=juice,
        number=1,
        start_date=last,
        state="approved",
        target_group=told(INSIDE, "Night nurses", "Beekeepers", "positioning"),
        category="juice",
        benefit=told(INSIDE, "Wakes the dead", "Calms the bees", "positioning"),
        author=author,
        proposed_by=author,
        decided_by=user_factory(name=told(PERSON, "Balthazar Thrum", "Casimir Plinth")),
        decided_at="2026-01-01T00:00Z",
    )
    decision = begun(juice, last)
    decision.decision.why = told(INSIDE, "Because the board panics", "Because of the lawsuit", "decision")
    decision.decision.save()
    outcome(decision, told(INSIDE, -0.37, -0.23, "decision"))
    for place, amount in ((north, D("1.23")), (south, told(OTHER, D("3.1417"), D("2.7182")))):
        price_factory(
            product=juice, price_list=price_list_factory(channel=place), start_date=last, amount=amount
        )
    north_list = PriceList.objects.get(channel=north)
    ahead_amount = told(INSIDE, D("97531.24"), D("86420.13"), "prices")
    price_factory(product=juice, price_list=north_list, start_date=today() + 40 * DAY, amount=ahead_amount)
    rate = told(INSIDE, D("0.1379"), D("0.2468"))
    Term.objects.create(kind="invoice", channel=north, start_date=last, rate=rate, created_by=author)
    told.mark(INSIDE, round(D("1.23") * rate, 4), "pocket")
    scale = {"kind": "bonus", "basis": "revenue", "channel": north, "start_date": last, "created_by": author}
    TermStep.objects.create(
        term=Term.objects.create(**scale), from_amount=0, rate=told(INSIDE, D("0.0517"), D("0.0731"))
    )
    measured(juice, name=told(OTHER, "Stunt week", "Crazy days"), channels=[south])
    both = {"channels": [north, south], "planned_uplift_rate": told(OTHER, D("0.5719"), D("0.4813"))}
    measured(juice, name=told(OTHER, "Duel of giants", "Truce of giants"), **both)
    name = told(INSIDE, "Glut of August", "Fear of March", "promotion_plan")
    told.mark(INSIDE, name, "decision")
    measured(juice, name=name, channels=[north])
    spread(juice, north, last, weighted_rate=D("0.8"), points=55)
    spread(juice, south, last, weighted_rate=D("0.9"), points=told(OTHER, 5533177, 4422766))
    spread(juice, idle, last, weighted_rate=D("0.7"), points=told(OTHER, 6644288, 5533399))
    listed = told(INSIDE, datetime.date(2019, 3, 4), datetime.date(2018, 5, 6))
    told.mark(INSIDE, formats.day(listed), "listing")
    Listing.objects.create(product=juice, channel=north, start_date=listed, terms="Terms", fee="Fee")
    Listing.objects.create(product=juice, channel=idle, start_date=listed, terms="Terms", fee="Fee")
    family = Family.objects.create(code="FAM", name="Morning drinks", line=juice.line)
    for product in (juice, foreign):
        FamilyMember.objects.create(product=product, family=family, start_date=listed)
    expect(
        Forecast.objects.create(
            family=family,
            measure=units,
            method="mean",
            as_of=last,
            data_month=last,
            computed_at=timezone.now(),
        ),
        told(OTHER, 73737, 64646),
    )
    run = total_made(juice.line, units, last, told(OTHER, 83838, 75757))
    segment = Segment.objects.create(code="night", name="Night workers")
    Product.objects.filter(pk=juice.pk).update(segment=segment)
    SegmentChannel.objects.create(segment=segment, channel=north, start_date=listed, share_rate=D("0.31"))
    ProductFigures.objects.create(product=juice, measure=units, data_month=last, growth_rate=0.27)
    AccuracyWindow.objects.create(
        **ahead,
        lag=1,
        months=12,
        until=last,
        n=12,
        size=[100] * 3,
        net=[100] * 3,
        over=[1] * 3,
        amount=[1] * 3,
        before_off=[2] * 3,
        before_size=[100] * 3,
        off=[told(INSIDE, 7391.73, 6283.41)] * 3,
    )
    band = {"lo80": 90, "hi80": 110, "lo95": 80, "hi95": 120}
    vintage = {"vintage": forecast, "run": run, "lag": 1, "actual": 100, "naive": 90, **band}
    for back, said in ((1, told(INSIDE, 8491.73, 7283.41)), (0, told(INSIDE, 9571.46, 6374.92))):
        month = month_add(last, -back)
        AccuracyRow.objects.create(**ahead, **vintage, month=month, statistical=said, overridden=said)
    texts = ("7391.7%", "6283.4%"), ("73.9173", "62.8341"), ("8391.7%", "7183.4%")
    for text in (told(INSIDE, *pair) for pair in texts):
        told.mark(INSIDE, text, "accuracy")  # as people read it, and as a sheet has it
    driver = Driver.objects.create(
        code="rain", name="Rain at the coast", unit="mm", kind="series", step="month", product=juice
    )
    DriverValue.objects.bulk_create(
        DriverValue(driver=driver, date=month_add(last, -back), value=told(INSIDE, 55143, 44032))
        for back in range(6)
    )
    told.mark(INSIDE, told(INSIDE, 55143, 44032), "driver")
    working = {"id": driver.pk, "name": driver.name, "year": 0.1, "months": [0.1] * 18, "gain": 0.2}
    Forecast.objects.filter(pk=forecast.pk).update(
        driver_effects={"used": [working], "refused": [], "planned": []}
    )
    _said_elsewhere(author, colleague, juice)
    disguise(told)
    for row in (author, colleague, juice, north, own, family):
        row.refresh_from_db()
    return SimpleNamespace(
        author=author,
        colleague=colleague,
        juice=juice,
        north=north,
        own=own,
        family=family,
        marks=told.marks,
        fields=told.fields,
    )


def expect(forecast: Forecast, mean: int) -> None:
    """As much each of the 18 months ahead."""
    edges = {"lo80": mean - 1000, "hi80": mean + 1000, "lo95": mean - 2000, "hi95": mean + 2000}
    ForecastMonth.objects.bulk_create(
        ForecastMonth(forecast=forecast, month=month_add(forecast.as_of, n), mean=mean, median=mean, **edges)
        for n in range(1, 19)
    )


def total_made(line: Any, measure: Measure, last: datetime.date, mean: int) -> NightlyRun:
    """A night with its total of a line: ``mean`` a month."""
    run = NightlyRun.objects.create(
        kind="night", key="night", local_date=last, as_of=last, started_at=timezone.now()
    )
    edges = (mean, mean - 1000, mean + 1000, mean - 2000, mean + 2000)
    TotalForecast.objects.create(
        line=line,
        measure=measure,
        as_of=last,
        run=run,
        products=3,
        months=[[str(month_add(last, n)), *edges] for n in range(1, 19)],
        history=[],
        year=mean * 12,
        year_lo80=mean * 10,
        year_hi80=mean * 14,
        computed_at=timezone.now(),
    )
    return run


def _said_elsewhere(author: Any, colleague: Any, juice: Product) -> None:
    """What no section tells, about what reports are of."""
    comment_add(user=colleague, target=juice, text="Comment")
    action_create(user=author, title="Action", owner=colleague, due_date=today(), target=juice)
    said = {"sheet": "sales", "source": "page", "file_size": 1, "sha256": "0" * 64}
    Import.objects.create(file_name="name.csv", file="imports/name.csv", created_by=colleague, **said)


ROOMS = ("accounts", "exchange", "products", "collaboration", "forecasting", "pricing")
OPEN = {
    *("products.Product.name", "products.Product.code", "products.Product.unit"),
    *("products.Channel.name", "products.Supplier.name", "products.ProductLine.unit"),
    *("products.ProductLine.name", "products.Family.name"),
    *("products.Measure.name_en", "products.Measure.unit_en", "products.Measure.name_nl"),
    *("products.Measure.unit_nl",),
    # An account's own price and promotions are told to that account.
    *("pricing.Price.amount", "pricing.PromotionProduct.price"),
}
"""What can be told to the outside, of what a report is about."""
OPEN_TABLES = ("SalesMonth", "ProductMonth", "ForecastMonth", "TotalForecast", "DistributionMonth")
COSTS = (
    *(
        "CostLine",
        "CostRate",
        "CostCorrection",
        "CostShare",
        "CostBudget",
        "CostMonth",
        "CostKind",
        "LedgerEntry",
    ),
    *("CostLeftOut", "LedgerMapping", "Levy", "Bound", "RecommendedPrice", "Listing.fee"),
)
KEYS = ("accounts.User.time_zone", "collaboration.Alert.kind", "pricing.Price.tier")
"""Words that pmtool reads itself, as slugs are."""
WORDS, NUMBERS = (
    (models.CharField, models.TextField, models.FileField),
    (models.DecimalField, models.FloatField),
)
MARK = ("q%dz", "z%dq")
TELLS = {
    "accounts.User.name": "author",
    "collaboration.Decision.why": "decision",
    "forecasting.Driver.name": "driver",
    "forecasting.Override.note": "override",
    "forecasting.StageSetting.reason": "stage",
    "pricing.CostKind.name_en": "cost_report",
    "pricing.CostMonth.cost_centre": "cost_report",
    "pricing.PriceList.name_en": "prices",
    "pricing.Promotion.name": "promotion_plan",
    **{
        f"pricing.Positioning.{name}": "positioning"
        for name in ("target_group", "need", "benefit", "reasons", "alternative", "difference")
    },
}
"""The words of tables that a field of reports tells, where it is told."""


def tables() -> list[type[models.Model]]:
    """Of the rooms, with no histories of other tables."""
    found = (model for model in apps.get_models() if model._meta.app_label in ROOMS)
    return [model for model in found if not hasattr(model, "pgh_tracked_model")]


def about(model: type[models.Model], field: Any) -> str:
    """Who must not know it; nothing: everybody may."""
    name = model.__name__
    if f"{model._meta.label}.{field.name}" in OPEN or name in OPEN_TABLES or field.primary_key:
        return ""
    if model._meta.app_label == "accounts":
        return PERSON
    return COST if name in COSTS or f"{name}.{field.name}" in COSTS else INSIDE


def disguise(told: Marked, secret_of: Callable[[Any, Any], str] = about) -> None:
    """A mark in every word, and of what changes a tenth off every number; past what the database else holds
    of rows that are over."""
    number = itertools.count(10_000)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in tables():
            sets, marks = [], []
            for field in model._meta.concrete_fields:
                secret = secret_of(model, field)
                if secret and _is_word(field):
                    mark = MARK[secret in told.changed] % next(number)
                    room = (field.max_length or 4000) - len(mark)
                    sets.append(f'"{field.column}" = left("{field.column}", {room}) || \'{mark}\'')
                    marks.append((secret, mark, TELLS.get(f"{model._meta.label}.{field.name}", "")))
                elif secret in told.changed and (less := _less(field)):
                    sets.append(f'"{field.column}" = {less}')
            if sets:
                cursor.execute(f'UPDATE "{model._meta.db_table}" SET {", ".join(sets)}')
                for secret, mark, tells in marks if cursor.rowcount else ():
                    told.mark(secret, mark, tells)
        cursor.execute("SET LOCAL session_replication_role = origin")


def _is_word(field: Any) -> bool:
    """Whether people write it; what is short, chosen or read by pmtool itself is left as it is."""
    key = (
        field.choices
        or isinstance(field, models.SlugField)
        or f"{field.model._meta.label}.{field.name}" in KEYS
    )
    return isinstance(field, WORDS) and not key and (field.max_length or 4000) > 30


def _less(field: Any) -> str:
    """A tenth less than the number, or each number, in it."""
    if isinstance(field, NUMBERS):
        return f'"{field.column}" * 0.9'
    if isinstance(field, ArrayField) and isinstance(field.base_field, NUMBERS):
        each = f'ARRAY(SELECT each * 0.9 FROM unnest("{field.column}") AS each)'
        return f'CASE WHEN "{field.column}" IS NOT NULL THEN {each} END'
    return ""
