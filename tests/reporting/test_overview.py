"""The product overview in words: what it says of a forecast not renewed, and of a product that ends."""

from __future__ import annotations

import datetime
import html
import re
from typing import Any

import pytest
from django.test import Client

from core.charts import Chart
from forecasting.models import Forecast
from products.models import Measure, Product
from products.services.figures import figures_refresh
from tests.factories import line_factory, measure_factory, product_factory, user_factory
from tests.forecasting.conftest import LAST, months_give, run_now

pytestmark = pytest.mark.django_db
STALE = "The last night could not renew this forecast; it is that of an earlier night."


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(user_factory("product-manager", language="en"))
    return client


def product_after_a_night(**fields: Any) -> Product:
    """A product and, in the same line, one that is still sold: the line has data up to ``LAST``."""
    line = line_factory()
    months_give(product_factory(line=line))
    product = product_factory(line=line, launched=datetime.date(2022, 1, 1), **fields)
    ended = product.ended
    months_give(product, last=min(LAST, ended.replace(day=1)) if ended else LAST)
    figures_refresh()
    run_now()
    return product


def text(answer: Any) -> str:
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.unescape(words).replace("\u00a0", " "))


def test_a_forecast_that_was_not_renewed_says_so(reader: Client) -> None:
    product = product_after_a_night()
    address = product.get_absolute_url()
    assert STALE not in text(reader.get(address))
    Forecast.objects.filter(product=product).update(stale=True)
    found = text(reader.get(address))
    assert found.count(STALE) == 1
    assert "not renewed last night" in found, "at the key figure"


def test_a_product_that_has_ended_has_no_forecast_and_no_empty_years(reader: Client) -> None:
    product = product_after_a_night(ended=datetime.date(2024, 8, 31))
    answer = reader.get(product.get_absolute_url())
    chart: Chart = answer.context["chart"]
    assert [key.css for key in chart.legend] == ["h"], "history alone"
    assert str(chart.table.rows[-1][0]).replace("\u00a0", " ") == "Aug 2024"
    assert len(chart.table.rows) == 36
    found = text(answer)
    assert "The product ended on 31 Aug 2024" in found
    assert "80% chance between" not in found
    assert "Forecast, 12 months" not in found
    assert "compared with what?" not in found, "two years of nothing"
    found = text(reader.get(f"{product.get_absolute_url()}forecast/"))
    assert "The product ended on 31 Aug 2024" in found
    assert "What is expected month by month?" not in found


def test_a_product_that_ends_has_a_forecast_up_to_its_end(reader: Client) -> None:
    product = product_after_a_night(ended=datetime.date(2027, 2, 14))
    answer = reader.get(product.get_absolute_url())
    assert str(answer.context["chart"].table.rows[-1][0]).replace("\u00a0", " ") == "Feb 2027"
    assert "The product ends on 14 Feb 2027" in text(answer)
    answer = reader.get(f"{product.get_absolute_url()}forecast/")
    assert [row["month"].month for row in answer.context["months"]] == [
        datetime.date(2026, 11, 1),
        datetime.date(2026, 12, 1),
        datetime.date(2027, 1, 1),
        datetime.date(2027, 2, 1),
    ]
    assert "The product ends on 14 Feb 2027" in text(answer)
    assert answer.context["explanation"].startswith("For the 4 months until it ends we expect")


def test_a_level_shows_its_end_and_its_average_of_more_than_one_month(reader: Client) -> None:
    level = measure_factory(kind=Measure.Kind.LEVEL)
    product = product_factory(line=line_factory(measures=[level]))
    months_give(product, 24, measure=level, volume=lambda step: 100 + 10 * step)
    figures_refresh()
    (volume, *_rest) = reader.get(product.get_absolute_url()).context["compared_tables"]
    month, to_date, year, _full = ([note.replace("\u00a0", " ") for note in row.notes] for row in volume.rows)
    assert (volume.rows[2].value, year[1:]) == ("330", ["at the end; on average 275, last year 155"])
    assert to_date[1:] == ["at the end; on average 285, last year 165"]
    assert len(month) == 1


def test_the_year_of_a_level_ends_in_its_state_and_brings_every_month(reader: Client) -> None:
    level = measure_factory(kind=Measure.Kind.LEVEL)
    product = product_factory(line=line_factory(measures=[level]))
    months_give(product, 36, measure=level, volume=lambda _step: 100)
    figures_refresh()
    run_now()
    volume, revenue = reader.get(product.get_absolute_url()).context["compared_tables"]
    assert volume.rows[3].value == "100"
    assert revenue.rows[3].value == "2,400", "twelve months at 200"
