"""The lock against lost updates, the same for everything people edit by hand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import CheckConstraint, F, ForeignKey, Model, Q
from django.forms import BaseForm
from django.utils.translation import gettext as _

from .errors import DomainError, VersionConflict

M = TypeVar("M", bound=Model)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def check(row: Model) -> None:
    """Raise the first thing the model's own rules have against the row, at its field; of what is read already
    the database is not asked whether it is there."""
    relations = [field for field in row._meta.concrete_fields if isinstance(field, ForeignKey)]
    known = {field.name for field in relations if field.get_cached_value(row, default=None) is not None}
    try:
        row.clean_fields(exclude=known)
        row.clean()
        row.validate_unique()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError("invalid", messages[0], "" if field == NON_FIELD_ERRORS else field) from None
    rules = [(model, rule) for model, found in row.get_constraints() for rule in found]
    checks = [(model, rule) for model, rule in rules if isinstance(rule, CheckConstraint)]
    _constraints_check(row, [(m, rule) for m, rule in rules if not isinstance(rule, CheckConstraint)])
    # Django asks the database about each check by itself, in a savepoint of its own: three statements for
    # each of a dozen; here it is asked about all at once, and about each only to tell which.
    values = row._get_field_expression_map(meta=row._meta)  # type: ignore[attr-defined]
    if checks and not Q(*(rule.condition for _model, rule in checks)).check(values):
        _constraints_check(row, checks)


def _constraints_check(row: Model, rules: Sequence[tuple[type[Model], Any]]) -> None:
    for model, rule in rules:
        try:
            rule.validate(model, row)
        except ValidationError:
            field, words = constraint_refusal(model, rule)
            raise DomainError("invalid", words, field) from None


def constraint_refusal(model: type[Model], rule: Any) -> tuple[str, str]:
    """The field at fault (empty: several) and what is wrong, where a row does not keep to a constraint: as
    the model's ``constraint_words`` say it, by the name of the constraint; else by the fields it is of."""
    said = getattr(model, "constraint_words", {}).get(rule.name)
    if said is not None:
        return said[0], str(said[1])
    parts = [each[0] if isinstance(each, tuple) else each for each in getattr(rule, "expressions", ())]
    of = [*map(F, getattr(rule, "fields", ())), *parts]
    refs = [found[0] for each in of or [rule.condition] for found in model._get_expr_references(each)]  # type: ignore[attr-defined]
    names = list(dict.fromkeys(name for name in refs if name != "pk"))
    fields = ", ".join(str(model._meta.get_field(name).verbose_name) for name in names)  # type: ignore[union-attr]
    if of:
        words = _("There is already one with the same: %(fields)s.")
    elif len(names) == 1:
        words = _("This is not possible here: %(fields)s.")
    else:
        words = _("This does not go together: %(fields)s.")
    return names[0] if len(names) == 1 else "", words % {"fields": fields}


def row_lock(row: M) -> M:
    """The row as it stands in the database now, locked until the transaction ends."""
    model = row.__class__  # not type(row): the request's person comes wrapped
    return model._default_manager.select_for_update(of=("self",)).get(pk=row.pk)


def version_check(stored: int, version: int | None, differs: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse when somebody saved since ``version``; ``differs`` maps field → (yours, theirs).

    Version 0, of either, is a row that is not there.
    """
    if version is not None and version != stored:
        error = VersionConflict(
            _("Somebody else saved this in the meantime.") if version else _("There is one already."),
            {field: {"yours": yours, "theirs": theirs} for field, (yours, theirs) in differs.items()},
        )
        error.details["version"] = stored
        raise error


def row_save(current: M, *, version: int | None, values: Mapping[str, Any]) -> set[str]:
    """Write what differs to a locked row and raise its version; the names of what changed.

    ``version`` is what the editor had before their eyes. When somebody saved since, a
    :class:`VersionConflict` shows both values of every field that would change; ``None`` asks for no check.
    When nothing would change nothing is written.
    """
    before = {field: getattr(current, field) for field in values}
    changed = {field for field in values if before[field] != values[field]}
    if not changed:
        return set()
    stored: int = current.version  # type: ignore[attr-defined]
    version_check(stored, version, {field: (values[field], before[field]) for field in changed})
    for field in changed:
        setattr(current, field, values[field])
    check(current)
    current.version = stored + 1  # type: ignore[attr-defined]
    current.save(update_fields=[*changed, "version"])
    return changed


def cells_meant(
    values: Mapping[K, V],
    seen: Mapping[K, V],
    now: Mapping[K, V],
    *,
    message: Any,
    shown: Callable[[K, V], tuple[str, str, str]],
) -> dict[K, V]:
    """What the editor of a grid changed of what they saw; a cell not in ``seen`` is meant as it is.

    Where somebody else meanwhile said a third thing (``now``), a :class:`VersionConflict` has both;
    ``shown(cell, yours)`` says the cell's name, theirs and yours.
    """
    mine = {cell: value for cell, value in values.items() if cell not in seen or value != seen[cell]}
    fields = {}
    for cell, value in mine.items():
        if cell in seen and now[cell] not in (seen[cell], value):
            label, theirs, yours = shown(cell, value)
            fields[label] = {"theirs": theirs, "yours": yours}
    if fields:
        raise VersionConflict(message, fields)
    return mine


def form_conflict(
    form: BaseForm, error: VersionConflict, version: int | str, seen: str = "version"
) -> VersionConflict:
    """Let a page show a lost race: the fields by their labels, choices by their words.

    The form takes the stored ``version`` (or what else its field ``seen`` holds), so that saving once
    more, now knowing both, is meant.
    """
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data[form.add_prefix(seen)] = str(version)  # type: ignore[index]
    for name, both in error.details["fields"].items():
        if name not in form.fields:
            continue
        field = form.fields[name]
        words = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        for side in ("yours", "theirs"):
            both[side] = words.get(str(both[side]), both[side])
        both["label"] = field.label
    return error
