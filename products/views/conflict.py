"""What the loser of a race sees: both values of every field."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.forms import BaseForm, BooleanField, ChoiceField
from django.utils.translation import gettext as _

from accounts.errors import VersionConflict
from accounts.models import User
from core import formats


@dataclass(frozen=True)
class ConflictRow:
    label: str
    yours: str
    theirs: str


def _shown(form: BaseForm, name: str, value: Any) -> str:
    if value in (None, ""):
        return formats.MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.date):
        return formats.day(value)
    if isinstance(value, Decimal):
        return formats.percent(value, 2) if name.endswith(("_rate", "_share")) else formats.number(value)
    choices = dict(getattr(form.fields.get(name), "choices", ())) if isinstance(value, str) else {}
    return str(choices.get(value, value))


@dataclass(frozen=True)
class Conflict:
    """A lost race: what both changed (``rows``), the labels of what only the other changed and the form now
    holds (``taken``), and who saved it when, where that is known."""

    rows: list[ConflictRow]
    taken: list[str]
    who: str
    at: datetime.datetime | None


def conflict_show(form: BaseForm, error: VersionConflict, row: Any) -> Conflict:
    """Let the page show a lost race, so that saving once more undoes nothing of the other by accident.

    What the editor had not touched becomes, in the form, what the other saved; the form takes the stored
    version. Without a history of the version the editor saw, every field that differs counts as both's.
    """
    seen = _event(row, form.cleaned_data.get("version"))
    stored = type(row)._default_manager.get(pk=row.pk)
    form.data = form.data.copy()
    form.data["version"] = str(stored.version)
    rows, taken = [], []
    for name, pair in error.details["fields"].items():
        field = form.fields.get(name)
        label = str(field.label) if field else name
        started = _started(seen, type(row), name)
        if field is not None and started is not None and _key(pair["yours"]) == started[0]:
            _refill(form, name, pair["theirs"])
            taken.append(label)
        elif started is None or _key(pair["theirs"]) != started[0]:
            shown = (_shown(form, name, pair[side]) for side in ("yours", "theirs"))
            rows.append(ConflictRow(label, *shown))
    saved = _event(row, stored.version)
    context = saved.pgh_context.metadata if saved is not None and saved.pgh_context else {}
    person = User.objects.filter(pk=context.get("user")).first()
    return Conflict(rows, taken, str(person or ""), saved.pgh_created_at if saved is not None else None)


def conflict_words(form: Any, error: VersionConflict) -> VersionConflict:
    """A lost race about a row of a card, both values in words; the form takes the stored version, so that
    saving once more is meant."""
    form.data = form.data.copy()
    form.data[form.add_prefix("version")] = str(error.details["version"])
    for name, both in error.details["fields"].items():
        for side in ("yours", "theirs"):
            both[side] = _shown(form, name, both[side])
        both["label"] = form.fields[name].label if name in form.fields else name
    return error


def _event(row: Any, version: int | None) -> Any:
    """The row as it stood with that version."""
    events = type(row).pgh_event_model.objects.filter(pgh_obj_id=row.pk, version=version)
    return events.select_related("pgh_context").order_by("-pgh_id").first()


def _started(seen: Any, model: Any, name: str) -> tuple[Any] | None:
    """What the editor started from; ``None`` where that is not known."""
    if seen is None or name not in {field.name for field in model._meta.concrete_fields}:
        return None
    return (getattr(seen, model._meta.get_field(name).attname),)


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


def _refill(form: Any, name: str, value: Any) -> None:
    """Put a value into what was sent, as the browser would send it."""
    field, key = form.fields[name], form.add_prefix(name)
    shown = field.prepare_value(_key(value))
    if isinstance(field, BooleanField):
        form.data.pop(key, None)
        if value:
            form.data[key] = "on"
    elif isinstance(field, ChoiceField):
        form.data[key] = "" if shown is None else str(shown)
    else:
        form.data[key] = field.widget.format_value(shown) or ""
