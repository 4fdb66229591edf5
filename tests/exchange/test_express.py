"""The quick way reads what the careful way reads, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from exchange import staging
from exchange.reading.express import express_for
from exchange.reading.plan import Plan, file_open, plan_make
from exchange.sheets import Field

pytestmark = pytest.mark.django_db

PLAIN = "note,month,code,day,units,revenue,place\n" + "".join(
    f"x {number},2026-{number % 12 + 1:02},A{number},2026-02-{number % 28 + 1:02},{number},-{number}.25,"
    "Zuid Holland\n"
    for number in range(50)
)


class _Sheet:
    key = "fake"
    fields = (
        Field("code", "code", "", True),
        Field("place", "text", ""),
        Field("month", "month", ""),
        Field("day", "date", ""),
        Field("units", "number", ""),
        Field("revenue", "amount", ""),
    )
    one_of = ()
    options = ()
    wide_field = "month"


def plan_of(path: Path) -> Plan:
    sheet = _Sheet()
    reading = file_open(path, {}, [sheet])
    return plan_make(reading, sheet, mapping={}, options={}, remembered={}, ask_options=False, user=None)


def loaded(plan: Plan) -> tuple[list[Any], list[Any], int]:
    """Everything in staging and refused, and the rows read."""
    with transaction.atomic(), connection.cursor() as cursor:
        found = staging.staging_load(cursor, plan)
        cursor.execute("SELECT line, code, place, month, day, units, revenue FROM staging ORDER BY line")
        rows = cursor.fetchall()
        cursor.execute('SELECT line, "column", value, code FROM refused ORDER BY line, "column"')
        return rows, cursor.fetchall(), found.rows


def quick_rows(plan: Plan) -> int:
    express = express_for(plan)
    if express is None:
        return 0
    for _ in express.texts():
        pass
    return express.rows


def test_a_plain_file_goes_the_quick_way_to_its_end(csv_file: Any) -> None:
    assert quick_rows(plan_of(csv_file(PLAIN))) == 50
    assert quick_rows(plan_of(csv_file(PLAIN.replace("\n", "\r\n"), "utf-8-sig"))) == 50
    assert quick_rows(plan_of(csv_file(PLAIN.replace("Holland", "Hollandé"), "cp1252"))) == 50


ROWS = [
    'n,2026-01,"A",2026-01-31,1,2,x',
    "n,2026-01, A ,2026-01-31,1,2,x",
    "n,2026-01,A\u00a0,2026-01-31,1,2,x",
    "n,2026-01,A,2026-01-31,1,2",
    "n,2026-01,A,2026-01-31,1,2,x,y",
    "n,2026-01,,2026-01-31,1,2,x",
    "n,2026-01,A,2026-02-30,1,2,x",
    "n,2026-01,A,2026-02-29,1,2,x",
    "n,2024-01,A,2024-02-29,1,2,x",
    "n,2026-01,A,31-01-2026,1,2,x",
    "n,jan 2026,A,2026-01-31,1,2,x",
    "n,2026-01-01,A,2026-01-31,1,2,x",
    "n,2026-01-15,A,2026-01-31,1,2,x",
    "n,2026-13,A,2026-01-31,1,2,x",
    "n,1026-01,A,2026-01-31,1,2,x",
    'n,2026-01,A,2026-01-31,"1,234.5",2,x',
    "n,2026-01,A,2026-01-31,NaN,2,x",
    "n,2026-01,A,2026-01-31,1e400,2,x",
    "n,2026-01,A,2026-01-31,1_0,2,x",
    "n,2026-01,A,2026-01-31,+1,2,x",
    "n,2026-01,A,2026-01-31,.5,2,x",
    "n,2026-01,A,2026-01-31,5.,2,x",
    "n,2026-01,A,2026-01-31,١,2,x",
    "n,2026-01,A,2026-01-31,999999999999999,2,x",
    "n,2026-01,'=A,2026-01-31,1,2,x",
    "n,2026-01,=A,2026-01-31,1,2,x",
    "n,2026-01,\\N,2026-01-31,1,2,\\.",
    "n,2026-01,A\tB,2026-01-31,1,2,x",
    "n,2026-01," + "A" * 201 + ",2026-01-31,1,2,x",
    "n,2026-01," + "A" * 200 + ",2026-01-31,1,2,x",
    ",,,,,,",
    "",
    'n,2026-01,A,2026-01-31,1,2,"two\nlines"',
    "n,,A,,,,",
    "n,2026-01,A,2026-01-31,0.00005,-0.00005,a  b",
]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_both_ways_read_the_same(row: str, place: str, csv_file: Any, monkeypatch: Any) -> None:
    head, *plain = PLAIN.splitlines()
    rows = {"first": [row, *plain], "middle": [*plain[:20], row, *plain[20:]], "last": [*plain, row]}[place]
    monkeypatch.setattr("exchange.reading.express._BLOCK", 200)
    plan = plan_of(csv_file("\n".join([head, *rows])))
    plan.decimal, plan.date_order = ".", "dmy"
    quick = loaded(plan)
    monkeypatch.setattr(staging, "express_for", lambda plan: None)
    assert quick == loaded(plan)


def test_a_title_line_or_a_header_of_two_lines_is_no_row(csv_file: Any) -> None:
    text = 'code,"pla\nce"\nA,x\nB,y\n'
    path = csv_file(text)
    sheet = type("Sheet", (_Sheet,), {"fields": _Sheet.fields[:2]})()
    reading = file_open(path, {}, [sheet])
    plan = plan_make(reading, sheet, mapping={}, options={}, remembered={}, ask_options=False, user=None)
    with transaction.atomic(), connection.cursor() as cursor:
        staging.staging_load(cursor, plan)
        cursor.execute("SELECT line, code FROM staging ORDER BY line")
        assert cursor.fetchall() == [(3, "A"), (4, "B")]
