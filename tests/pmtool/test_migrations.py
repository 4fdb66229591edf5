"""What a new database is made of, and that those made before are left alone."""

from __future__ import annotations

import pgtrigger
import pytest
from django.conf import settings
from django.db import connection, models
from django.db.migrations import AddField, CreateModel
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from accounts.migration_operations import CreateModels

pytestmark = pytest.mark.django_db
FEW = 5


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


def test_many_operations_stand_together() -> None:
    """Models are rendered again after each operation by itself: every new database pays for that."""
    loader = MigrationLoader(None)
    ours = {app for app in loader.migrated_apps if app in settings.INSTALLED_APPS}
    many = {
        f"{app}.{name}": len(migration.operations)
        for (app, name), migration in loader.graph.nodes.items()
        if app in ours and len(migration.operations) > FEW
    }
    assert not many, "put these operations in CreateModels([…]) and AtOnce([…]): see docs/architecture.md"
