"""The rooms' order holds for models too: a relation by name would hide what import-linter cannot see."""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models

ROOT = Path(__file__).parent.parent


def rooms_lowest_first() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"].startswith("Rooms"))
    return [layer.strip("()") for layer in reversed(layers)]


def relations() -> list[tuple[str, str, str]]:
    """Room, field and the room the field points at, of every relation between rooms."""
    rooms = set(rooms_lowest_first())
    return [
        (model._meta.app_label, str(field), field.related_model._meta.app_label)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if model._meta.app_label in rooms
        and not field.auto_created
        and isinstance(field, models.ForeignKey | models.ManyToManyField)
        and field.related_model is not ContentType
        and field.related_model._meta.app_label in rooms
    ]


def test_the_contract_names_all_eleven_rooms() -> None:
    named = [room for room in rooms_lowest_first() if room != "pmtool"]
    assert named == [
        *("accounts", "core", "exchange", "products", "collaboration", "forecasting"),
        *("chain", "pricing", "market", "strategy", "reporting"),
    ]


def test_a_relation_points_at_its_own_room_or_a_lower_one() -> None:
    order, found = rooms_lowest_first(), relations()
    assert len(found) > 100
    assert not [
        f"{field} → {target}" for room, field, target in found if order.index(target) > order.index(room)
    ]


def test_facts_are_without_history_triggers_and_what_people_edit_is_with() -> None:
    tracked = {model._meta.label for model in apps.get_models() if hasattr(model, "pgh_event_model")}
    events = {
        model.pgh_tracked_model._meta.label
        for model in apps.get_models()
        if hasattr(model, "pgh_tracked_model")
    }
    tracked |= events
    assert {"products.Product", "products.ProductLine", "accounts.Role", "core.Organisation"} <= tracked
    assert not {"products.SalesFact", "products.SalesMonth", "forecasting.Forecast"} & tracked
