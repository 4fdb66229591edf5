"""Many computed rows written in one statement."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.utils import timezone

from core.sql import rows_of
from core.upsert import rows_told, unsaved, upsert
from pricing.models import Elasticity
from products.models import Measure
from tests.factories import channel_factory, product_factory

pytestmark = pytest.mark.django_db
FIELDS = [field.attname for field in Elasticity._meta.concrete_fields]


def row(product: Any, **values: Any) -> Elasticity:
    said: dict[str, Any] = {
        "measure": Measure.objects.get(code="units"),
        "as_of": datetime.date(2026, 10, 1),
        "engine_version": "1",
        "input_hash": "a",
        "reason_code": "",
        "computed_at": timezone.now(),
        "likelihood": [0.1, -1 / 3, 1e-17],
        "reason_params": {"said": [1, None, "é\\ \" '"]},
    }
    return Elasticity(product=product, **said | values)


def test_a_new_row_is_as_its_model_makes_it() -> None:
    said = {"product_id": 3, "as_of": datetime.date(2026, 10, 1), "reason_params": {"said": 1}}
    rows = [unsaved(Elasticity, **said) for _ in range(2)]
    usual = Elasticity(**said)
    for made in rows:
        assert {name: getattr(made, name) for name in FIELDS} == {
            name: getattr(usual, name) for name in FIELDS
        }
        assert made._state.adding
    assert rows[0].quantiles is not rows[1].quantiles
    with pytest.raises(TypeError, match="product"):
        unsaved(Elasticity, product=3)


def test_what_is_read_is_what_was_written_to_the_last_digit() -> None:
    rows = [row(product_factory(), lowest_price=0.1 + 0.2), row(product_factory(), likelihood=[])]
    assert upsert(rows, key=("product", "channel")) == rows
    for written in rows:
        read = Elasticity.objects.get(pk=written.pk)
        assert {name: getattr(read, name) for name in FIELDS} == {
            name: getattr(written, name) for name in FIELDS
        }
        assert not written._state.adding


def test_rows_there_are_overwritten_but_for_what_they_keep() -> None:
    product, channel = product_factory(), channel_factory()
    kept = {"estimate": -2.0, "sd": 0.1, "lo80": -3.0, "hi80": -1.0, "lo95": -4.0, "hi95": -0.5}
    first = row(product, **kept)
    first.save()
    other = row(product, channel=channel)
    written = upsert(
        [row(product, input_hash="b"), other, row(product_factory())], key=("product", "channel"), keep=kept
    )
    assert written[0].pk == first.pk
    assert len({each.pk for each in written}) == 3  # no channel is a key too
    first.refresh_from_db()
    assert (first.input_hash, first.estimate, first.lo95) == ("b", -2.0, -4.0)
    assert Elasticity.objects.count() == 3


def test_nothing_is_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert upsert([], key=("product", "channel")) == []


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        upsert([row(product_factory(), lowest_price=float("nan"))], key=("product", "channel"))


def test_what_all_rows_share_is_sent_once() -> None:
    moment = timezone.now()
    rows = [{"product_id": number, "computed_at": moment} for number in (1, 2)]
    tables, values = rows_told(rows, {"product_id": "bigint", "computed_at": "timestamptz"})
    assert [json.loads(value) for value in values] == [
        [{"product_id": 1}, {"product_id": 2}],
        {"computed_at": str(moment)},
    ]
    assert rows_of(f"SELECT product_id, computed_at FROM {tables}", values) == [(1, moment), (2, moment)]
