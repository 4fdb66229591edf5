"""A product and who plans for it, for tests of the marketing mix and its files."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.organisation import today
from products.models import Product
from tests.factories import product_factory, user_factory


def day(days: int) -> datetime.date:
    """So many days ahead."""
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def product() -> Product:
    return product_factory(code="HVM", name="Oat milk")


@pytest.fixture
def ruud() -> Any:
    return user_factory("marketing", name="Ruud")
