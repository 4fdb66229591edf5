"""The forecast tab and the API by the week."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from core import formats
from forecasting.models import Forecast
from forecasting.words.forecasts import reason_words
from tests.factories import channel_factory, line_factory, product_factory, user_factory

from .conftest import months_give, run_now
from .test_pages import text
from .test_weeks import of, weekly, weeks_give  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    user = user_factory("product-manager", language="en")
    client.force_login(user)
    return user


def tab(product, **query):
    return reverse("forecasting:product", args=[product.code], query=query)


def test_the_tab_by_the_week(client, manager, weekly):  # noqa: F811
    run_now()
    channel = channel_factory()
    weeks_give(
        weekly[0], first=datetime.date(2026, 11, 5), until=datetime.date(2026, 11, 11), channel=channel
    )
    shown = client.get(tab(weekly[0], step="weeks"), headers={"Accept-Language": "en"})
    words = text(shown)
    assert "What is expected week by week?" in words
    assert "What is expected in the next 26 weeks?" in words
    assert "What is expected month by month?" not in words
    rows = shown.context["weeks"].rows
    assert len(rows) == 26
    assert (rows[0].week.week, rows[0].before) == (
        datetime.date(2026, 10, 29),
        pytest.approx(shown.context["weeks"].sold[datetime.date(2025, 10, 30)]),
    )
    # The week of 29 October and the one that came in since are over; later ones are not there yet.
    assert [row.sold is not None for row in rows[:3]] == [True, True, False]
    assert "Sold since" in words
    assert formats.week(rows[3].week.week).replace(formats.NBSP, " ") in words
    assert [(step.label, step.active) for step in shown.context["chart"].steps] == [
        ("Months", False),
        ("Weeks", True),
    ]
    assert "weeks of data" in words
    assert "Made by the week" in words


def test_what_is_decided_is_said_beside_the_weeks_that_it_moves(client, manager, weekly):  # noqa: F811
    run_now()
    entry = {"key": "price", "year": -0.05, "params": {"moved": 1, "members": 2}, "weeks": [-0.3] * 26}
    effects = {"used": [], "refused": [], "planned": [entry]}
    Forecast.objects.filter(product=weekly[0]).update(driver_effects=effects)
    for step, by_week in (("weeks", True), ("", False)):
        shown = client.get(tab(weekly[0], step=step), headers={"Accept-Language": "en"}).content.decode()
        assert "−5.0%" in shown
        assert ("<small>moves it by</small>" in shown) is by_week
        assert shown.count("−0.3<") == (26 if by_week else 0)
        assert ('is in the <a href="?measure=units">months</a>, not in these weeks' in shown) is by_week


def test_the_tab_by_the_month_offers_weeks_only_where_there_are_some(client, manager, weekly):  # noqa: F811
    other = product_factory(line=weekly[0].line)
    months_give(other)
    run_now()
    found = client.get(tab(weekly[0]), headers={"Accept-Language": "en"})
    assert "What is expected month by month?" in text(found)
    assert "&amp;step=weeks" in found.content.decode()
    without = client.get(tab(other, step="weeks"), headers={"Accept-Language": "en"})
    assert "What is expected month by month?" in text(without)
    assert without.context["chart"].steps == ()
    assert "made by the month: its figures come by the month." in text(without)


def test_weeks_cost_few_queries(client, manager, weekly):  # noqa: F811
    run_now()
    client.get(tab(weekly[0]))
    counts = []
    for query in ({}, {"step": "weeks"}):
        with CaptureQueriesContext(connection) as caught:
            client.get(tab(weekly[0], **query))
        counts.append(len(caught))
    assert counts[1] <= 12, counts


def test_who_sees_some_channels_sees_no_weeks(client, weekly):  # noqa: F811
    run_now()
    client.force_login(user_factory("product-manager", channels=[channel_factory()]))
    answer = client.get(tab(weekly[0], step="weeks"))
    assert answer.status_code in (200, 404)
    assert "weeks" not in (answer.context or {}) or not answer.context["weeks"]
    assert client.get(f"/api/v1/forecasts/{of(weekly[0]).pk}/weeks/").status_code in (401, 404)


def test_the_api_gives_the_weeks(client, manager, weekly):  # noqa: F811
    monthly = product_factory(line=line_factory())
    months_give(monthly)
    run_now()
    forecast = of(weekly[0])
    found = client.get(f"/api/v1/forecasts/{forecast.pk}/").json()
    assert (found["by_week"], found["monthly_because"], len(found["months"])) == (True, "", 18)
    weeks = client.get(f"/api/v1/forecasts/{forecast.pk}/weeks/").json()
    assert [row["week"] for row in weeks][:2] == ["2026-10-29", "2026-11-05"]
    assert len(weeks) == 26
    own = {"week", "mean", "median", "lo80", "hi80", "lo95", "hi95", "naive", "driven"}
    assert set(weeks[0]) == own | {"final", *(f"final_{edge}" for edge in ("lo80", "hi80", "lo95", "hi95"))}
    assert client.get(f"/api/v1/forecasts/{of(monthly).pk}/weeks/").json() == []


def test_reasons_count_in_weeks(db):
    with translation.override("en"):
        said = reason_words("long_season", {"periods": 200, "filled": 1, "weekly": 1})
        assert said == (
            "200 weeks of data with a long season. 1 missing week was filled in from its neighbours."
        )
        assert "months" in reason_words("enough_history", {"periods": 40})
