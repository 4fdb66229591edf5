"""What a person reads where a row does not keep to a rule of the database."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.apps import apps
from django.utils import translation

from accounts.errors import DomainError
from accounts.versions import check, constraint_refusal
from pricing.models import CostKind, CostLine, CostRate
from tests.factories import cost_line_factory, product_factory

ROOMS = ("accounts", "core", "exchange", "products", "collaboration", "forecasting", "pricing", "reporting")
RULES = [
    (model, rule)
    for model in apps.get_models()
    if model._meta.app_label in ROOMS
    for rule in model._meta.constraints
]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_no_constraint_is_told_by_its_name(language: str) -> None:
    assert len(RULES) > 200
    with translation.override(language):
        for model, rule in RULES:
            field, words = constraint_refusal(model, rule)
            assert "%" not in words.replace("100%", ""), rule.name
            assert not re.search(r"\w_\w", words), words
            assert not field or model._meta.get_field(field)


def test_the_words_of_a_model_are_of_its_constraints() -> None:
    for model in apps.get_models():
        names = {rule.name for rule in model._meta.constraints}
        assert set(getattr(model, "constraint_words", {})) <= names, model


def _refused(row: CostKind | CostLine | CostRate) -> tuple[str, str]:
    with translation.override("en"), pytest.raises(DomainError) as refused:
        check(row)
    return refused.value.field, str(refused.value)


@pytest.mark.django_db
def test_a_row_is_refused_at_its_field_in_words() -> None:
    kind, product = (
        CostKind.objects.create(code="glass", name_en="glass", name_nl="glas", level="cm1"),
        product_factory(),
    )
    line = cost_line_factory(product=product, kind=kind, currency="EUR")
    again = {name: getattr(line, name) for name in ("product", "kind", "name", "basis", "currency")}
    assert _refused(CostLine(**again))[1].startswith("There is such a cost line already")
    assert _refused(CostLine(**again | {"currency": "XX"})) == (
        "currency",
        "A currency has three letters, such as EUR.",
    )
    assert _refused(CostKind(code="GLASS", name_en="a", name_nl="b", level="cm1")) == (
        "code",
        "There is already one with the same: code.",
    )
    rate = {"cost_line": line, "start_date": "2026-01-01", "amount": Decimal(1)}
    assert _refused(CostRate(**rate, exchange_rate=Decimal(0)))[0] == "exchange_rate"
    assert _refused(CostRate(**rate, times=Decimal(0)))[0] == "times"
    assert _refused(CostRate(**rate, vat_rate=Decimal(1)))[0] == "vat_rate"
