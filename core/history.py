"""Who changed what, when, from where: the history of what people edit, read from the events pghistory keeps.

The database writes an event for every insert, update and delete of a tracked row, whoever does it. The
context beside it says who (``user``), where (``url``) or by which process (``source``), and what else a
service wants said (``four_eyes``, ``reason``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pghistory
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import formats

SKIPPED = frozenset({"id", "version", "created_at", "shipped"})
CHOSEN = "chosen"
"""The label of an event that says which rows were chosen for a row and which were left; its tracker is
``pghistory.ManualEvent(CHOSEN)``."""
NAMED = 20
"""How many of them are named."""
ValueText = Callable[[Any], str]
_kin: dict[type[models.Model], list[Related]] = {}
_words: dict[tuple[type[models.Model], str], ValueText] = {}
_rights: dict[tuple[type[models.Model], str], str] = {}


def history_extend(model: type[models.Model], *related: Related) -> None:
    """Make rows of any room part of a model's history; called in ``ready()``."""
    _kin.setdefault(model, []).extend(related)


def history_words(model: type[models.Model], field: str, text: ValueText, *, right: str = "") -> None:
    """How a value of a field (of a list or mapping: each item) is said where the field itself cannot tell.
    ``right``: only who has it reads of the field."""
    _words[model, field] = text
    if right:
        _rights[model, field] = right


def history_chosen(row: models.Model, chosen: Mapping[str, tuple[Iterable[Any], Iterable[Any]]]) -> None:
    """Record of many-to-many fields by their names which keys left and which came, once a row and request."""
    said = {field: [sorted(left), sorted(came)] for field, (left, came) in chosen.items()}
    with pghistory.context(**{_chosen_key(row, row.pk): said}):
        pghistory.create_event(row, label=CHOSEN)


def _chosen_key(model: Any, pk: Any) -> str:
    return f"{CHOSEN} {model._meta.label_lower} {pk}"


@dataclass(frozen=True)
class Change:
    """One field: what it was and what it became, as people read it; ``""`` is empty."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class HistoryEntry:
    """What one person or process did at one moment.

    ``kind`` is ``created``, ``changed`` or ``deleted`` (of the object itself; a change of what belongs to it
    is ``changed``). ``who`` is empty for the system. ``source`` and ``note`` are sentences, or empty.
    """

    at: datetime.datetime
    who: str
    source: str
    kind: str
    changes: tuple[Change, ...]
    note: str = ""

    @property
    def kind_label(self) -> str:
        return {"created": _("created"), "deleted": _("deleted")}.get(self.kind, _("changed"))


@dataclass(frozen=True)
class Related:
    """Rows that belong to an object and whose history is part of its own.

    ``field`` is the foreign key that points to it; ``label`` says what one row is, by default the model's
    name. ``within(user)``: which of them the person may see, as a filter; who looks must then be said.
    """

    model: type[models.Model]
    field: str
    label: Any = ""
    skip: frozenset[str] = frozenset()
    within: Callable[[Any], Mapping[str, Any]] | None = None


def history_of(
    obj: models.Model, limit: int = 50, *, related: Sequence[Related] = (), user: Any = None
) -> list[HistoryEntry]:
    """The newest ``limit`` entries of an object's history, newest first.

    What one request changed in the object, in rows that rooms added to it by :func:`history_extend` and in
    ``related`` ones is one entry. The caller has checked that the person may see the object.
    """
    found = _events(type(obj), {"pgh_obj_id": obj.pk}, limit, "", frozenset(), user=user)
    for kin in (*_kin.get(type(obj), ()), *related):
        if kin.within is not None and user is None:
            continue
        where = {f"{kin.field}_id": obj.pk, **(kin.within(user) if kin.within else {})}
        label = str(kin.label or capfirst(kin.model._meta.verbose_name))
        found += _events(kin.model, where, limit, label, kin.skip | frozenset({kin.field}), user=user)
    return _told(found, limit)


def history_of_all(
    *models: type[models.Model], limit: int = 50, about: Sequence[str] = ()
) -> list[HistoryEntry]:
    """The same of all rows of models together, where these are one list that everybody may see. ``about``
    names the foreign keys that say which row it is; they stand in front of what changed in it."""
    found: list[_Event] = []
    for model in models:
        label = str(capfirst(model._meta.verbose_name))
        own = [name for name in about if name in {field.name for field in model._meta.concrete_fields}]
        for event in _events(model, {}, limit, label, frozenset(own), own):
            said = [str(value) for name in own if (value := getattr(event.row, name)) is not None]
            found.append(replace(event, label=" · ".join([label, *said])))
    return _told(found, limit)


def _told(found: list[_Event], limit: int) -> list[HistoryEntry]:
    found.sort(key=lambda event: (event.at, event.number), reverse=True)
    names = _Names(found)
    entries = [_entry(group, names) for group in _grouped(event for event in found if event.is_change)]
    return entries[:limit]


@dataclass(frozen=True)
class _Event:
    """One event row and the one before it of the same row; ``label`` is empty for the object itself."""

    model: type[models.Model]
    row: Any
    before: Any
    label: str
    skip: frozenset[str]

    @property
    def at(self) -> datetime.datetime:
        at: datetime.datetime = self.row.pgh_created_at
        return at

    @property
    def number(self) -> int:
        return int(self.row.pgh_id)

    @property
    def kind(self) -> str:
        return {"insert": "created", "delete": "deleted"}.get(self.row.pgh_label, "changed")

    @property
    def context(self) -> Mapping[str, Any]:
        return self.row.pgh_context.metadata if self.row.pgh_context else {}

    @property
    def is_change(self) -> bool:
        """Whether it says anything: an update of the version alone does not."""
        return (
            self.kind != "changed"
            or self.before is None
            or self.row.pgh_label == CHOSEN
            or any(self._differs(field) for field in self.fields)
        )

    @property
    def fields(self) -> list[Any]:
        """The tracked fields of the model that are worth telling."""
        tracked = {field.name for field in self.row._meta.fields}
        hidden = SKIPPED | self.skip
        return [f for f in self.model._meta.concrete_fields if f.name in tracked and f.name not in hidden]

    def _differs(self, field: Any) -> bool:
        return bool(getattr(self.row, field.attname) != getattr(self.before, field.attname))

    @property
    def pairs(self) -> list[tuple[Any, Any, Any]]:
        """(field, before, after) of what changed; of all filled fields where the row came or went; of chosen
        rows the keys that left and that came."""
        if self.row.pgh_label == CHOSEN:
            said = self.context.get(_chosen_key(self.model, self.row.pgh_obj_id), {})
            many = self.model._meta.many_to_many
            return [(field, *said[field.name]) for field in many if field.name in said]
        found = []
        for field in self.fields:
            value = getattr(self.row, field.attname)
            if self.kind == "created":
                pair = (None, value)
            elif self.kind == "deleted":
                pair = (value, None)
            else:
                pair = (getattr(self.before, field.attname, None), value)
            if not (_is_empty(pair[0]) and _is_empty(pair[1])) and pair[0] != pair[1]:
                found.append((field, *pair))
        return found


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _events(
    model: type[models.Model],
    where: Mapping[str, Any],
    limit: int,
    label: str,
    skip: frozenset[str],
    related: Sequence[str] = (),
    *,
    user: Any = None,
) -> list[_Event]:
    """The newest events of one model with the event before each and ``related`` rows, in two queries."""
    closed = [
        field
        for (of, field), right in _rights.items()
        if of is model and not (user is not None and user.has_perm(right))
    ]
    events = model.pgh_event_model.objects  # type: ignore[attr-defined]
    earlier = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    rows = list(
        events.filter(**where)
        .select_related("pgh_context", *related)
        .annotate(before_id=Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1]))
        .order_by("-pgh_id")[: limit + 1]
    )
    before = events.in_bulk([row.before_id for row in rows if row.before_id])
    concrete = model._meta.concrete_model or model
    return [_Event(concrete, row, before.get(row.before_id), label, skip.union(closed)) for row in rows]


def _grouped(events: Iterable[_Event]) -> Iterable[list[_Event]]:
    """Events of one request together, in order; events without a context each alone."""
    groups: dict[Any, list[_Event]] = {}
    for event in events:
        context_id = event.row.pgh_context_id
        key = context_id or (event.model, event.number)
        groups.setdefault(key, []).append(event)
    return groups.values()


class _Names:
    """The names behind foreign keys and of the people who acted: one query per model."""

    def __init__(self, events: Sequence[_Event]) -> None:
        wanted: dict[Any, set[Any]] = {get_user_model(): {event.context.get("user") for event in events}}
        for event in events:
            for field, before, after in event.pairs:
                if field.many_to_many:
                    wanted.setdefault(field.related_model, set()).update(before[:NAMED], after[:NAMED])
                elif field.related_model:
                    wanted.setdefault(field.related_model, set()).update({before, after})
        self._found = {
            model: model._default_manager.in_bulk(ids - {None})
            for model, ids in wanted.items()
            if ids - {None}
        }

    def of(self, model: Any, pk: Any) -> str:
        """The name of that row, or its number when it is gone."""
        row = self._found.get(model, {}).get(pk)
        return str(row) if row is not None else f"#{pk}"


def _entry(group: list[_Event], names: _Names) -> HistoryEntry:
    first = group[0]
    own = [event for event in group if not event.label]
    changes: list[Change] = []
    oldest_first = group[::-1]
    for event in sorted(oldest_first, key=lambda event: event.label):  # its own before related ones
        changes += _changes(event, names)
    user_id = first.context.get("user")
    return HistoryEntry(
        at=first.at,
        who=names.of(get_user_model(), user_id) if user_id else "",
        source=context_source(first.context),
        kind=own[-1].kind if own else "changed",
        changes=tuple(changes),
        note=_note(first.context),
    )


def _changes(event: _Event, names: _Names) -> list[Change]:
    """Field by field for the object and for changed related rows; a related row that came or went is one."""
    pairs = event.pairs
    if not event.label or event.kind == "changed":
        return [
            Change(_label(event, field), *_two_texts(field, before, after, names))
            for field, before, after in pairs
        ]
    at = 2 if event.kind == "created" else 1
    summary = _summary([(pair[0], pair[at]) for pair in pairs if not _is_usual(pair[0], pair[at])], names)
    before, after = ("", summary) if event.kind == "created" else (summary, "")
    return [Change(event.label, before, after)]


def _is_usual(field: Any, value: Any) -> bool:
    """A figure that is what the field has where nobody says another."""
    is_figure = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return is_figure and field.has_default() and bool(value == field.get_default())


def _label(event: _Event, field: Any) -> str:
    """The field's name, after what the row is to the object."""
    name = _name(field) or ("" if event.label else str(field.verbose_name))
    return " · ".join(part for part in (event.label, capfirst(name)) if part)


def _name(field: Any) -> str:
    """What a field of a related row is called; nothing for one that nobody gave a name: its value says
    enough ("Predecessor: Orange juice, from 1 Sep 2024")."""
    unnamed = isinstance(field.verbose_name, str)  # Django's own of the attribute; ours is translated
    return "" if unnamed else str(field.verbose_name)


def _summary(filled: Sequence[tuple[Any, Any]], names: _Names) -> str:
    """A related row in one line; a single field needs no label."""
    texts = [(_name(field), _text(field, value, names)) for field, value in filled]
    if len(texts) == 1:
        return texts[0][1]
    return ", ".join(f"{label} {text}".strip() for label, text in texts)


def _two_texts(field: Any, before: Any, after: Any, names: _Names) -> tuple[str, str]:
    """Of a list or mapping only what left and what came."""
    if field.many_to_many:
        return _named(field, before, names), _named(field, after, names)
    if isinstance(before, list) and isinstance(after, list):
        before, after = [x for x in before if x not in after], [x for x in after if x not in before]
    elif isinstance(before, dict) and isinstance(after, dict):
        same = {key for key in before if key in after and before[key] == after[key]}
        before = {key: value for key, value in before.items() if key not in same}
        after = {key: value for key, value in after.items() if key not in same}
    return _text(field, before, names), _text(field, after, names)


def _named(field: Any, keys: Sequence[Any], names: _Names) -> str:
    said = ", ".join(names.of(field.related_model, key) for key in keys[:NAMED])
    if not (more := len(keys) - NAMED) > 0:
        return said
    text = ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", more)
    return text % {"names": said, "n": formats.number(more, 0)}


def _text(field: Any, value: Any, names: _Names) -> str:
    """A field's value as people read it; empty is ``""``."""
    if _is_empty(value):
        return ""
    said = _words.get((field.model, field.name))
    if isinstance(value, list):
        return ", ".join(map(said or str, value))
    if isinstance(value, dict):
        return ", ".join(f"{(said or str)(key)}: {item}" for key, item in value.items())
    if said:
        return said(value)
    if field.related_model:
        return names.of(field.related_model, value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.datetime):
        return formats.moment(value)
    if isinstance(value, datetime.date):
        return formats.day(value)
    if isinstance(value, datetime.time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal):
        return formats.number_whole(value)
    if isinstance(value, float):
        return formats.number(value)
    return str(value)


def context_source(context: Mapping[str, Any]) -> str:
    """From where it came; an ordinary page needs no word."""
    named = {
        "import": _("by an import"),
        "night": _("by the night"),
        "shell": _("from the shell"),
    }
    if context.get("source") in named:
        return named[context["source"]]
    return _("by the API") if str(context.get("url", "")).startswith("/api/") else ""


def _note(context: Mapping[str, Any]) -> str:
    notes = {
        "off": _("Decided by one person: four eyes is off for this kind of decision."),
        "below": _("Decided by one person: below the amount that asks for four eyes."),
    }
    return str(context.get("reason", "")) or notes.get(context.get("four_eyes", ""), "")
