"""What is sent as the text of an array is read as what it was."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from core.arrays import array_text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", "null", 'a"b', "a\\b", "{a,b}", " x ", "é\n\t", "'; --", "%s", None]),
        ("numeric", [Decimal("0.10"), Decimal("-1E+3"), Decimal("1e-9"), None]),
        ("date", [datetime.date(2026, 11, 1), None]),
        ("bigint", [1, -(2**62), None]),
        ("text", []),
    ],
)
def test_the_database_reads_what_was_said(kind: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [array_text(values)])
        assert cursor.fetchone()[0] == values
