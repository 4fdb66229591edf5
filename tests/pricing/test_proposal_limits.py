"""Proposals and who is limited to some channels: what they read, and what they may not decide for all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from core.months import month_add, month_start
from core.organisation import today
from products.models import Product, ProductFigures, SalesMonth
from tests.factories import (
    channel_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

from .test_proposals import proposed, soon

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sold(product: Product, by_channel: dict[Any, int]) -> None:
    """So many units in the last month, at 10 each, and their sum over all channels."""
    month, measure = month_add(month_start(today()), -1), measure_factory()
    said = {"product": product, "measure": measure, "month": month, "days": 30}
    for channel, volume in by_channel.items():
        SalesMonth.objects.create(**said, channel=channel, volume=volume, revenue=volume * 10)
    total = sum(by_channel.values())
    ProductFigures.objects.create(
        product=product, measure=measure, data_month=month, volume_12m=total, revenue_12m=total * 10
    )


def test_volume_and_revenue_are_of_the_readers_channels() -> None:
    """And so is their order: it would tell which product sells most elsewhere."""
    shops, web = channel_factory(), channel_factory()
    mine = price_list_factory()
    products = [product_factory(code=code) for code in ("A", "B", "C")]
    for product, by_channel in zip(products, ({shops: 310, web: 7}, {shops: 32, web: 5600}), strict=False):
        sold(product, by_channel)
    for product in products:
        price_factory(product=product, price_list=mine, start_date=soon(-9))
    proposal = proposed(price_list=mine, product_ids=[product.pk for product in products])
    address = proposal.get_absolute_url()
    for user, figures, all_of_b in (
        (
            user_factory(channels=[shops]),
            {"A": ["310", "3100"], "B": ["32", "320"], "C": ["", ""]},
            False,
        ),
        (user_factory(), {"B": ["5632", "56320"], "A": ["317", "3170"], "C": ["", ""]}, True),
    ):
        client = signed_in(user)
        file = b"".join(client.get(f"{address}export/csv/").streaming_content).decode("utf-8-sig")
        found = {row["Code"]: row for row in csv.DictReader(io.StringIO(file))}
        assert list(found) == list(figures)
        names = ("Volume, 12 months", "Revenue, 12 months")
        assert {code: [row[name] for name in names] for code, row in found.items()} == figures
        assert ("5,632" in tight(client.get(address))) is all_of_b
