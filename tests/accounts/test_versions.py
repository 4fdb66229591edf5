"""What a row may not be is said before the database refuses it, whatever else is wrong with it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import DomainError
from accounts.versions import check
from products.models import Product
from tests.factories import product_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
ENDS_FIRST = {"launched": datetime.date(2026, 2, 1), "ended": datetime.date(2026, 1, 1)}


def refused(row: Product, **values: Any) -> tuple[str, str]:
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(DomainError) as found:
        check(row)
    return str(found.value), found.value.field


def test_each_rule_alone_and_the_first_of_two() -> None:
    floor = ("This is not possible here: margin floor.", "floor_rate")
    ends = ("This does not go together: launched, ended.", "")
    assert refused(product_factory(), floor_rate=Decimal(2)) == floor
    assert refused(product_factory(), **ENDS_FIRST) == ends
    assert refused(product_factory(), floor_rate=Decimal(2), **ENDS_FIRST) == ends
    assert refused(product_factory(), name="", **ENDS_FIRST)[1] == "name"


def test_what_has_to_be_unique() -> None:
    taken, row = product_factory(), product_factory()
    assert refused(row, code=taken.code.lower()) == ("There is already one with the same: code.", "code")


def test_all_checks_are_one_question() -> None:
    row = product_factory()
    with CaptureQueriesContext(connection) as asked:
        check(row)
    assert sum('"_check"' in query["sql"] for query in asked) == 1
