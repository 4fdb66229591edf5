"""What kinds of files can come in. A room registers a :class:`Sheet`; ``exchange`` reads, maps, checks, shows,
applies and undoes it the same way for all: page, API, watched folder and shell.

The work is done in columns, in the database: ``exchange`` loads the mapped, typed columns into a temporary
table ``staging`` (by COPY), the sheet adds its checks and its upsert in SQL.

``staging`` has ``line`` (int, the line in the file), one column per field of the sheet named as the field
(text, date, or numeric by its kind; NULL where the cell is empty) and is limited to rows whose cells could be
read; unreadable cells are already in ``refused``. ``refused`` has ``line, column, value, code, params``. A
sheet's ``check`` adds to ``refused`` what it will not take (unknown code, overlap, closed month…).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.registry import Registry


@dataclass(frozen=True)
class Field:
    """One column a sheet knows. ``kind``: text, code, number, amount, date, month, flag.

    ``aliases`` are header names (folded: lower case, no accents, underscores for blanks) that map without help.
    """

    name: str
    kind: str
    label: Any
    required: bool = False
    aliases: tuple[str, ...] = ()
    help_text: Any = ""


@dataclass(frozen=True)
class Option:
    """A question the sheet asks once per file layout, such as what revenue means; the first is the default."""

    name: str
    label: Any
    choices: Sequence[tuple[str, Any]]


@dataclass
class Counts:
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    creates: dict[str, int] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    months_from: datetime.date | None = None
    months_to: datetime.date | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            **({"creates": self.creates} if self.creates else {}),
        }


class Sheet(Protocol):
    """One kind of file. All methods run on the default connection, inside the caller's transaction."""

    key: str
    label: Any
    help_text: Any
    fields: Sequence[Field]
    options: Sequence[Option]
    permission: str
    order: int
    wide_field: str
    """The date field that a column-per-month file spreads over its columns ('' where that makes no sense)."""

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> None:
        """Add to ``refused`` what cannot be taken; with ``options['create_missing']`` unknown codes pass."""

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        """Count what applying the rows not in ``refused`` would do; writes nothing."""

    def sample(self, cursor: Any, limit: int) -> list[dict[str, Any]]:
        """Some rows as they would be written, each with ``line`` and ``effect`` (new, changed, unchanged)."""

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        """Write the rows not in ``refused`` and the journal; derived tables of what was touched too."""

    def undo(self, cursor: Any, import_id: int) -> Counts:
        """Restore what was there before. Raises ``DomainError`` when that cannot be done."""


sheets: Registry[Any] = Registry("importable sheets")
