"""Which months a report is about."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core import organisation
from core.models import Organisation
from core.months import parse_month
from products.selectors.report_period import ReportPeriod


def month(text: str) -> datetime.date:
    return parse_month(text)


def text(span: Any) -> str:
    return "" if span is None else " ".join(f"{each:%Y-%m}" for each in span)


@pytest.fixture(autouse=True)
def april(monkeypatch: pytest.MonkeyPatch) -> None:
    """A financial year that starts in April."""

    monkeypatch.setattr(organisation, "organisation_get", lambda: Organisation(financial_year_first_month=4))


RANGE = {"first": month("2025-02"), "last": month("2025-05")}


@pytest.mark.parametrize(
    ("said", "as_of", "span"),
    [
        ({"kind": "months", "months": 3}, "2026-01", "2025-11 2026-01"),
        ({"kind": "ytd"}, "2026-03", "2025-04 2026-03"),
        ({"kind": "ytd"}, "2026-04", "2026-04 2026-04"),
        ({"kind": "quarter"}, "2026-05", "2026-01 2026-03"),
        ({"kind": "quarter"}, "2026-06", "2026-04 2026-06"),
        ({"kind": "year"}, "2026-02", "2024-04 2025-03"),
        ({"kind": "year"}, "2026-03", "2025-04 2026-03"),
        ({"kind": "calendar_year"}, "2026-11", "2025-01 2025-12"),
        ({"kind": "calendar_year"}, "2026-12", "2026-01 2026-12"),
        ({"kind": "range", **RANGE}, "2026-01", "2025-02 2025-05"),
        ({"kind": "range", **RANGE}, "2025-03", "2025-02 2025-03"),
        ({"kind": "range", **RANGE}, "2025-01", ""),
    ],
)
def test_as_of_a_month(said: dict[str, Any], as_of: str, span: str) -> None:
    assert text(ReportPeriod(**said).of(month(as_of))) == span


@pytest.mark.parametrize(
    ("months", "years"),
    [
        (6, ["2025-08 2026-01"]),
        (12, ["2025-02 2026-01"]),
        (30, ["2024-02 2025-01", "2025-02 2026-01"]),
        (36, ["2023-02 2024-01", "2024-02 2025-01", "2025-02 2026-01"]),
    ],
)
def test_a_longer_one_is_compared_year_by_year(months: int, years: list[str]) -> None:
    period = ReportPeriod(months=months)
    assert [text(span) for span in period.years(month("2026-01"))] == years
    assert text(period.year(month("2026-01"))) == years[-1]


def test_what_has_dates_is_open_at_the_end_where_the_period_runs_to_now() -> None:
    day = datetime.date(2026, 2, 14)
    assert ReportPeriod(months=2).days(day) == (month("2025-12"), None)
    assert ReportPeriod("range", **RANGE).days(day) == (month("2025-02"), datetime.date(2025, 5, 31))
    assert ReportPeriod("range", **RANGE).days(datetime.date(2025, 1, 9)) is None
