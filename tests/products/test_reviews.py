"""When products are due for review, where that is said, and that it was done."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from accounts.errors import DomainError
from core.organisation import today
from products.models import Product
from products.selectors.lines import LineTree
from products.selectors.reviews import review_date, review_due
from products.services.product import product_update
from tests.factories import line_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 2, 28)


def due(day: datetime.date = DAY) -> set[str]:
    return set(Product.objects.filter(review_due(LineTree(), day)).values_list("code", flat=True))


def test_so_many_months_after_the_last_review_or_the_launch() -> None:
    line = line_factory(review_months=6)
    below = line_factory(parent=line)
    reviewed = datetime.date(2025, 8, 31)
    given: list[dict[str, Any]] = [
        {"code": "last-day", "line": below, "reviewed_on": reviewed},
        {"code": "tomorrow", "line": below, "reviewed_on": datetime.date(2025, 9, 1)},
        {"code": "launched", "line": below, "launched": datetime.date(2025, 1, 1)},
        {"code": "own-cycle", "line": below, "reviewed_on": reviewed, "review_months": 7},
        {"code": "no-cycle", "reviewed_on": reviewed},
        {"code": "ended", "line": line, "reviewed_on": reviewed, "ended": datetime.date(2026, 2, 1)},
        {"code": "just-made", "line": line},
    ]
    products = {fields["code"]: product_factory(**fields) for fields in given}
    assert due() == {"last-day", "launched"}
    assert due(datetime.date(2026, 3, 31)) == {"last-day", "tomorrow", "launched", "own-cycle"}
    dates = {code: review_date(LineTree(), product) for code, product in products.items()}
    assert dates["last-day"] == DAY
    assert dates["tomorrow"] == datetime.date(2026, 3, 1)
    assert (dates["no-cycle"], dates["ended"]) == (None, None)


def test_today_leads_to_them_and_the_product_says_that_it_was_done(client: Any) -> None:
    owner = user_factory()
    line = line_factory(owner=owner, review_months=3)
    product_factory(code="R-1", line=line, launched=datetime.date(2020, 1, 1))
    product_factory(code="R-2", line=line, reviewed_on=today())
    client.force_login(owner)
    assert "1 product is due for review" in client.get("/").content.decode()
    listed = client.get("/products/?view=all&review=due&cols=review").content.decode()
    assert ("R-1" in listed, "R-2" in listed) == (True, False)
    assert client.post("/products/R-1/reviewed/").status_code == 302
    assert Product.objects.get(code="R-1").reviewed_on == today()
    assert "due for review" not in client.get("/").content.decode()


def test_a_review_does_not_lie_ahead() -> None:
    product = product_factory()
    with pytest.raises(DomainError):
        product_update(
            user=user_factory(),
            product=product,
            version=None,
            reviewed_on=today() + datetime.timedelta(days=1),
        )
    product.refresh_from_db()
    assert product.reviewed_on is None
