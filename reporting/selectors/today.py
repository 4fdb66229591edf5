"""What Today shows: the night in a sentence, what needs the person, and their portfolio in figures.

Some dozen statements, whatever the number of products: figures are added up by the database from the rows
that the night keeps per product.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    DurationField,
    F,
    FloatField,
    Max,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Abs, Cast, NullIf

from accounts.selectors.people import stands_for
from collaboration.selectors.alerts import (
    alerts_mine,
    alerts_visible,
    later_now,
    of_others,
    open_now,
    waiting_for,
)
from core.months import month_add, month_start
from core.organisation import today, year_start
from forecasting.models import NightlyRun
from forecasting.models.stage import Stage
from forecasting.selectors.forecasts import product_correlation_now
from forecasting.selectors.totals import total_of
from forecasting.totals import USUAL_PRODUCT_CORRELATION, summed_half
from products.models import Product, ProductLine, ProductMonth
from products.selectors.access import forecasts_allowed, lines_visible, products_visible, visible_channel_ids
from products.selectors.lines import line_tree
from products.selectors.months import is_long_before
from products.selectors.product_filter import owner_filter
from products.selectors.reviews import review_due

from .full_year import full_year_amount, full_year_behind

MOVERS = 7
A_MONTH = RawSQL("interval '1 month'", [], output_field=DurationField())
# Less of the revenue than this with a whole year before it: growth would only say that data begin there.
COMPARABLE_SHARE = 0.5


Ends = Mapping[int, datetime.date | None]


@dataclass(frozen=True)
class Scope:
    """Which products the page is about, from ``?show=mine|all`` or ``?line=<code>``; ``whole``: the lines
    that have all their products among them; ``ends``: by line of these products the last month that its sales
    are whole of, ``None`` where all of it ended by then; ``loaded``: the same of what ended too."""

    show: str
    line: ProductLine | None
    lines: list[ProductLine]
    owns: bool
    products: QuerySet[Product]
    whole: set[int]
    ends: Ends
    loaded: Ends

    @property
    def line_ids(self) -> set[int] | None:
        return None if self.line is None else line_tree().descendants(self.line.pk)


def scope_read(user: Any, asked: Mapping[str, str]) -> Scope:
    """What was asked for; without a word one's own products, where there are any. Two or three statements."""
    lines = list(lines_visible(user))
    line = next((row for row in lines if row.code == asked.get("line")), None)
    products = products_visible(user)
    people = stands_for(user, today())
    tree = line_tree()
    mine = reduce(or_, (owner_filter(tree, person) for person in people))
    counts = _lines_with(products, mine)
    own = {row.line for row in counts if row.own}
    others = {row.line for row in counts if row.own < row.every}
    owns = bool(own) and user.has_perm("collaboration.alerts")
    show = asked.get("show", "")

    def ends(among: Collection[int] | None = None) -> tuple[Ends, Ends]:
        rows = [row for row in counts if among is None or row.line in among]
        return {row.line: row.end for row in rows}, {row.line: row.loaded for row in rows}

    if line is not None:
        below = tree.descendants(line.pk)
        return Scope("line", line, lines, owns, products.filter(line__in=below), below, *ends(below))
    if show == "mine" or (show != "all" and owns):
        whole = {row.pk for row in lines if (under := tree.descendants(row.pk)) & own and not under & others}
        return Scope("mine", None, lines, owns, products.filter(mine), whole, *ends(own))
    return Scope("all", None, lines, owns, products, {row.pk for row in lines}, *ends())


class _Line(NamedTuple):
    """How many products it has, how many of them are the person's, the last month with data, and that of
    those that did not end with theirs."""

    line: int
    every: int
    own: int
    loaded: datetime.date | None
    end: datetime.date | None


def _lines_with(products: QuerySet[Product], mine: Q) -> list[_Line]:
    # Of what ended in a month that is not whole yet more may come, for two months.
    waited = month_add(month_start(today()), -2)
    goes_on = Q(ended=None) | Q(ended__gte=F("figures__data_month") + A_MONTH) & Q(ended__gte=waited)
    last = Max("figures__data_month")
    counts = products.order_by().values_list("line_id")
    rows = counts.annotate(
        every=Count("pk"),
        own=Count("pk", filter=mine),
        loaded=last,
        end=Max("figures__data_month", filter=goes_on),
    )
    return [_Line(*row) for row in rows]


@dataclass(frozen=True)
class StageCount:
    """How many products are in a stage, their share of revenue, and how many more than a month ago; ``None``
    where no stage of a month ago is known."""

    stage: str
    count: int
    revenue_share: float | None
    change: int | None


@dataclass(frozen=True)
class Grown:
    """Revenue of some months, and its change on the same months a year before."""

    amount: float | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Portfolio:
    """The products of the scope added up; ``None`` is not known or not theirs to see. Amounts of revenue.

    ``month`` is of ``data_month``, ``ytd`` of the financial year up to it, ``full_year`` of all of it with
    what is expected: of the products with data of that month, and year. ``reviews`` is how many are due for
    one. ``revenue`` counts what has ended since, ``on_sale`` and ``stages`` do not. ``wape`` is of the last
    three final months, weighed by money. ``budget_rate`` is of the ``budgeted`` products alone that have a
    budget of the financial year ``year``; ``unbudgeted`` are those on sale that have none.
    """

    products: int
    on_sale: int
    reviews: int
    forecasts: int
    data_month: datetime.date | None
    revenue: float | None
    revenue_rate: float | None
    forecast: float | None
    forecast_band: tuple[float, float] | None
    forecast_rate: float | None
    wape: float | None
    wape_before: float | None
    year: int | None
    budgeted: int
    unbudgeted: int
    budget_rate: float | None
    month: Grown
    ytd: Grown
    full_year: Grown
    stages: list[StageCount]


def portfolio(user: Any, scope: Scope) -> Portfolio:
    """One statement. Who is limited to channels sees no figures over all channels."""
    rows = _added(scope.products)
    limited, forecasts = visible_channel_ids(user) is not None, forecasts_allowed(user)

    def total(name: str, only: Any = None) -> float | None:
        known = [row[name] for row in rows if row[name] is not None and (only is None or only(row))]
        return float(sum(known)) if known else None

    on_sale = [row for row in rows if not row["over"]]
    last = max((row["data_month"] for row in rows if row["data_month"]), default=None)

    def is_recent(row: dict[str, Any]) -> bool:
        return bool(last and row["data_month"] and not is_long_before(row["data_month"], last))

    revenue = None if limited else total("revenue", is_recent)

    def grown(name: str, of: Any) -> Grown:
        if limited or last is None:
            return Grown()
        now, before, comparable = (total(f"{name}{end}", of) for end in ("", "_before", "_comparable"))
        return Grown(now, _growth(now, before, comparable))

    def is_ahead(row: dict[str, Any]) -> bool:
        """Whether its next 12 months are those of the newest data, and not of years ago."""
        as_of = row["figures__forecast_as_of"]
        return bool(as_of and (last is None or not is_long_before(as_of, last)))

    def is_this_year(row: dict[str, Any]) -> bool:
        return bool(last and row["data_month"] and year_start(row["data_month"]) == year_start(last))

    return Portfolio(
        products=sum(row["count"] for row in rows),
        on_sale=sum(row["count"] for row in on_sale),
        reviews=sum(row["reviews"] for row in rows),
        forecasts=sum(row["forecasts"] for row in rows),
        data_month=last,
        revenue=revenue,
        revenue_rate=None
        if limited
        else _growth(revenue, total("before", is_recent), total("comparable", is_recent)),
        forecast=total("forecast", lambda row: not row["over"] and is_ahead(row)) if forecasts else None,
        forecast_band=_band([row for row in on_sale if is_ahead(row)]) if forecasts else None,
        forecast_rate=_rate(total("amount", is_ahead), total("amount_before", is_ahead))
        if forecasts
        else None,
        wape=_share(total("error"), total("sold")) if forecasts else None,
        wape_before=_share(total("error_before"), total("sold_before")) if forecasts else None,
        year=max((row["year"] for row in rows if row["year"]), default=None) if forecasts else None,
        budgeted=sum(row["budgeted"] for row in rows) if forecasts else 0,
        unbudgeted=sum(row["count"] - row["budgeted"] for row in on_sale),
        budget_rate=_rate(total("year_amount"), total("year_budget")) if forecasts else None,
        month=grown("month", lambda row: row["data_month"] == last),
        ytd=grown("ytd", is_this_year),
        # Not while forecasts are still of other data than the sales, nor before the first of them.
        full_year=grown("full_year", is_this_year)
        if forecasts
        and not any(row["full_year_behind"] for row in rows)
        and (not on_sale or any(row["forecasts"] for row in on_sale))
        else Grown(),
        stages=_stages(on_sale) if forecasts else [],
    )


def _added(products: QuerySet[Product]) -> list[dict[str, Any]]:
    """The sums by stage and stage of a month ago, apart for what is no longer sold."""
    # The forecast as it stands now, where last month's is known of the same months.
    both = Q(figures__forecast_12m_amount__isnull=False, news__amount_before__isnull=False) & Q(
        news__as_of=F("figures__forecast_as_of")
    )
    # Half a product's band in money: its own part of its forecast.
    volume, money = F("figures__forecast_12m"), F("figures__forecast_12m_amount")
    below = money * (volume - F("figures__forecast_12m_lo80")) / NullIf(volume, Value(0.0))
    above = money * (F("figures__forecast_12m_hi80") - volume) / NullIf(volume, Value(0.0))
    year = full_year_amount()
    whole = Q(figures__months_ytd_before__gte=F("figures__months_ytd"))
    over = Case(When(ended__lt=today(), then=Value(True)), default=Value(False), output_field=BooleanField())
    added: QuerySet[Any, Any] = (
        products.order_by()
        .annotate(over=over, correlation=product_correlation_now())
        .values(
            *("over", "correlation", "figures__stage", "news__stage_before"),
            *("figures__data_month", "figures__forecast_as_of"),
        )
        .annotate(
            count=Count("pk"),
            reviews=Count("pk", filter=review_due(line_tree(), today())),
            forecasts=Count("figures__forecast_as_of"),
            data_month=Max("figures__data_month", output_field=DateField()),
            month=Sum("figures__revenue_month"),
            month_before=Sum("figures__revenue_month_before"),
            month_comparable=Sum(
                "figures__revenue_month", filter=Q(figures__revenue_month_before__isnull=False)
            ),
            ytd=Sum("figures__revenue_ytd"),
            ytd_before=Sum("figures__revenue_ytd_before"),
            ytd_comparable=Sum("figures__revenue_ytd", filter=whole),
            full_year=Sum(year),
            full_year_before=Sum("figures__revenue_year_before"),
            full_year_behind=Count("pk", filter=full_year_behind()),
            full_year_comparable=Sum(year, filter=Q(figures__months_year_before=12)),
            revenue=Sum("figures__revenue_12m"),
            before=Sum("figures__revenue_12m_before"),
            comparable=Sum("figures__revenue_12m", filter=Q(figures__growth_rate__isnull=False)),
            forecast=Sum("figures__forecast_12m_amount"),
            below=Sum(below),
            below_squares=Sum(below * below),
            above=Sum(above),
            above_squares=Sum(above * above),
            amount=Sum("figures__forecast_12m_amount", filter=both),
            amount_before=Sum("news__amount_before", filter=both),
            error=Sum("news__error_amount"),
            sold=Sum("news__sold_amount"),
            error_before=Sum("news__error_amount_before"),
            sold_before=Sum("news__sold_amount_before"),
            year=Max("news__year"),
            year_amount=Sum("news__year_amount"),
            budgeted=Count("news__year_amount"),
            year_budget=Sum("news__year_budget_amount"),
        )
    )
    return list(added)


def _band(rows: list[dict[str, Any]]) -> tuple[float, float] | None:
    """The 80 % band of the products' forecasts together, which is no sum of bands; ``None`` without one."""
    known = [row for row in rows if row["forecast"] is not None and row["below"] is not None]
    if not known:
        return None
    said = known[0]["correlation"]
    correlation = USUAL_PRODUCT_CORRELATION if said is None else float(said)
    total = sum(float(row["forecast"]) for row in known)
    below, above = (
        summed_half(
            sum(float(row[side]) for row in known),
            sum(float(row[f"{side}_squares"]) for row in known),
            correlation=correlation,
        )
        for side in ("below", "above")
    )
    return max(total - below, 0.0), total + above


@dataclass(frozen=True)
class Course:
    """Months of revenue for a sparkline, and what is expected with its band where that is known."""

    past: list[float | None]
    means: list[float]
    lows: list[float]
    highs: list[float]


def course(user: Any, scope: Scope) -> Course | None:
    """The revenue of the last three years, a month each; of a line, or of everything, also the year ahead.
    One statement. Who is limited to channels sees none."""
    if visible_channel_ids(user) is not None:
        return None
    if scope.show != "mine":
        found = total_of(user, scope.line.pk if scope.line else None)
        return None if found is None else Course(found.past, found.means, found.lows, found.highs)
    rows = ProductMonth.objects.filter(
        product_id__in=scope.products.values("pk"), measure_id=F("product__figures__measure_id")
    )
    sums = dict(rows.order_by().values_list("month").annotate(Sum("revenue")).order_by("-month")[:36])
    if not sums:
        return None
    last = max(sums)
    months = [sums.get(month_add(last, step)) for step in range(-35, 1)]
    return Course([None if month is None else float(month) for month in months], [], [], [])


def _stages(rows: list[dict[str, Any]]) -> list[StageCount]:
    revenue = sum(float(row["revenue"] or 0) for row in rows if row["figures__stage"])
    if not any(row["figures__stage"] for row in rows):
        return []
    compared = any(row["news__stage_before"] for row in rows)
    found = []
    for stage in Stage.values:
        now = [row for row in rows if row["figures__stage"] == stage]
        before = sum(row["count"] for row in rows if row["news__stage_before"] == stage)
        count = sum(row["count"] for row in now)
        sold = sum(float(row["revenue"] or 0) for row in now)
        share = sold / revenue if revenue > 0 else None
        found.append(StageCount(stage, count, share, count - before if compared else None))
    return found


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole or whole <= 0 else part / whole


def _rate(now: float | None, before: float | None) -> float | None:
    share = _share(now, before)
    return None if share is None else share - 1


def _growth(now: float | None, before: float | None, comparable: float | None) -> float | None:
    if not now or comparable is None or comparable < COMPARABLE_SHARE * now:
        return None
    return _rate(now, before)


def movers(user: Any, scope: Scope) -> list[Product]:
    """The products whose forecast moved most money against last month's, with ``figures`` and ``news``."""
    if not forecasts_allowed(user):
        return []
    rows = scope.products.filter(news__amount__isnull=False, news__amount_before__isnull=False)
    move = Abs(Cast(F("news__amount") - F("news__amount_before"), FloatField()))
    largest = (
        rows.filter(Q(ended=None) | Q(ended__gte=today()))
        .exclude(news__amount=F("news__amount_before"))
        .order_by(move.desc(), "pk")
        .values("pk")[:MOVERS]
    )
    found = Product.objects.filter(pk__in=largest).select_related("figures", "news")
    return list(found.order_by(move.desc(), "pk"))


@dataclass(frozen=True)
class AlertCounts:
    """How many alerts wait, how many of them are of the last night, by kind too, and how many come later.
    What the person asks of others is not new to them. ``waiting``: how many of the last night's are the
    person's to deal with, by kind."""

    open: int
    new: int
    later: int
    new_by_kind: dict[str, int]
    waiting: dict[str, int]


def alerts_of_scope(user: Any, scope: Scope) -> QuerySet[Any]:
    """What is the person's to deal with; for who has no products, what goes on in the portfolio."""
    rows = alerts_mine(user) if scope.owns else alerts_visible(user)
    lines = scope.line_ids
    if lines is not None:
        rows = rows.filter(Q(product__line__in=lines) | Q(product=None, line__in=lines))
    return rows


def alert_counts(user: Any, rows: QuerySet[Any], night: NightlyRun | None) -> AlertCounts:
    """One statement."""
    new = open_now() & Q(raised_date=night.local_date if night else datetime.date.min) & of_others(user)
    found = (
        rows.order_by()
        .values("kind")
        .annotate(
            open=Count("pk", filter=open_now()),
            new=Count("pk", filter=new),
            later=Count("pk", filter=later_now()),
            waiting=Count("pk", filter=new & waiting_for(user)),
        )
    )
    counts = list(found)
    return AlertCounts(
        open=sum(row["open"] for row in counts),
        new=sum(row["new"] for row in counts),
        later=sum(row["later"] for row in counts),
        new_by_kind={row["kind"]: row["new"] for row in counts if row["new"]},
        waiting={row["kind"]: row["waiting"] for row in counts if row["waiting"]},
    )
