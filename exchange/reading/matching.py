"""Which column of the file is which field of a sheet."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .dates import month_heading

_TWIN = re.compile(r"(.+) \(\d+\)")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def fold(name: str) -> str:
    """``Netto-omzet (€)`` → ``netto_omzet``: lower case, no accents, underscores for the rest."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_WORD.sub("_", plain).strip("_")


def known_names(sheet: Any) -> dict[str, list[str]]:
    """Folded header name → the fields that it may be, the likeliest first."""
    names: dict[str, list[str]] = {}
    for each in sheet.fields:
        for alias in dict.fromkeys(map(fold, (each.name, *each.aliases))):
            names.setdefault(alias, []).append(each.name)
    return names


@dataclass
class ColumnMap:
    """``columns``: header → field; ``months``: header → month, for a file with a column per month, whose
    figures go to ``wide_value``. ``doubles``: field → the headers that name it, where several do and nobody
    said which one it is."""

    columns: dict[str, str] = field(default_factory=dict)
    months: dict[str, str] = field(default_factory=dict)
    wide_value: str = ""
    doubles: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"columns": self.columns, "months": self.months, "wide_value": self.wide_value}


def columns_match(sheet: Any, headers: Sequence[str], chosen: Mapping[str, Any]) -> ColumnMap:
    """Match by name, a person's or a layout's choice (``Import.mapping``) going first.

    A field is taken by the first column that names it; a column may be set to '' to leave it out. A header
    that two fields share is the second where another column can only be the first.
    """
    names = known_names(sheet)
    known = {each.name for each in sheet.fields}
    said = {
        header: name
        for header, name in (chosen.get("columns") or {}).items()
        if header in headers and (not name or name in known)
    }
    chosen_fields = {name for name in said.values() if name}
    unsaid = [names.get(fold(header), []) for header in headers if header not in said]
    certain = chosen_fields | {several[0] for several in unsaid if len(several) == 1}
    named: dict[str, list[str]] = {}
    columns: dict[str, str] = {}
    for header in headers:
        several = names.get(fold(_first_of_twins(header, headers)), [""])
        name = said.get(header, next((each for each in several if each not in certain), several[0]))
        if header not in said and name in chosen_fields:
            name = ""
        if name and name not in named:
            columns[header] = name
        if name:
            named.setdefault(name, []).append(header)
    found = _with_months(sheet, headers, columns, said, chosen)
    found.doubles = {name: several for name, several in named.items() if len(several) > 1}
    return found


def _first_of_twins(header: str, headers: Sequence[str]) -> str:
    """``afzet (3)`` is the name of a second column ``afzet`` (``tables.unique_headers``)."""
    twin = _TWIN.fullmatch(header)
    return twin[1] if twin and twin[1] in headers else header


def _with_months(
    sheet: Any,
    headers: Sequence[str],
    columns: dict[str, str],
    said: Mapping[str, str],
    chosen: Mapping[str, Any],
) -> ColumnMap:
    dates = {each.name for each in sheet.fields if each.kind in ("date", "month")}
    has_date = any(name in dates for name in columns.values())
    values = [each.name for each in sheet.fields if each.kind in ("number", "amount")]
    if not sheet.wide_field or not values or has_date:
        return ColumnMap(columns)
    months = {
        header: month.isoformat()
        for header in headers
        if header not in columns and header not in said and (month := month_heading(header)) is not None
    }
    # A single one beside a column of figures is no sheet of months.
    least = 2 if set(values).intersection(columns.values()) else 1
    if len(months) < least or len(set(months.values())) < len(months):
        return ColumnMap(columns)
    value = str(chosen.get("wide_value") or "")
    if value not in values:
        there = set(columns.values())
        value = next((each.name for each in sheet.fields if each.beside and each.beside in there), values[0])
    return ColumnMap(columns, months, value)


def missing_fields(sheet: Any, mapping: ColumnMap) -> list[tuple[str, ...]]:
    """Groups of fields of which the file has none but must have one."""
    there = set(mapping.columns.values())
    if mapping.months:
        there |= {sheet.wide_field, mapping.wide_value}
    groups = [(each.name,) for each in sheet.fields if each.required] + [tuple(g) for g in sheet.one_of]
    return [group for group in groups if not there.intersection(group)]


def signature(sheet_key: str, headers: Sequence[str]) -> str:
    """The layout's name for machines: the sheet and the columns, months left out, so that next month's wide
    file is the same layout."""
    names = [fold(header) for header in headers if month_heading(header) is None]
    wide = ["*months*"] if len(names) < len(headers) else []
    return hashlib.sha256("\x1f".join([sheet_key, *names, *wide]).encode()).hexdigest()


def sheets_fitting(sheets: Sequence[Any], headers: Sequence[str]) -> list[Any]:
    """The sheets whose needs the headers meet with most columns known: one, or several that cannot be told
    apart by the names alone, in their order."""
    scored = []
    for sheet in sheets:
        columns = columns_match(sheet, headers, {})
        if not missing_fields(sheet, columns):
            scored.append((len(columns.columns) + bool(columns.months), sheet))
    best = max((score for score, _ in scored), default=0)
    return [sheet for score, sheet in scored if score == best]
