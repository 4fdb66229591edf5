"""What a new database is made of, and that those made before are left alone."""

from __future__ import annotations

import pgtrigger
import pytest
from django.conf import settings
from django.contrib.postgres.operations import CreateExtension
from django.db import connection, models
from django.db.migrations import AddField, CreateModel, RunPython, RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from accounts.migration_operations import AtOnce, CreateModels

pytestmark = pytest.mark.django_db


def test_every_trigger_is_in_the_database() -> None:
    """Also those of models that have no table of their own."""
    found = {
        trigger.get_pgid(model): trigger.get_installation_status(model)[0]
        for model, trigger in pgtrigger.registered()
    }
    assert len(found) > 100
    assert set(found.values()) == {"INSTALLED"}, {
        name: said for name, said in found.items() if said != "INSTALLED"
    }


def test_a_database_of_before_the_short_migrations_has_nothing_to_do() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name LIKE '%%\\_squashed\\_%%'")
        assert cursor.rowcount == 5
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_tables_made_at_once_are_only_new_ones() -> None:
    """A change of a table that stands already would be passed over."""
    made = CreateModel("New", [("id", models.AutoField(primary_key=True))])
    CreateModels([made, AddField("new", "name", models.TextField())])
    with pytest.raises(ValueError, match="Add field name to old"):
        CreateModels([made, AddField("old", "name", models.TextField())])


def test_what_changes_is_rendered_with_what_refers_to_it() -> None:
    """Everything else stays as it is: a new database would pay for it at every step."""
    state = ProjectState()
    key = ("id", models.AutoField(primary_key=True))
    to_part = ("part", models.ForeignKey("products.part", models.CASCADE))
    made = [
        CreateModel("Part", [key]),
        CreateModel("Whole", [key, to_part]),
        CreateModel("Other", [key]),
    ]
    CreateModels(made).state_forwards("products", state)
    before = {name: state.apps.get_model("products", name) for name in ("part", "whole", "other")}
    AtOnce([AddField("part", "name", models.TextField())]).state_forwards("products", state)
    after = {name: state.apps.get_model("products", name) for name in before}
    assert after["part"]._meta.get_field("name")
    assert after["whole"]._meta.get_field("part").related_model is after["part"]
    assert after["other"] is before["other"]
    state.clear_delayed_apps_cache()  # as a data migration does
    assert state.apps.get_model("products", "other") is not before["other"]


def test_operations_stand_together() -> None:
    """Models are rendered again after each operation by itself: every new database pays for that."""
    loader = MigrationLoader(None)
    ours = {app for app in loader.migrated_apps if (settings.BASE_DIR / app).is_dir()}
    alone = {
        f"{app}.{name}": [operation.describe() for operation in migration.operations if not _apart(operation)]
        for (app, name), migration in loader.graph.nodes.items()
        if app in ours
    }
    alone = {name: found for name, found in alone.items() if found}
    assert not alone, "put these operations in CreateModels([…]) and AtOnce([…]): see docs/architecture.md"


def _apart(operation: Operation) -> bool:
    return isinstance(operation, (AtOnce, RunPython, RunSQL, CreateExtension))
