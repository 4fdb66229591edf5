"""The columns of the product list that compare revenue: month, year to date, last 12 months and the full year
expected, each against last year and budget.

As on a product's own page: an index needs as many months of last year, or of the budget, as there are of this
year, and of the full year all twelve. Who sees some channels only gets none of them: they are made over all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, FloatField, Func, Value, When
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from core.kept import kept_while_reading
from core.organisation import organisation_get

from .access import FORECASTS_RIGHT, visible_channel_ids
from .budget import versions_in_use
from .columns import ListColumn

# From the month of the data back to the first of its financial year.
_YEAR_STARTS = (
    "(asked.month - make_interval(months => mod(extract(month FROM asked.month)::int - %(starts)s + 12, 12)))"
)


class _Planned(Func):
    """The revenue planned of a product's months: (product, measure, last month of the data, how many months
    need a plan)."""

    template = (
        "(SELECT CASE WHEN count(DISTINCT b.month) >= asked.known THEN sum(b.revenue)::float8 END"
        " FROM (VALUES (%(expressions)s)) AS asked(product, measure, month, known)"
        " JOIN products_budgetrow b ON b.product_id = asked.product AND b.measure_id = asked.measure"
        " AND b.version_id = ANY(ARRAY[%(versions)s]::bigint[]) AND b.revenue IS NOT NULL"
        " AND b.month BETWEEN %(first)s AND %(last)s GROUP BY asked.known)"
    )
    output_field = FloatField()


@dataclass(frozen=True)
class _Span:
    """How a span is named, what came in, and in the year before; ``known`` months of the first count, and
    ``known_before`` of the other. ``first`` and ``last``: its months, in SQL."""

    key: str
    label: Any
    change_label: Any
    index_label: Any
    budget_label: Any
    now: Any
    before: str
    known: Any
    known_before: Any
    first: str
    last: str = "asked.month"


_YEAR = Case(
    # A forecast on other data would leave months out, or count them twice.
    When(
        figures__forecast_as_of=F("figures__data_month"),
        then=Coalesce(Cast("figures__revenue_ytd", FloatField()), Value(0.0))
        + F("figures__year_rest_amount"),
    ),
    output_field=FloatField(),
)
_TWELVE = Value(12)
SPANS = (
    _Span(
        "month",
        _("Revenue month"),
        _("Difference month"),
        _("Index month"),
        _("Budget index month"),
        F("figures__revenue_month"),
        "figures__revenue_month_before",
        Value(1),
        Value(1),
        "asked.month",
    ),
    _Span(
        "ytd",
        _("Revenue year to date"),
        _("Difference year to date"),
        _("Index year to date"),
        _("Budget index year to date"),
        F("figures__revenue_ytd"),
        "figures__revenue_ytd_before",
        F("figures__months_ytd"),
        F("figures__months_ytd_before"),
        _YEAR_STARTS,
    ),
    _Span(
        "12m",
        _("Revenue 12 months"),
        _("Difference 12 months"),
        _("Index 12 months"),
        _("Budget index 12 months"),
        F("figures__revenue_12m"),
        "figures__revenue_12m_before",
        F("figures__months_12m"),
        F("figures__months_12m_before"),
        "asked.month - interval '11 months'",
    ),
    _Span(
        "year",
        _("Full year expected"),
        _("Difference full year"),
        _("Index full year"),
        _("Budget index full year"),
        _YEAR,
        "figures__revenue_year_before",
        _TWELVE,
        F("figures__months_year_before"),
        _YEAR_STARTS,
        f"{_YEAR_STARTS} + interval '11 months'",
    ),
)


@kept_while_reading
def _versions() -> tuple[int, ...]:
    return tuple(version.pk for version in versions_in_use())


def _number(expression: Any) -> Any:
    return Cast(expression, FloatField())


def _before(span: _Span) -> Any:
    """The year before, where it is known as far as this one."""
    known = GreaterThanOrEqual(span.known_before, span.known)
    return Case(When(known, then=_number(span.before)), output_field=FloatField())


def _change(span: _Span) -> Any:
    return _number(span.now) - _before(span)


def _index(span: _Span, other: Any) -> Any:
    return Case(
        When(GreaterThan(other, 0.0), then=_number(span.now) * 100.0 / other), output_field=FloatField()
    )


def _planned(span: _Span) -> Any:
    asked = (F("pk"), F("figures__measure_id"), F("figures__data_month"), span.known)
    starts = organisation_get().financial_year_first_month
    versions = ",".join(map(str, _versions()))
    return _Planned(
        *asked, first=span.first % {"starts": starts}, last=span.last % {"starts": starts}, versions=versions
    )


def _column(span: _Span, key: str, label: Any, made: Callable[[_Span], Any], **kind: Any) -> ListColumn:
    def annotation(user: Any) -> Any:
        return Value(None, FloatField()) if visible_channel_ids(user) is not None else made(span)

    right = FORECASTS_RIGHT if span.key == "year" else ""
    return ListColumn(f"{key}_{span.key}", label, annotation, permission=right, shown=False, **kind)


def compared_columns() -> Iterator[ListColumn]:
    """Of each span its amount (of 12 months the list has it), the difference with last year, and the indexes
    against last year and budget."""
    for place, span in enumerate(SPANS):
        at = -100 + 10 * place
        if span.key != "12m":
            yield _column(span, "revenue", span.label, lambda of: _number(of.now), small="money", order=at)
        yield _column(span, "change", span.change_label, _change, small="money", order=at + 1)
        yield _column(
            span,
            "index",
            span.index_label,
            lambda of: _index(of, _before(of)),
            small=_("last year = 100"),
            order=at + 2,
            adds=False,
        )
        yield _column(
            span,
            "budget",
            span.budget_label,
            lambda of: _index(of, _planned(of)),
            small=_("budget = 100"),
            order=at + 3,
            adds=False,
        )
