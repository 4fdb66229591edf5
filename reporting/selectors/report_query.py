"""What a cost report is asked for: everything is in the address, and only what is known gets through."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median
from typing import Any

from django.db.models import Count
from django.http import QueryDict

from core.kept import kept_while_reading
from core.months import month_add, month_start, months_between, parse_month
from core.organisation import today, year_start
from pricing.models import CostMonth
from products.selectors.closed_names import Called, called
from products.selectors.closing import closed_until

Source = CostMonth.Source
PERIODS = ("month", "ytd", "year")
"""Those that costs are offered in columns of."""
SPANS = ("month", "quarter", "ytd", "year", "range")
"""All; ``range``: from the query's ``first`` on."""
MEASURES = ("actual", "standard", "budget", "last_year", "estimate", "difference", "index")
DIMENSIONS = ("line", "product", "kind", "channel", "supplier", "cost_centre", "month")
MARGIN_BY = ("line", "product", "family", "channel", "month")
ONE_BY = {
    "margin": MARGIN_BY,
    "units": ("product",),
    "bridge": ("product",),
    "variance": ("product", "kind", "supplier", "line", "month"),
    "trend": ("kind", "product", "line"),
}
"""What the rows of a layout can be of, the first unless told; costs: of any dimensions at once."""
TREND_MONTHS = 12
KNOWN_MONTHS = 24
"""Of which the bookings say how many a month has."""
FILTERS = ("line", "product", "family", "kind", "level", "channel", "supplier", "cost_centre")
OF_COSTS = frozenset({"kind", "supplier", "cost_centre"})
NOT_OF = {"margin": OF_COSTS | {"level"}, "units": OF_COSTS, "bridge": OF_COSTS}
"""The filters that a layout is without: net sales have none of these, so a margin is after all costs."""
NONE = "-"
"""The value of a filter: on no product, in no channel, of no supplier…"""
OF, AGAINST, SCALES = ("actual", "standard"), ("budget", "last_year", "standard"), ("", "k")
BRIDGED_FROM = ("last_year", "budget")
PAIRED_WITH = (*BRIDGED_FROM, "period")
"""``period``: any other, of the query's ``then``."""
VARIANCE_FROM = ("standard", "budget")
"""What actual costs are set beside: the standard of what was sold, or also that of the volume planned."""
PAIRED = ("bridge", "units")
"""Layouts that set a period beside last year's, the budget's or another one."""
COLUMNS = tuple(f"{period}-{measure}" for period in SPANS for measure in MEASURES)
# Actuals are what the ledger says and what is still to come of it.
SOURCES: dict[str, frozenset[str]] = {
    "actual": frozenset({Source.ACTUAL, Source.ACCRUAL}),
    "standard": frozenset({Source.STANDARD}),
    "budget": frozenset({Source.BUDGET}),
    "forecast": frozenset({Source.FORECAST}),
}


@dataclass(frozen=True)
class Span:
    """The bookings of some sources from month to month, both included; ``back``: so many months before those
    that they stand beside."""

    sources: frozenset[str]
    first: datetime.date
    last: datetime.date
    back: int = 0


@dataclass(frozen=True)
class ReportQuery:
    """``of``: what is compared, ``against`` what; ``by``: what a row is of; ``scale``: k for thousands;
    ``layout``: costs; the contribution margin of what ``by`` names first over ``period``, the bridge to it
    from what it is compared with, or a unit of each product in both; standard beside actual costs; costs a
    unit by month. ``first``: where a range begins;
    ``then`` and ``then_first``: the last month of the period compared with, and where that begins if it is a
    range. ``row``: the code of the one that is drawn, of a margin; else all. ``only``: of these products
    alone; ``suppliers``: of these alone, and of what is of none."""

    month: datetime.date
    columns: tuple[str, ...]
    by: tuple[str, ...]
    of: str
    against: str
    scale: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    layout: str = "costs"
    period: str = "ytd"
    first: datetime.date | None = None
    then: datetime.date | None = None
    then_first: datetime.date | None = None
    row: str = ""
    only: frozenset[int] | None = None
    suppliers: frozenset[int] | None = None

    @cached_property
    def called(self) -> Called:
        """What things are called in it: of a closed month, as they were when it was closed."""
        return called(self.month)

    @property
    def is_paired(self) -> bool:
        return self.layout in PAIRED

    @property
    def is_compared(self) -> bool:
        """Whether what it is compared with is in it."""
        if self.layout != "costs":
            return self.is_paired
        return any(code.split("-")[1] in ("difference", "index") for code in self.columns)

    def address(self, **changes: Any) -> str:
        return replace(self, **changes).encoded

    def month_only(self, month: str) -> ReportQuery:
        """Of one of its months, in the same measures."""
        measures = dict.fromkeys(code.split("-")[1] for code in self.columns)
        columns = tuple(f"month-{name}" for name in measures)
        day = parse_month(month)
        return replace(self, month=day, columns=columns, period="month")

    @property
    def longest(self) -> str:
        """The longest of the periods that its columns are of."""
        periods = sorted({code.split("-")[0] for code in self.columns})
        return max(periods, key=lambda period: months_between(*bounds(period, self.month, self.first)))

    def having(self, **filters: str) -> str:
        return self.address(filters={**self.filters, **filters})

    @property
    def encoded(self) -> str:
        query = QueryDict(mutable=True)
        query["month"] = f"{self.month:%Y-%m}"
        query["by"] = ",".join(self.by)
        query["of"] = self.of
        if self.layout != "costs":
            query["layout"], query["period"] = self.layout, self.period
            query.update({"against": self.against} if self.layout in (*PAIRED, "variance") else {})
        else:
            query["columns"], query["against"] = ",".join(self.columns), self.against
        for name in ("first", "then", "then_first"):
            month = getattr(self, name)
            query.update({name: f"{month:%Y-%m}"} if month else {})
        query.update({"scale": self.scale} if self.scale else {})
        query.update({"q": self.text} if self.text else {})
        query.update({"row": self.row} if self.row and self.layout == "margin" else {})
        query.update(filters_of(self.layout, self.filters))
        return query.urlencode()

    @property
    def booked_of(self) -> str:
        """Of which costs it is known until when."""
        return _booked_of(self.layout, self.of)

    @property
    def is_of_last_month(self) -> bool:
        return self.month == last_month(self.booked_of)

    @property
    def moving(self) -> str:
        """The address without its month, so always of the last one; a trend then begins a year before it."""
        query = QueryDict(self.encoded, mutable=True)
        del query["month"]
        if self.layout == "trend" and self.first == month_add(self.month, -TREND_MONTHS):
            del query["period"], query["first"]
        return query.urlencode()

    def span(self, period: str, sources: frozenset[str], back: int = 0) -> Span:
        """The period, of the financial year that the month is in, or so many months earlier."""
        begin, end = bounds(period, self.month, self.first)
        return Span(sources, month_add(begin, -back), month_add(end, -back), back)

    def spans(self, period: str, measure: str) -> tuple[Span, ...]:
        """What is added for a measure that is a sum of bookings."""
        base = SOURCES[self.of]
        if measure == "last_year":
            return (self.span(period, base, 12),)
        if measure == "estimate":
            whole, until = self.span(period, base), self.known_until
            passed = replace(whole, last=min(until, whole.last))
            rest = Span(SOURCES["forecast"], max(month_add(until, 1), whole.first), whole.last)
            return tuple(span for span in (passed, rest) if span.first <= span.last)
        if measure == "period":
            return (Span(base, *self.bounds_then(period)),)
        return (self.span(period, SOURCES[measure]),)

    def bounds_then(self, period: str) -> tuple[datetime.date, datetime.date]:
        """Of the period compared with: as long as this one, where a range does not begin elsewhere; the one
        before it unless told (year to date: of the year before)."""
        begin, end = bounds(period, self.month, self.first)
        then = self.then or (month_add(end, -12) if period == "ytd" else month_add(begin, -1))
        first = self.then_first or month_add(then, -months_between(begin, end))
        return bounds(period, then, first)

    @property
    def known_until(self) -> datetime.date:
        """The last known month; where there is none, that before the year."""
        return known_month(self.of) or month_add(year_start(self.month), -1)

    @property
    def last_booked(self) -> datetime.date | None:
        """The last known month, where what is looked at goes on after it: it then lacks costs."""
        if self.layout == "costs" and not any(map(self._is_booked, self.columns)):
            return None
        known = known_month(self.booked_of)
        end = self.sides[1].last if self.layout == "bridge" else self.month
        return known if known is not None and known < end else None

    def _is_booked(self, code: str) -> bool:
        """Whether a column is of what is booked until now."""
        period, measure = code.split("-")
        return measure == self.of or (measure in ("difference", "index") and self.compared(period) == self.of)

    def pair(self, period: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """What a difference or an index sets beside each other."""
        return self.spans(period, self.compared(period)), self.spans(period, self.against)

    def compared(self, period: str) -> str:
        """What a difference or an index is of: the latest estimate where the period has that as a column."""
        return "estimate" if f"{period}-estimate" in self.columns else self.of

    @cached_property
    def sides(self) -> tuple[Span, Span]:
        """The periods that a layout compares, what was first. A bridge from last year or the budget has of a
        period that is not over the months that passed, on both sides."""
        [then], [now] = self.spans(self.period, self.against), self.spans(self.period, self.of)
        if self.layout != "bridge" or self.against not in BRIDGED_FROM or now.last < month_start(today()):
            return then, now
        ahead = max(0, months_between(max(self.known_until, now.first), now.last))
        return (
            replace(then, last=month_add(then.last, -ahead)),
            replace(now, last=month_add(now.last, -ahead)),
        )


@kept_while_reading
def known_month(of: str) -> datetime.date | None:
    """The last month that is closed, or that passed with costs booked: with at least half as many rows as the
    months of a year before it (their median). What is booked ahead of the rest of its month, and accruals
    alone, make none known. One query."""
    until = month_start(today())
    rows = CostMonth.objects.filter(
        replaced_at=None,
        source__in=SOURCES[of] - {Source.ACCRUAL},
        month__gte=month_add(until, -KNOWN_MONTHS),
        month__lt=until,
    )
    known = closed_until()
    booked: list[int] = []
    for month, number in rows.order_by("month").values_list("month").annotate(Count("pk")):
        if not booked or number * 2 >= median(booked[-12:]):
            known = max(month, known or month)
        booked.append(number)
    return known


def last_month(of: str) -> datetime.date:
    """The month of an address that names none: the last known one, else that before the running one."""
    return known_month(of) or month_add(month_start(today()), -1)


def filters_of(layout: str, filters: Mapping[str, str]) -> dict[str, str]:
    """Without those that the layout has no field for."""
    return {name: value for name, value in filters.items() if name not in NOT_OF.get(layout, ())}


def bounds(
    period: str, month: datetime.date, first: datetime.date | None
) -> tuple[datetime.date, datetime.date]:
    """The first and the last month of a period; quarters are those of the financial year."""
    if period == "range":
        return min(first or month, month), month
    begin = year_start(month)
    quarter = month_add(begin, months_between(begin, month) // 3 * 3)
    return {
        "month": (month, month),
        "quarter": (quarter, month_add(quarter, 2)),
        "ytd": (begin, month),
        "year": (begin, month_add(begin, 11)),
    }[period]


def report_query(query: QueryDict, channels: Collection[int] | None = None) -> ReportQuery:
    """Read the address; what is unknown is left out. Without a word about it: actual costs where they are
    booked since the year began (for the bridge: the year before), else standard ones, of the last month they
    are known of, beside last year. A budget may come at any time: what an address leaves out must not follow
    from it, or reports of closed months would change. ``was``: of what and against what it was before
    somebody chose anew; columns that followed from that follow again. ``channels``: those that the person is
    limited to (``None``: sees all)."""
    asked_month, layout = _month_or_none(query.get("month", "")), query.get("layout", "")
    month = asked_month or month_add(month_start(today()), -1)
    one_by = ONE_BY.get(layout)
    of, against = query.get("of", ""), query.get("against", "")
    if against not in (PAIRED_WITH if layout in PAIRED else AGAINST):
        against = "last_year"
    dates = {name: _month_or_none(query.get(name, "")) for name in ("first", "then", "then_first")}
    if of not in OF:
        since = month_add(year_start(month), -12 if layout in PAIRED and against == "last_year" else 0)
        of = "actual" if _has_actual(min(filter(None, (since, *dates.values()))), channels) else "standard"
    month = asked_month or last_month(_booked_of(layout, of))
    if against == of:
        against = "last_year"
    if against != "period":
        dates |= {"then": None, "then_first": None}
    asked = [code for value in query.getlist("columns") for code in value.split(",")]
    columns = tuple(dict.fromkeys(code for code in asked if code in COLUMNS))
    was, _comma, was_against = query.get("was", "").partition(",")
    if columns == _usual_columns(was, was_against):
        columns = ()
    columns = columns or _usual_columns(of, against)
    if layout == "variance" and against != "budget":
        against = VARIANCE_FROM[0]
    by = _chosen(query.getlist("by"), one_by or DIMENSIONS)
    period = query.get("period", "")
    if layout == "trend" and period not in SPANS:  # from the same month of the year before
        period, dates["first"] = "range", dates["first"] or month_add(month, -TREND_MONTHS)
    return ReportQuery(
        month=month,
        columns=columns,
        by=(by or one_by)[:1] if one_by else (by or ("product", "kind")),
        of=of,
        against=against,
        scale="k" if query.get("scale") == "k" else "",
        filters=filters_of(layout, {name: _text(query.get(name, "")) for name in FILTERS if query.get(name)}),
        text=_text(query.get("q", "")),
        layout=layout if one_by else "costs",
        period=period if period in SPANS else "ytd",
        first=dates["first"],
        then=dates["then"],
        then_first=dates["then_first"],
        row=_text(query.get("row", "")) if layout == "margin" else "",
    )


def _booked_of(layout: str, of: str) -> str:
    """A price variance is of the actual costs, whatever the address has."""
    return "actual" if layout == "variance" else of


def _usual_columns(of: str, against: str) -> tuple[str, ...]:
    return f"month-{of}", f"ytd-{of}", f"ytd-{against}", "ytd-difference", "ytd-index"


def _has_actual(since: datetime.date, channels: Collection[int] | None) -> bool:
    """Whether actual costs are booked as early as this, of some channels: in any of these."""
    rows = CostMonth.objects.filter(replaced_at=None, source__in=SOURCES["actual"], month__lte=since)
    return (rows if channels is None else rows.filter(channel__in=channels)).exists()


def _chosen(values: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    asked = [part for value in values for part in value.split(",")]
    return tuple(dict.fromkeys(part for part in asked if part in set(known)))


def _text(value: str) -> str:
    return value.strip()[:200]


def _month_or_none(text: str) -> datetime.date | None:
    try:
        return parse_month(text)
    except ValueError:
        return None
