"""What a file makes on the way is listed before it is applied, and after: on the page, as a file, by API."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from core.organisation import today
from exchange.models import Import
from exchange.services import imports
from forecasting.doctor import forecasts_whole
from forecasting.models import Finding, Forecast, NightlyRun
from products.models import BudgetVersion, Channel, Measure, Product, ProductLine
from tests.factories import channel_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
HEAD = "sku,channel,month,units\n"
ROWS = "".join(f"N{number:02},Web,2026-01,{number + 1}\n" for number in range(30))


@pytest.fixture
def user() -> Any:
    return user_factory(language="en")


def start(user: Any, work: Callable[[], None], content: str, sheet: str = "sales", **options: Any) -> Import:
    given = {"create_missing": True, "revenue_is": "net", **options} if sheet == "sales" else options
    row = imports.import_start(
        user=user,
        source="page",
        file=ContentFile(content.encode()),
        file_name="figures.csv",
        sheet=sheet,
        options=given,
    )
    work()
    row.refresh_from_db()
    return row


def listed(row: Import) -> list[tuple[str, str]]:
    return list(row.creations.values_list("kind", "code"))


def test_the_preview_lists_what_would_be_created(user: Any, work: Callable[[], None]) -> None:
    row = start(user, work, HEAD + ROWS + "OUT,Moon,2026-01,x\n")
    assert row.counts["creates"] == {"lines": 1, "products": 30, "channels": 1}
    assert listed(row)[:3] == [("lines", "new"), ("products", "N00"), ("products", "N01")]
    assert listed(row)[-1] == ("channels", "Web")
    assert "OUT" not in dict(row.creations.values_list("code", "kind")), "of a refused row"

    client = Client()
    client.force_login(user)
    page = client.get(f"/data/{row.pk}/").content.decode()
    assert "What would be created?" in page
    assert "the first 20 of 30" in page
    assert "<code>N19</code>" in page
    assert "<code>N20</code>" not in page
    assert "<code>Web</code>" in page
    answer = client.get(f"/data/{row.pk}/creations/")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "kind,code,name,part of"
    assert len(lines) == 33
    assert lines[31].startswith("products,N29,N29,")

    api = APIClient()
    api.force_authenticate(user)
    found = api.get(f"/api/v1/imports/{row.pk}/creations/?page_size=10").json()
    assert found["count"] == 32
    assert found["results"][1] == {
        "kind": "products",
        "code": "N00",
        "name": "N00",
        "under": lines[31].split(",")[3],
    }
    assert (Product.objects.count(), Channel.objects.count()) == (0, 0)


def test_the_list_is_of_what_applying_made(user: Any, work: Callable[[], None]) -> None:
    row = start(user, work, HEAD + ROWS)
    channel_factory(code="web")  # meanwhile somebody made it
    product_factory(code="N07")
    imports.import_apply(row=row, user=user)
    work()
    row.refresh_from_db()
    assert row.counts["creates"] == {"lines": 1, "products": 29}
    assert ("products", "N07") not in listed(row)
    assert len(listed(row)) == 30
    client = Client()
    client.force_login(user)
    assert "What was created?" in client.get(f"/data/{row.pk}/").content.decode()


def test_nothing_is_listed_where_nothing_is_created_or_it_is_given_up(
    user: Any, work: Callable[[], None]
) -> None:
    row = start(user, work, HEAD + ROWS)
    imports.import_discard(row=row, user=user)
    assert listed(row) == []
    row = start(user, work, HEAD + ROWS, create_missing=False)
    assert (listed(row), row.counts["refused"]) == ([], 30)
    client = Client()
    client.force_login(user)
    assert "would be created?" not in client.get(f"/data/{row.pk}/").content.decode()


def test_lines_and_budgets_too(user: Any, work: Callable[[], None]) -> None:
    row = start(user, work, "code,line\nA,Juices\nB,Teas\n", "products", create_missing=True)
    assert list(row.creations.values_list("kind", "name")) == [("lines", "Juices"), ("lines", "Teas")]
    product_factory(code="A")
    row = start(user, work, "sku,month,units\nA,2027-01,1\n", "budget")
    assert listed(row) == [("budgets", "budget-2027")]
    assert not BudgetVersion.objects.exists()


def test_the_line_that_an_import_makes_can_be_opened(user: Any, work: Callable[[], None]) -> None:
    row = start(user, work, HEAD + ROWS)
    imports.import_apply(row=row, user=user)
    work()
    client = Client()
    client.force_login(user)
    line = ProductLine.objects.get()
    page = client.get(reverse("products:line_edit", args=[line.code])).content.decode()
    assert f'value="{line.name}"' in page


def test_undo_after_a_night_takes_what_only_the_night_looked_at(user: Any, work: Callable[[], None]) -> None:
    """A product stays where a person judged a month of it; its forecast is then of an earlier night."""
    row = start(user, work, HEAD + "A,Web,2026-01,1\nB,Web,2026-01,1\n")
    imports.import_apply(row=row, user=user)
    work()
    first, second = Product.objects.order_by("code")
    night = {"local_date": today(), "as_of": "2026-01-01", "started_at": timezone.now()}
    run = NightlyRun.objects.create(kind="scheduled", key="1", **night)
    measure, month = Measure.objects.get(code="units"), datetime.date(2026, 1, 1)
    said = {"measure": measure, "kind": "spike", "first": month, "last": month, "seen": 9, "expected": 1}
    Finding.objects.create(product=first, found_by=run, **said)
    judged = {"state": "confirmed", "decided_by": user, "decided_at": timezone.now()}
    Finding.objects.create(product=second, found_by=run, **said, **judged)
    for product in (first, second):
        made = {"method": "mean", "computed_at": timezone.now(), "current": True}
        Forecast.objects.create(product=product, measure=measure, as_of=month, data_month=month, **made)
    row.refresh_from_db()
    imports.import_undo(row=row, user=user)
    work()
    assert list(Product.objects.all()) == [second]
    assert Forecast.objects.get().stale
    assert not [line for line in forecasts_whole() if "has no data" in line]
