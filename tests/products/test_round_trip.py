"""The list as a file comes in again, and changes nothing."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from exchange.services.shell import import_run
from products.models import Product, ProductCode, Segment, Supplier
from products.selectors.columns import columns_for
from products.sheets.products import ProductsSheet
from tests.factories import line_factory, product_factory, user_factory

from .sheet_help import run
from .test_list import figures_factory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_all_columns_of_the_list_come_in_again_without_a_change(
    client: Any, tmp_path: Path, language: str, kind: str
) -> None:
    user, owner = user_factory(language=language), user_factory(name="Sanne de Boer")
    line = line_factory(name="Sappen", owner=owner, unit="doos")
    twins = [line_factory(name="Overig"), line_factory(name="overig")]
    product_factory(code="0042", name="=Appel; 1,5 l", line=line)
    product_factory(
        code="B-2",
        line=line,
        kind="service",
        unit="uur",
        owner=user,
        supplier=Supplier.objects.create(code="fruit", name="Fruit BV"),
        segment=Segment.objects.create(code="zorg", name="Zorg"),
        launched=datetime.date(2024, 3, 4),
        ended=datetime.date(2026, 1, 31),
        floor_rate="0.25",
        review_months=6,
    )
    for twin in twins:
        figures_factory(product_factory(line=twin), 1234, 1000, stage="growth", volume_12m="1234.567")
    before = list(Product.objects.order_by("pk").values())
    client.force_login(user)
    cols = ",".join(column.key for column in columns_for(user))
    answer = client.get(f"/products/export/{kind}/?view=all&cols={cols}")
    path = tmp_path / f"products.{kind}"
    path.write_bytes(b"".join(answer.streaming_content))
    done = import_run(sheet="products", path=path, options={}, leave_out_refused=False, dry_run=False)
    assert (done.error, done.refusals) == (None, [])
    assert done.counts.as_json() == {"new": 0, "changed": 0, "unchanged": 4, "refused": 0}
    assert list(Product.objects.order_by("pk").values()) == before
    assert not ProductCode.objects.exists()


def test_supplier_segment_floor_and_review_by_file() -> None:
    product = product_factory(code="A1")
    Supplier.objects.create(code="fruit", name="Fruit BV")
    Segment.objects.create(code="zorg", name="Zorg")
    row = {"product": "A1", "supplier": "fruit bv", "segment": "ZORG", "floor_rate": "0.25"}
    done = run(ProductsSheet(), [row | {"review_months": 12}])
    assert (done.refused, done.counts.changed) == ([], 1)
    product.refresh_from_db()
    assert (product.supplier.code, product.segment.code) == ("fruit", "zorg")
    assert (str(product.floor_rate), product.review_months) == ("0.2500", 12)
    assert run(ProductsSheet(), [row]).counts.unchanged == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"supplier": "nobody"}, "supplier_unknown"),
        ({"segment": "nobody"}, "segment_unknown"),
        ({"floor_rate": 25}, "floor_not_a_share"),
        ({"review_months": "1.5"}, "review_not_months"),
        ({"review_months": 0}, "review_not_months"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], code: str) -> None:
    product_factory(code="A1")
    assert run(ProductsSheet(), [{"product": "A1"} | wrong], apply=False).codes == [code]


def test_what_a_line_gives_is_no_change_and_another_value_is() -> None:
    owner, other = user_factory(), user_factory()
    product = product_factory(code="A1", line=line_factory(owner=owner, unit="doos"))
    done = run(ProductsSheet(), [{"product": "A1", "owner": owner.email, "unit": "doos"}])
    assert done.counts.unchanged == 1
    run(ProductsSheet(), [{"product": "A1", "owner": other.email, "unit": "fles"}])
    product.refresh_from_db()
    assert (product.owner, product.unit) == (other, "fles")
