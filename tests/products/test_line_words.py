"""What a line calls its price, customers and volume is what its pages call them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from products.models import Measure
from products.selectors.line_words import line_word
from products.selectors.lines import LineTree
from tests.factories import line_factory, measure_factory, product_factory, user_factory

from .test_list import figures_factory

pytestmark = pytest.mark.django_db


def test_the_words_are_inherited_and_in_the_readers_language() -> None:
    above = line_factory(price_word="tariff", customer_word="insured")
    line = line_factory(parent=above, customer_word="account")
    tree = LineTree()
    with translation.override("en"):
        found = [line_word(tree, line.pk, f"{name}_word") for name in ("price", "customer", "volume")]
        assert found == ["tariff", "account", "units"]
    with translation.override("nl"):
        assert line_word(tree, above.pk, "customer_word") == "verzekerde"


def test_the_usual_measure_has_the_lines_word_and_another_its_own() -> None:
    claims = measure_factory(name_en="Claims", name_nl="Schades")
    units = Measure.objects.get(code="units")
    plain, named = line_factory(), line_factory(volume_word="policies")
    both = line_factory(parent=named, measures=[claims, units])
    tree = LineTree()
    assert tree.lead_measure(plain.pk).name_nl == units.name_nl
    lead = tree.lead_measure(named.pk)
    assert (lead, lead.name_en, lead.unit_nl) == (units, "policies", "polissen")
    with translation.override("nl"):
        assert [str(measure) for measure in tree.measures(both.pk)] == ["Schades", "polissen"]


def test_details_say_the_words_and_where_they_come_from(client: Any) -> None:
    line = line_factory(name="Verzekering", price_word="premium", volume_word="policies")
    product_factory(code="V-1", line=line_factory(parent=line))
    client.force_login(user_factory(language="en"))
    page = " ".join(client.get("/products/V-1/details/").content.decode().split())
    for field, word in (("price", "premium"), ("volume", "policies")):
        row = page[page.index(f"Word for {field}") :][:200]
        assert word in row
        assert "Verzekering" in row


def test_the_list_of_one_line_is_in_its_words(client: Any) -> None:
    line = line_factory(code="ins", volume_word="policies")
    figures_factory(product_factory(line=line), 100)
    client.force_login(user_factory())
    one = client.get("/products/?view=all&line=ins&cols=volume_12m,forecast_volume").content.decode()
    assert "Policies 12 months" in one
    assert "Forecast policies" in one
    assert "Volume 12 months" in client.get("/products/?view=all&cols=volume_12m").content.decode()
    file = b"".join(client.get("/products/export/csv/?view=all&line=ins&cols=volume_12m").streaming_content)
    assert "Policies 12 months" in file.decode()
