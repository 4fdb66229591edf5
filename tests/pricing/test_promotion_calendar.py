"""The promotion calendar by month, quarter and year: days in the store and of delivery, where they stand."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.test import Client

from accounts.errors import DomainError
from core.organisation import today
from pricing.cards.promotions import calendar_chart
from pricing.selectors.promotion_calendar import LANE, Bar, Calendar, CalendarQuery, Span, calendar_build
from pricing.services.promotions import promotion_move
from tests.factories import product_factory, user_factory
from tests.pricing.promotions import DAY, approved_factory, promotion_factory, stopped

pytestmark = pytest.mark.django_db
URL = "/pricing/promotions/"


def on(month: int, day: int) -> datetime.date:
    """Of a year far enough ahead that nothing has begun."""
    return datetime.date(2031, month, day)


def promoted(product: Any, **days: datetime.date) -> Any:
    given = {
        "store_start": on(4, 6),
        "store_end": on(4, 15),
        "delivery_start": on(3, 23),
        "delivery_end": on(4, 4),
    }
    return promotion_factory(product, **given | days)


def plain(text: str) -> str:
    """Without the spaces that keep a date on one line."""
    return text.replace("\xa0", " ")


def shown(**asked: str) -> Calendar:
    return calendar_build(user_factory(), CalendarQuery.read({"from": "2031-04"} | asked))


def bar(found: Calendar) -> Bar:
    [row] = found.rows
    return row.bars[0]


def test_a_month_has_delivery_above_the_days_in_the_store():
    """April has 30 days; delivery of March is cut off where the month begins."""
    promoted(product_factory())
    found = bar(shown(scale="month"))
    assert found.store == Span(round(5 / 30 * 100, 3), round(10 / 30 * 100, 3))
    assert found.delivery == Span(0, round(4 / 30 * 100, 3))
    assert found.delivery_y < found.y
    assert found.x == 0


def test_a_quarter_has_all_of_it():
    """January to March 2031 has 90 days; April to June 91."""
    promoted(product_factory())
    ahead = bar(shown(scale="quarter"))
    assert ahead.store == Span(round(5 / 91 * 100, 3), round(10 / 91 * 100, 3))
    before = bar(shown(scale="quarter", **{"from": "2031-02"}))
    # 1 February to 30 April has 89 days: 23 March is the 51st.
    assert before.delivery == Span(round(50 / 89 * 100, 3), round(13 / 89 * 100, 3))
    assert before.store == Span(round(64 / 89 * 100, 3), round(10 / 89 * 100, 3))


def test_what_is_only_delivered_on_these_days_is_found_too():
    product = product_factory()
    promoted(product)
    found = bar(shown(scale="month", **{"from": "2031-03"}))
    assert found.store is None
    assert found.delivery == Span(round(22 / 31 * 100, 3), round(9 / 31 * 100, 3))
    assert shown(scale="month", **{"from": "2031-02"}).rows == ()
    assert shown(scale="month", **{"from": "2031-05"}).rows == ()


def test_a_day_first_and_last_in_the_window_counts():
    promoted(
        product_factory(), store_start=on(4, 30), store_end=on(5, 9), delivery_start=None, delivery_end=None
    )
    april, may = (bar(shown(scale="month", **{"from": month})) for month in ("2031-04", "2031-05"))
    assert april.store == Span(round(29 / 30 * 100, 3), round(1 / 30 * 100, 3))
    assert may.store == Span(0, round(9 / 31 * 100, 3))
    assert april.delivery is None


def test_delivery_of_one_under_the_days_of_another_takes_a_lane_of_its_own():
    product = product_factory()
    promoted(product, store_start=on(4, 1), store_end=on(4, 7), delivery_start=None, delivery_end=None)
    promoted(
        product, store_start=on(4, 12), store_end=on(4, 18), delivery_start=on(4, 5), delivery_end=on(4, 9)
    )
    promoted(product, store_start=on(4, 20), store_end=on(4, 26), delivery_start=None, delivery_end=None)
    [row] = shown(scale="month").rows
    assert [each.lane for each in row.bars] == [0, 1, 0]
    assert row.height == 2 * LANE


def test_names_have_room():
    """Where the timeline is narrowest, 470 pixels of a year, a name of 18 letters takes three months; the
    last of the year has its name before its end."""
    product = product_factory()
    days = {"delivery_start": None, "delivery_end": None}
    promoted(product, name="Half of all juices", store_start=on(4, 1), store_end=on(4, 14), **days)
    promoted(product, name="Two for five", store_start=on(6, 15), store_end=on(6, 28), **days)
    promoted(product, name="Stamps for towels", store_start=on(9, 15), store_end=on(9, 30), **days)
    [row] = shown(**{"from": "2030-10"}).rows
    assert [each.lane for each in row.bars] == [0, 1, 0]
    assert [each.name_ends for each in row.bars] == [False, False, True]


def test_the_timeline_is_taken_along_as_it_stands(client: Client):
    """Each lane is a line of the drawing, and only the first has the name."""
    product = product_factory(name="Juice")
    days = {"delivery_start": None, "delivery_end": None}
    promoted(product, store_start=on(4, 1), store_end=on(4, 20), **days)
    promoted(product, store_start=on(4, 12), store_end=on(5, 18), **days)
    query = CalendarQuery.read({"from": "2031-04", "scale": "month"})
    chart = calendar_chart(calendar_build(user_factory(), query), query, on(4, 2))
    assert chart is not None
    VegaLite.TopLevelSpec.from_dict(chart.spec)
    drawn = [(row["channel"], row["start"], row["end"]) for row in chart.spec["data"]["values"]]
    assert drawn == [("Juice\t", "2031-04-01", "2031-04-21"), ("Juice\t1", "2031-04-12", "2031-05-01")]
    client.force_login(user_factory())
    page = client.get(f"{URL}?from=2031-04&scale=month").text
    assert 'data-chart-own="#timeline-spec"' in page
    assert 'data-copy-table="#timeline-table table"' in page
    assert 'data-chart-do="table"' not in page
    assert "data-chart-own" not in client.get(f"{URL}?from=2032-04&scale=month").text


@pytest.mark.parametrize(
    ("scale", "earlier", "later", "ticks"),
    [
        (
            "month",
            "2031-03",
            "2031-05",
            ["1 Apr 2031", "8 Apr 2031", "15 Apr 2031", "22 Apr 2031", "29 Apr 2031"],
        ),
        ("quarter", "2031-01", "2031-07", ["Apr 2031", "May 2031", "Jun 2031"]),
    ],
)
def test_a_month_and_a_quarter_as_pages(
    client: Client, scale: str, earlier: str, later: str, ticks: list[str]
) -> None:
    promoted(product_factory(), name="Oat days")
    client.force_login(user_factory())
    page = client.get(f"{URL}?scale={scale}&from=2031-04")
    assert [plain(tick["label"]) for tick in page.context["ticks"]] == ticks
    text = plain(page.content.decode())
    assert all(f"from={month}" in text for month in (earlier, later))
    said = "Oat days, 6 Apr 2031 – 15 Apr 2031, delivery 23 Mar 2031 – 4 Apr 2031, draft"
    assert f'aria-label="{said}"' in text
    assert f"<title>{said}</title>" in text
    # Who has no drawing reads it in the table; the keys of a bar move it as its days in the store.
    assert re.search(r"<td[^>]*>23 Mar 2031 – 4 Apr 2031</td>", text)
    assert 'data-start="2031-04-06" data-end="2031-04-15"' in text
    assert text.count('class="delivery"') == 1


def test_a_month_without_any_says_what_it_would_show_and_offers_one(client: Client) -> None:
    promoted(product_factory())
    client.force_login(user_factory())
    for scale in ("month", "quarter"):
        text = client.get(f"{URL}?scale={scale}&from=2032-01").content.decode()
        assert "No promotions on these days" in text
        assert "/pricing/promotions/new/" in text
        assert "promo-calendar" not in text.split("</head>")[1].replace('id="promotion-calendar"', "")
        assert "No promotions match" in client.get(f"{URL}?scale={scale}&q=nothing").content.decode()


def test_delivery_goes_along_with_a_move_and_says_so(client: Client) -> None:
    row = promoted(product_factory())
    client.force_login(user_factory())
    asked = {"store_start": "2031-04-13", "store_end": "2031-04-22", "version": row.version}
    said = client.post(f"{URL}{row.pk}/move/", asked).json()
    assert "Delivery moved along: 30 Mar 2031 – 11 Apr 2031." in plain(said["message"])
    # Only its end: delivery stays where it is.
    asked |= {"store_end": "2031-04-29", "version": said["version"]}
    assert "Delivery" not in client.post(f"{URL}{row.pk}/move/", asked).json()["message"]


def test_a_move_that_ends_before_delivery_begins_is_refused() -> None:
    days = {"store_start": on(4, 6), "delivery_start": on(4, 9), "delivery_end": on(4, 12)}
    row = promoted(product_factory(), **days)
    for end, by in ((8, 0), (14, 6)):
        with pytest.raises(DomainError) as refused:
            promotion_move(
                user=row.author,
                promotion=row,
                store_start=on(4, 6 + by),
                store_end=on(4, end),
                version=row.version,
            )
        assert refused.value.code == "delivery_late"


def test_a_bar_that_is_only_delivered_moves_by_the_same_dates() -> None:
    row = promoted(product_factory())
    moved, _flags = promotion_move(
        user=row.author, promotion=row, store_start=on(5, 6), store_end=on(5, 15), version=row.version
    )
    assert (moved.delivery_start, moved.delivery_end) == (on(4, 22), on(5, 4))
    april = bar(shown(scale="month"))
    assert april.store is None
    assert april.movable


def test_what_was_stopped_stays_on_the_days_it_ran(client: Client) -> None:
    """Of two months from 20 days ago it ran 3 days and 8 of delivery; one called off before it began is shown
    on its days only where it is asked for."""
    product, start = product_factory(), today() - 20 * DAY
    said = {"delivery_start": start - 5 * DAY, "delivery_end": start + 4 * DAY, "name": "Stopped"}
    stopped(approved_factory(product, ahead=-20, days=60, **said), start + 2 * DAY)
    stopped(approved_factory(product, ahead=-10, days=60, name="Never"), today() - 12 * DAY)
    said = {"delivery_start": start, "delivery_end": start, "name": "Delivered"}
    only = approved_factory(product, ahead=-2, **said)
    stopped(only, start + DAY)
    query = {"from": f"{start - 5 * DAY:%Y-%m}", "scale": "quarter"}
    found = calendar_build(user_factory(), CalendarQuery.read(query))
    asked = CalendarQuery.read(query)
    spans = {bar.promotion.name: (bar.store, bar.delivery) for bar in found.listed}
    day = lambda days: Span(asked.share(days[0]), round(asked.share(days[1] + DAY) - asked.share(days[0]), 3))  # noqa: E731
    assert spans == {
        "Stopped": (day((start, start + 2 * DAY)), day((start - 5 * DAY, start + 2 * DAY))),
        "Delivered": (None, day((start, start))),
    }
    assert not any(bar.movable or bar.flags for bar in found.listed)
    chart = calendar_chart(found, asked, today())
    assert chart is not None
    assert str(start + 3 * DAY) in str(chart.spec)
    assert str(start + 14 * DAY) not in str(chart.spec)
    every = calendar_build(user_factory(), CalendarQuery.read(query | {"state": "cancelled"}))
    assert {bar.promotion.name for bar in every.listed} == {"Stopped", "Never", "Delivered"}
    client.force_login(user_factory())
    page = plain(client.get(URL, query).content.decode())
    assert page.count("Stopped") >= 2


def test_what_was_stopped_before_the_days_asked_for_is_not_on_them() -> None:
    row = approved_factory(product_factory(), ahead=-60, days=90)
    stopped(row, today() - 50 * DAY)
    found = calendar_build(user_factory(), CalendarQuery.read({"from": f"{today():%Y-%m}", "scale": "month"}))
    assert (found.rows, found.listed) == ((), ())
