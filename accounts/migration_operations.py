"""What our migrations do besides what Django offers."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.operations.fields import AddField
from django.db.migrations.operations.models import AddConstraint, AddIndex, CreateModel
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger

# What a table made with all of itself holds already.
PARTS = (AddConstraint, AddField, AddIndex, AddTrigger)


def _model_of(operation: Any) -> str:
    return str(getattr(operation, "model_name_lower", None) or operation.name_lower)


class AtOnce(Operation):
    """Changes of tables with one state before all of them and one after: Django would render every related
    model again after each.

    ``operations`` as ``makemigrations`` writes them, none of which looks at what another one made.
    """

    category = OperationCategory.ALTERATION
    serialization_expand_args = ["operations"]

    def __init__(self, operations: list[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """What changes is rendered anew with what refers to it, beside the rest. That hears of it at the next
        data migration, which has Django render all."""
        apps = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if apps is not None:
            changed = {(app_label, _model_of(operation)) for operation in self.operations}
            changed.update(*(state.relations[model] for model in tuple(changed)))
            with apps.bulk_update():
                for model in changed:
                    apps.unregister_model(*model)
            apps.render_multiple([state.models[model] for model in changed if model in state.models])
            state.__dict__["apps"] = apps
            state.is_delayed = True

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)


class CreateModels(AtOnce):
    """New tables, each made with all of itself.

    ``operations``: new models, and what ``makemigrations`` adds to these afterwards.
    """

    category = OperationCategory.ADDITION

    def __init__(self, operations: list[Operation]) -> None:
        super().__init__(operations)
        self.models = [operation for operation in operations if isinstance(operation, CreateModel)]
        names = {model.name_lower for model in self.models}
        for operation in operations:
            if operation not in self.models and not (
                isinstance(operation, PARTS) and operation.model_name.lower() in names
            ):
                raise ValueError(f"{operation.describe()}: not part of a table made here")

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {', '.join(model.name for model in self.models)}"
