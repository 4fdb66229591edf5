"""Rows and expressions that are read in the same query as something else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef

from accounts.rows import from_row, row_of, sql_of
from products.models import Product, ProductLine
from tests.factories import line_factory, product_factory

pytestmark = pytest.mark.django_db


def test_a_row_read_beside_others_is_the_row():
    """To the digit; only the numbers in JSON are no decimals."""
    line = line_factory(name="Sap, «vers»", floor_rate=Decimal("0.1250"), alert_settings={"share": [0.1, 2]})
    product_factory(line=line)
    row = Product.objects.values_list(row_of(ProductLine, "line__"), flat=True).get()
    read, known = (vars(each) for each in (from_row(ProductLine, row), ProductLine.objects.get()))
    assert {**read, "_state": None} == {**known, "_state": None}
    assert type(read["alert_settings"]["share"][0]) is float


def test_an_expression_kept_as_sql_says_the_same_of_each_product():
    lines = ProductLine.objects.filter(pk=OuterRef("line"), code="juice").order_by("pk")
    expressions = {"at": Exists(lines), "rows": ArraySubquery(lines.values_list(row_of(ProductLine)))}
    for code in ("juice", "milk"):
        product_factory(line=line_factory(code=code))
    kept = {name: sql_of(Product, expression) for name, expression in expressions.items()}
    said, again = (Product.objects.order_by("pk").values("code", **each) for each in (expressions, kept))
    assert list(said) == list(again)
    assert [each["at"] for each in said] == [True, False]


def test_what_joins_another_table_is_not_kept_as_sql():
    with pytest.raises(ValueError, match="more than an expression"):
        sql_of(Product, F("line__code"))
