"""Exactly one night a local date: through clock changes, missed days, two clocks."""

from __future__ import annotations

import datetime
import threading
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from forecasting.models import NightlyRun
from forecasting.services.night import due_date, night_tick
from tests.factories import organisation_factory

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TWO = datetime.time(2)
HALF_PAST_TWO = datetime.time(2, 30)


def utc(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("moment", "at", "due"),
    [
        ("2026-11-23T00:59:59", TWO, None),  # 01:59:59
        ("2026-11-23T01:00:00", TWO, "2026-11-23"),  # 02:00
        ("2026-11-23T22:59:59", TWO, "2026-11-23"),  # 23:59:59
        ("2026-11-23T23:00:00", TWO, None),  # midnight: the next date, not due yet
        # 29 March 2026: 02:00 is 03:00.
        ("2026-03-29T00:59:59", TWO, None),  # 01:59:59
        ("2026-03-29T01:00:00", TWO, "2026-03-29"),  # 03:00
        ("2026-03-29T01:29:59", HALF_PAST_TWO, None),  # 03:29:59
        ("2026-03-29T01:30:00", HALF_PAST_TWO, "2026-03-29"),
        # 25 October 2026: 03:00 is 02:00 again.
        ("2026-10-24T23:59:59", TWO, None),  # 01:59:59
        ("2026-10-25T00:00:00", TWO, "2026-10-25"),  # the first 02:00
        ("2026-10-25T00:30:00", HALF_PAST_TWO, "2026-10-25"),  # the first 02:30
        ("2026-10-25T01:00:00", HALF_PAST_TWO, "2026-10-25"),  # the second 02:00, after the first 02:30
    ],
)
def test_when_a_night_is_due(moment, at, due):
    found = due_date(now=utc(moment), at=at, zone=AMSTERDAM)
    assert (str(found) if found else None) == due


@pytest.mark.django_db
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-23"])
def test_ticking_through_a_whole_day_starts_one_run(day):
    start = datetime.datetime.fromisoformat(day).replace(tzinfo=AMSTERDAM).astimezone(datetime.UTC)
    for quarter in range(100):  # a day of 25 hours, whatever the day
        now = start + datetime.timedelta(minutes=15 * quarter)
        if str(now.astimezone(AMSTERDAM).date()) == day:
            night_tick(now=now)
    assert [str(run.local_date) for run in NightlyRun.objects.all()] == [day]


@pytest.mark.django_db
def test_missed_nights_are_one_run_for_today():
    night_tick(now=utc("2026-11-20T03:00:00"))
    night_tick(now=utc("2026-11-23T14:00:00"))
    assert sorted(str(run.local_date) for run in NightlyRun.objects.all()) == ["2026-11-20", "2026-11-23"]
    assert NightlyRun.objects.first().as_of == datetime.date(2026, 10, 1)


@pytest.mark.django_db
def test_the_organisation_says_when_and_where():
    organisation_factory(nightly_at=datetime.time(23, 30), time_zone="America/New_York")
    assert night_tick(now=utc("2026-11-24T04:29:00")) is None
    run = night_tick(now=utc("2026-11-24T04:30:00"))
    assert run is not None
    assert run.local_date == datetime.date(2026, 11, 23)


@pytest.mark.django_db(transaction=True)
def test_clocks_that_tick_at_once_start_one_run():
    gate = threading.Barrier(4)
    errors: list[Exception] = []

    def tick() -> None:
        try:
            gate.wait()
            night_tick(now=utc("2026-11-23T03:00:00"))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    run = NightlyRun.objects.get()
    assert run.steps.count() == len(set(run.steps.values_list("name", flat=True))) > 3
