"""Found the demo company: people, structure, sales, budgets and its first nights.

Everything goes through the same services and imports that people use.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pghistory
from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from collaboration.services.actions import action_create
from collaboration.services.comments import comment_add
from collaboration.services.follows import follow_set
from core.models import Organisation
from core.months import month_add, month_start
from core.organisation import organisation_forget, today
from forecasting.models import Finding, NightlyRun
from forecasting.services.drivers import driver_calendar_use
from forecasting.services.findings import findings_decide
from forecasting.services.launches import launch_plan_set
from forecasting.services.night import night_start
from forecasting.services.night_work import run_wait
from forecasting.services.stages import stage_set
from products.models import BudgetVersion, Measure, Product, ProductLine
from products.selectors.lines import LineTree
from products.services.budget import budget_create, budget_freeze
from products.services.budget_cells import Cell, budget_cells_set
from products.services.closing import month_close

from .catalogue import FRESH, items
from .costs import correction_create, cost_budget_file, cost_file, dearer_create
from .files import DemoError, file_in
from .fresh import fresh_file, fresh_rows, leaflet_file
from .judgement import JUDGED_THEN, judged_then, judgement_create
from .ledger import late_file, ledger_file, ledger_mapped
from .offer import positionings_create
from .people import people_create
from .place import distribution_file, place_create
from .prices import decisions_create, price_file, prices_create, proposals_create, what_if_keep
from .promotions import promotions_create
from .reports import reports_create
from .sales import budget_file, sales_file, sales_rows
from .structure import products_create, structure_create
from .terms import terms_create
from .weather import temperature_file

SEED = 20261101
# Some products have the forecasts of a year more, so that their accuracy shows.
VINTAGES, EVERY, SHOWN = 12, 6, {"HVM-210", "GSV-012", *JUDGED_THEN}
Tell = Callable[[str], None]


def demo_load(*, until: datetime.date | None, nights: int, tell: Tell) -> None:
    """Found the company with sales up to ``until`` (default: last month), then run that many nights, as of
    the months before and up to it.

    Refused where there are products already: a demo never mixes with somebody's own data.
    """
    if Product.objects.exists():
        raise DemoError("There are products here already; the demo company needs an empty database.")
    last = month_start(until) if until else month_add(month_start(today()), -1)
    with transaction.atomic():
        tell("people, lines and products")
        people = people_create()
        _organisation()
        structure_create(people)
        products_create(people["Anna"], last)
        tell("five years of sales and three budgets")
        _sales(people["Anna"], last)
        _prices(people, last)
        promotions_create(people, last)
        _ledger(people, last)
        _place(people, last)
        _launch(people["Yara"], last)
        _stage_by_hand(people["Sanne"])
        _talk(people)
        positionings_create(people)
    if nights:
        tell("what was forecast of the year before")
        _vintages(people, month_add(last, -nights))
    for ago in range(nights - 1, -1, -1):
        month = month_add(last, -ago)
        tell(f"forecasts and stages as of {month:%Y-%m}")
        run_wait(run=night_start(kind=NightlyRun.Kind.MANUAL, as_of=month), tell=lambda _run: None)
        if ago == nights - 1:
            _judge(people)
            judgement_create(people)  # before the last night, so that it counts with them
            what_if_keep(people)
    if nights:
        reports_create(people)
    tell("months closed")
    _close(people["Emma"], month_add(last, -1))


def _judge(people: dict[str, User]) -> None:
    """One unusual month is explained, one was right; the others wait for whoever looks."""
    for who, code, kind, state, note in (
        ("Yara", "ROG-800", Finding.Kind.STOCK_OUT, Finding.State.CONFIRMED, "Oven van de bakker stond stil"),
        ("Thomas", "CVO-100", Finding.Kind.SPIKE, Finding.State.REFUSED, "Contract met een woningcorporatie"),
    ):
        found = Finding.objects.filter(product__code=code, kind=kind)
        findings_decide(user=people[who], findings=found, state=state, note=note)


def _stage_by_hand(sanne: User) -> None:
    """One stage that the figures do not confirm."""
    stage_set(
        user=sanne,
        product=Product.objects.get(code="TOM-070"),
        stage="maturity",
        reason="Nieuwe fles en meer schappen: de daling is voorbij",
        until=today() + datetime.timedelta(days=90),
    )


def _vintages(people: dict[str, User], last: datetime.date) -> None:
    """The forecasts of some products as of the months up to ``last``, and what people said of them, as if
    made then."""
    older = Product.objects.filter(launched__lt=month_add(last, -VINTAGES - 12), temporary=False)
    known = list(older.order_by("code").values_list("code", "pk"))
    some = [pk for place, (code, pk) in enumerate(known) if place % EVERY == 0 or code in SHOWN]
    for ago in range(VINTAGES - 1, -1, -1):
        as_of = month_add(last, -ago)
        run = night_start(kind=NightlyRun.Kind.MANUAL, as_of=as_of, scope=some, only=["forecast"])
        run_wait(run=run, tell=lambda _run: None)
        judged_then(people, as_of, ago)


def _organisation() -> None:
    Organisation.objects.filter(pk=1).update(
        name="Landzicht", alert_min_amount=25_000, show_everyones_accuracy=True
    )
    organisation_forget()


def _sales(anna: User, last: datetime.date) -> None:
    rows = list(sales_rows((item for item in items() if item.line != FRESH), last, SEED))
    fresh = list(fresh_rows((item for item in items() if item.line == FRESH), last, SEED))
    file_in("sales", "verkopen.csv", partial(sales_file, rows))
    file_in("sales", "vers.csv", partial(fresh_file, fresh, last), period="D")
    temperature = partial(temperature_file, last)
    file_in("drivers", "temperatuur.csv", temperature, kind="series", create_missing=True)
    begun = min(row[3] for row in fresh)
    leaflets = partial(leaflet_file, begun, last)
    file_in("drivers", "folder.csv", leaflets, kind="event", create_missing=True)
    driver_calendar_use(user=anna, calendar="easter", line=ProductLine.objects.get(code=FRESH))
    running = month_add(last, 1).year
    for year in (running - 1, running):
        code = f"budget-{year}"
        version = budget_create(user=anna, code=code, name=f"Budget {year}", year=year)
        write = partial(budget_file, [*rows, *fresh], year, code, seed=SEED)
        file_in("budget", f"{code}.csv", write)
        _line_budget(anna, version)
        budget_freeze(user=anna, version=version)
    _draft_budget(anna, version)


def _line_budget(anna: User, version: BudgetVersion) -> None:
    """Care is planned as a whole: 3 % above what its products add up to, in full hundreds."""
    line = ProductLine.objects.get(code="care")
    measure = Measure.objects.get(code="treatments")
    rows = version.rows.filter(product__line=line, measure=measure, revenue__isnull=False)
    sums = rows.order_by().values_list("month").annotate(Sum("revenue"))
    whole: dict[Cell, Decimal | None] = {
        Cell(line, None, measure, month, "revenue"): round(revenue * Decimal("1.03"), -2)
        for month, revenue in sums
    }
    with pghistory.context(user=anna.pk):
        budget_cells_set(user=anna, version=version, values=whole)


def _draft_budget(anna: User, version: BudgetVersion) -> None:
    """Next year starts as a copy of this one's budget; one product is planned a tenth higher already."""
    year = version.year + 1
    draft = budget_create(
        user=anna, code=f"budget-{year}", name=f"Concept {year}", year=year, copy_of=version
    )
    rows = draft.rows.filter(product__code="SAP-100", revenue__isnull=False)
    higher: dict[Cell, Decimal | None] = {
        Cell(row.product, row.channel, row.measure, row.month, "revenue"): round(
            row.revenue * Decimal("1.1"), 0
        )
        for row in rows.select_related("product", "channel", "measure")
        if row.product is not None and row.revenue is not None
    }
    with pghistory.context(user=anna.pk):
        budget_cells_set(user=anna, version=draft, values=higher)


def _prices(people: dict[str, User], last: datetime.date) -> None:
    prices_create(people)
    file_in("prices", "prijzen.csv", partial(price_file, last))
    file_in("costs", "kosten.csv", partial(cost_file, last))
    decisions_create(people, last)
    proposals_create(people)
    terms_create(people, last)


def _ledger(people: dict[str, User], last: datetime.date) -> None:
    ledger_mapped(people["Emma"], last)
    file_in("cost_actuals", "grootboek.csv", partial(ledger_file, last))
    file_in("budget", "kostenbudget.csv", partial(cost_budget_file, last))
    dearer_create(people["Emma"])
    correction_create(people["Emma"])


@transaction.atomic
def _close(emma: User, month: datetime.date) -> None:
    """The month before the last is closed, with all before it; an invoice of it comes late."""
    month_close(user=emma, month=month, note="Besproken met de accountant")
    why = "Keuringsfactuur kwam na het afsluiten"
    file_in("cost_actuals", "late-factuur.csv", partial(late_file, month), correction=why)


def _place(people: dict[str, User], last: datetime.date) -> None:
    place_create(people, last)
    file_in("distribution", "distributie.csv", partial(distribution_file, last))


def _launch(yara: User, last: datetime.date) -> None:
    """A young product that borrows: from a yoghurt and a ginger shot, which began as slowly."""
    known = {product.code: product for product in Product.objects.all()}
    new = known["KIK-400"]
    launch_plan_set(
        user=yara,
        product=new,
        measure=LineTree().lead_measure(new.line_id),
        method="like_items",
        launch_month=new.launched or last,
        references=[(known["YOG-500"], Decimal(60)), (known["GMB-025"], Decimal(40))],
        scale=Decimal("1.2"),
        note="Zelfde schap en prijs; twee ketens beginnen later.",
    )


def _talk(people: dict[str, User]) -> None:
    """What people left for each other."""
    sanne, ruud, anna = people["Sanne"], people["Ruud"], people["Anna"]
    known = {product.code: product for product in Product.objects.all()}
    day = today()
    for title, owner, days, code in (
        ("Bevestig leverplan met Haverhof", sanne, 0, "HVM-210"),
        ("Nieuwe dop testen, 200 pakken", people["Leila"], 7, "HVM-210"),
        ("Kies opvolger of einddatum", sanne, 7, "SOY-100"),
        ("Reageer op tariefverlaging van concurrenten", people["Thomas"], -1, "GSV-012"),
    ):
        action_create(
            user=anna,
            title=title,
            owner=owner,
            due_date=day + datetime.timedelta(days=days),
            target=known[code],
        )
    for code in ("HVM-210", "GSV-012", "APV-100", "KRS-500", "KIK-400"):
        follow_set(user=sanne, product=known[code], on=True)
    comment_add(
        user=ruud,
        target=known["HVM-210"],
        text="Twee ketens nemen de Barista vanaf januari op. Sanne, zie je dat al?",
        mention_ids=[sanne.pk],
    )
