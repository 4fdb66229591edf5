"""Volumes of different products are added in one unit or not at all."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from products.models import Measure, ProductFigures, ProductMonth, UnitFactor
from products.selectors.lines import LineTree
from products.selectors.product_list import list_queryset, list_rows, list_totals, query_read
from products.selectors.sales import products_total
from tests.factories import line_factory, measure_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
MONTH = datetime.date(2026, 1, 1)
UNITS = ("carton", "bottle", "litre")
products = st.lists(
    st.tuples(
        st.sampled_from(UNITS),
        st.one_of(st.none(), st.decimals("0.1", 24, places=2)),
        st.decimals(-99, 9999, places=2),
        st.decimals(0, 9999, places=2),
    ),
    min_size=1,
    max_size=4,
)


def total(
    rows: list[tuple[str, Decimal | None, Decimal, Decimal]], measure: Measure, reporting: str
) -> tuple[Any, ...]:
    line = line_factory(reporting_unit=reporting)
    made = []
    for unit, factor, volume, revenue in rows:
        product = product_factory(line=line, unit=unit)
        made.append(product)
        if factor is not None:
            UnitFactor.objects.create(product=product, unit="litre", factor=factor)
        ProductMonth.objects.create(
            product=product, measure=measure, month=MONTH, volume=volume, revenue=revenue, days=31
        )
    group = products_total(user_factory(), made, measure, line.pk, MONTH, MONTH)
    return group.addable, group.unit, group.months[0].volume, group.months[0].revenue


relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(rows=products, reporting=st.sampled_from(["", "litre"]))
def test_unlike_units_are_never_added(
    rows: list[tuple[str, Decimal | None, Decimal, Decimal]], reporting: str
) -> None:
    addable, unit, volume, revenue = total(rows, Measure.objects.get(code="units"), reporting)
    assert revenue == sum(row[3] for row in rows)
    units = {row[0] for row in rows}
    if len(units) == 1:
        assert (addable, unit, volume) == (True, units.pop(), sum(row[2] for row in rows))
        return
    factors = [Decimal(1) if row[0] == "litre" else row[1] for row in rows]
    if reporting and None not in factors:
        expected = sum(row[2] * factor for row, factor in zip(rows, factors, strict=True) if factor)
        assert (addable, unit, volume) == (True, "litre", expected)
    else:
        assert (addable, volume) == (False, None)


@relaxed
@given(rows=products)
def test_other_measures_have_one_unit_for_all(
    rows: list[tuple[str, Decimal | None, Decimal, Decimal]],
) -> None:
    addable, _unit, volume, _revenue = total(rows, measure_factory(), "")
    assert addable
    assert volume == sum(row[2] for row in rows)


@relaxed
@given(rows=products, reporting=st.sampled_from(["", "litre"]), own_units=st.booleans())
def test_the_list_adds_volumes_by_the_same_rule_as_every_other_total(
    rows: list[tuple[str, Decimal | None, Decimal, Decimal]], reporting: str, own_units: bool
) -> None:
    """Energy is not multiplied by what one contract is in pieces; cartons add without a reporting unit."""
    ProductFigures.objects.all().delete()
    measure = Measure.objects.get(code="units") if own_units else measure_factory()
    addable, unit, volume, _revenue = total(rows, measure, reporting)
    made = list(ProductMonth.objects.filter(measure=measure).order_by("-pk")[: len(rows)])
    for month in made:
        ProductFigures.objects.create(
            product_id=month.product_id,
            measure=measure,
            volume_12m=month.volume,
            data_month=MONTH,
            forecast_12m=float(month.volume or 0),
        )
    user, tree = user_factory(), LineTree()
    query = query_read(user, QueryDict(f"cols=volume_12m&line={made[0].product.line.code}"))
    sums = list_totals(user, query, tree)
    assert sums.values.get("volume_12m") == (volume if addable else None)
    assert sums.volume_unit == (unit if addable else "")
    if addable:
        assert sums.values["forecast_volume"] == pytest.approx(float(volume), abs=1e-6)
    for row in list_rows(user, list_queryset(user, query, tree), tree, query):
        assert row.figures.unit == (row.product.unit if own_units else measure.unit)


def test_a_product_without_a_unit_is_counted_in_that_of_its_line_or_the_measure() -> None:
    units = Measure.objects.get(code="units")
    for line, unit in ((line_factory(unit="crate"), "crate"), (line_factory(), units.unit)):
        product = product_factory(line=line)
        ProductFigures.objects.create(product=product, measure=units, volume_12m=40, data_month=MONTH)
        user, tree = user_factory(), LineTree()
        query = query_read(user, QueryDict(f"cols=volume_12m&line={line.code}"))
        (row,) = list_rows(user, list_queryset(user, query, tree), tree, query)
        assert row.figures.unit == unit == list_totals(user, query, tree).volume_unit
