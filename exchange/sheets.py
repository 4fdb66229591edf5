"""What kinds of files can come in. A room registers a :class:`Sheet`; ``exchange`` reads, maps, checks,
shows, applies and undoes it the same way for all: page, API, watched folder and shell.

The work is done in columns, in the database: ``exchange`` loads the mapped, typed columns into a temporary
table ``staging`` (by COPY), the sheet adds its checks and its upsert in SQL.

``staging`` has ``line`` (int, the line in the file, not unique: a file with a column per month gives a row
per month) and one column per field of the sheet, named as the field, also for fields the file does not have
(all NULL then). By ``Field.kind``: text, code → text, without blanks around it; number, amount →
numeric(18,4), rounded half away from zero, so it compares equal with what is stored; exact → numeric(22,8),
likewise; date → date; month →
date, the first of the month; flag → boolean. An empty cell is NULL. The table is analysed, and holds only
rows whose cells could all be read.

``refused`` has ``line int, "column" text, value text, code text, params jsonb``; unreadable cells are already
in it. A sheet's ``check`` adds what it will not take (unknown code, overlap, closed month…): ``column`` is
the field's name (shown as the file's own header), ``value`` what stood there, ``code`` a key of ``reasons``.
A line that is in ``refused`` is refused as a whole. ``params`` may be ``'{}'``.

Both tables live until the end of the transaction. Imports of one sheet are applied one after the other
(advisory lock), and ``check`` runs again in the transaction that applies.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.registry import Registry

KINDS = ("text", "code", "number", "amount", "exact", "date", "month", "flag")
FIGURES = ("number", "amount", "exact")
PASTED = ".txt"
"""What the name of an import of pasted cells ends with."""
UNSAID = _("ask when it is unclear")


@dataclass(frozen=True)
class Field:
    """One column a sheet knows. ``kind``: text, code, number, amount, exact (a number with up to eight
    decimals), date, month, flag.

    ``aliases`` are header names (folded: lower case, no accents, underscores for blanks) that map without
    help; the field's own name is one of them. ``beside``: a field with which figures under months are of this
    one, unless a person chose another. ``in_percent``: its figures may have a % behind them. ``words``: how
    a page says its codes.
    """

    name: str
    kind: str
    label: Any
    required: bool = False
    aliases: tuple[str, ...] = ()
    help_text: Any = ""
    beside: str = ""
    in_percent: bool = False
    words: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Option:
    """A question the sheet asks once per file layout, such as what revenue means; the first is the default.

    ``label`` is the question itself, with its question mark.
    ``choices`` may be a function of the person (``None``: anybody), where the data decide what can be
    answered.
    ``fields``: it is only asked when one of these fields is in the file (empty: always).
    ``when_unclear``: it is only asked when the sheet's ``check`` says that it must be; unanswered it is '',
    which ``unsaid`` puts in words.
    ``percent``: the answer that figures of its fields give with a % behind them; with another they have none.
    """

    name: str
    label: Any
    choices: Sequence[tuple[str, Any]] | Callable[[Any], Sequence[tuple[str, Any]]]
    fields: tuple[str, ...] = ()
    when_unclear: bool = False
    unsaid: Any = UNSAID
    percent: str = ""

    def answers(self, user: Any = None) -> Sequence[tuple[str, Any]]:
        """What the person can answer."""
        return self.choices(user) if callable(self.choices) else self.choices

    @property
    def default(self) -> str:
        return "" if self.when_unclear else self.answers()[0][0]

    def accepts(self, value: Any, user: Any) -> bool:
        """Whether it can be the person's answer; where the data decide, in whatever case."""
        keys = [key for key, _label in self.answers(user)]
        return value in keys or (callable(self.choices) and str(value).lower() in map(str.lower, keys))


@dataclass(frozen=True)
class Creation:
    """Something a file names that is made on the way. ``kind`` is a key of the sheet's ``creates_labels``;
    ``under`` what it comes to hang below, in words."""

    kind: str
    code: str
    name: str
    under: str = ""


@dataclass
class Counts:
    """What applying does, or did. ``refused`` is filled in by ``exchange``: the refused lines of the file.

    ``created``: what is made on the way; ``totals``: sums of the rows that count, by field name, as strings.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    created: Sequence[Creation] = ()
    totals: dict[str, str] = field(default_factory=dict)
    reconciled: Sequence[Mapping[str, str]] = ()
    """By month what came in and what became of it, where the sheet says so: ``month``, ``imported``,
    ``mapped``, ``unmapped`` = ``unmapped_over`` − ``unmapped_under``."""
    noted: dict[str, str] = field(default_factory=dict)
    """What to look at before it is applied, where the sheet says so: numbers by what they are of."""
    approval: Mapping[str, Any] = field(default_factory=dict)
    """What the sheet has to know to say who may apply it (``Sheet.apply_refused``); empty: whoever may."""
    months_from: datetime.date | None = None
    months_to: datetime.date | None = None

    @property
    def creates(self) -> dict[str, int]:
        """How many of which kind are made (``{"products": 3}``)."""
        return dict(Counter(each.kind for each in self.created))

    def as_json(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            **({"creates": self.creates} if self.creates else {}),
            **({"reconciled": list(self.reconciled)} if self.reconciled else {}),
            **({"noted": self.noted} if self.noted else {}),
            **({"approval": dict(self.approval)} if self.approval else {}),
        }


class Sheet(Protocol):
    """One kind of file. All methods run on the default connection, inside the caller's transaction.

    ``options`` given to the methods hold the answers to the sheet's own options, ``create_missing`` (bool)
    and ``correction``: why the file may change closed months ('': it may not).
    """

    key: str
    label: Any
    help_text: Any
    fields: Sequence[Field]
    one_of: Sequence[tuple[str, ...]]
    """Groups of fields of which a file must have at least one, such as ``("month", "week_start",
    "date")``."""
    options: Sequence[Option]
    permission: str
    """The right that importing this sheet needs, besides ``exchange.import``."""
    order: int
    wide_field: str
    """The date field that a column-per-month file spreads over its columns ('' where that makes no sense).
    The figures under those columns go to the sheet's first number or amount field, or the one a person
    chose."""
    can_create: bool
    """Whether ``create_missing`` means anything for this sheet."""
    correction_right: str
    """The right that changing closed months by a file needs; a sheet that knows no months does without. Such
    rows are refused with the code ``month_closed``."""
    reasons: Mapping[str, Any]
    """The words for the codes of its refused rows (lazy, with ``%(name)s`` for ``params``, and
    ``%(value)s``)."""
    creates_labels: Mapping[str, Any]
    """The words for the kinds of ``Counts.created``."""

    undo_check: Callable[[int], None]
    """Refuses with a ``DomainError`` to undo an import, by its id, where that can be told beforehand; a sheet
    may do without."""
    undoes: Any
    """What undoing an import does, and below what it did, where it is not to take away what is new and give
    the rest its old values; a sheet may do without both."""
    undid: Any
    pasted_at: str
    """The name of the page on which its cells are pasted; ``?again=`` an import fills them in. A sheet may do
    without."""

    def sees_all(self, user: Any) -> bool:
        """Whether the person may see imports of this sheet that others made (not limited to some lines)."""

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> Mapping[str, str] | None:
        """Add to ``refused`` what cannot be taken; with ``options['create_missing']`` unknown codes pass.
        ``user`` is ``None`` for the shell and the watched folder, which may write everything. Returns the
        options ``when_unclear`` that must be answered first, with an example of what is unclear."""

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        """Count what applying the rows not in ``refused`` would do; writes nothing."""

    def sample(self, cursor: Any, limit: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Some rows as they would be written, up to ``limit`` for each effect: ``line``, ``effect`` (new,
        changed, unchanged), and field names with JSON values; a changed row also ``old`` with field names."""

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        """Write the rows not in ``refused`` and the journal; derived tables of what was touched too."""

    def apply_refused(self, row: Any, user: Any) -> DomainError | None:
        """Why this person (``None``: nobody, it goes on by itself) does not apply the import that was
        checked, where its ``counts["approval"]`` asks for somebody else; a sheet may do without."""

    def undo(self, cursor: Any, import_id: int) -> Counts:
        """Restore what was there before. Raises ``DomainError`` when that cannot be done. Later imports of
        this sheet that changed something have been undone already: ``exchange`` sees to that."""


sheets: Registry[Any] = Registry("importable sheets")
