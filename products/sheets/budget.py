"""The sheet *budget*: the plan of a product or a whole line by channel, month and measure, in a version.

A row without a version belongs to ``budget-<year>`` of its financial year, which is made when first needed; a
row without a channel is the plan over all channels. A frozen version takes no more rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from exchange.sheets import Counts, Creation, Field
from products.models import BudgetRow, BudgetVersion, Measure, Product, ProductLine
from products.selectors.access import visible_channel_ids
from products.selectors.budget import budget_year
from products.selectors.lines import LineTree
from products.services.imported import imported_note, imported_undo, values_of

from . import sources
from .known import channels_known, lines_known, measures_known
from .planned import Plan, PlannedSheet, Refused, Row
from .words import CREATES, REASONS

Key = tuple[str, int | None, int | None, int | None, int, datetime.date]
"""Version's code, product, line, channel, measure, month."""


@dataclass
class _Row:
    line: int
    key: Key
    values: dict[str, Decimal]
    names: dict[str, str]
    existing: BudgetRow | None

    @property
    def effect(self) -> str:
        if self.existing is None:
            return "new"
        return "changed" if self.old else "unchanged"

    @property
    def old(self) -> dict[str, Decimal | None]:
        """The values that would change, as they are; nothing for a new row."""
        if self.existing is None:
            return {}
        before = {name: getattr(self.existing, name) for name in self.values}
        return {name: value for name, value in before.items() if value != self.values[name]}


class _Plan(Plan):
    """What the rows of ``staging`` mean for the budgets there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._create = bool(options.get("create_missing"))
        self._tree = LineTree()
        self._lines, self._channels = lines_known(user), channels_known(user)
        self._no_channel_refused = user is not None and visible_channel_ids(user) is not None
        self._measures = measures_known()
        self._versions = {version.code.lower(): version for version in BudgetVersion.objects.all()}
        self.new_versions: dict[str, int] = {}
        self._codes = {version.pk: version.code for version in self._versions.values()}
        self._existing = self._existing_rows(rows)

    def _existing_rows(self, rows: Sequence[Row]) -> dict[Key, BudgetRow]:
        months = [row["month"] for row in rows if row["month"]]
        if not months:
            return {}
        found = BudgetRow.objects.filter(month__range=(min(months), max(months)))
        return {
            (
                self._codes[row.version_id].lower(),
                row.product_id,
                row.line_id,
                row.channel_id,
                row.measure_id,
                row.month,
            ): row
            for row in found
        }

    def read(self, row: Row) -> _Row:
        subject = self._subject(row)
        measure = self._measure(row, subject)
        version = self._version(row)
        channel = self._channels.find(row["channel"]) if row["channel"] else None
        if channel is None and (row["channel"] or self._no_channel_refused):
            raise Refused("channel", "channel_unknown")
        values = {name: row[name] for name in ("volume", "revenue") if row[name] is not None}
        if not values:
            raise Refused("volume", "amount_missing")
        is_product = isinstance(subject, Product)
        key: Key = (
            version,
            subject.pk if is_product else None,
            None if is_product else subject.pk,
            channel.pk if channel else None,
            measure.pk,
            row["month"],
        )
        self.once(key, row, "month", "duplicate")
        names = {
            "product" if is_product else "product_line": subject.code,
            "channel": channel.name if channel else "",
            "measure": measure.code,
            "version": version,
            "month": row["month"].isoformat(),
        }
        return _Row(row["line"], key, values, names, self._existing.get(key))

    def _subject(self, row: Row) -> Product | ProductLine:
        if row["product"]:
            return self.product(row)
        if row["product_line"]:
            line: ProductLine | None = self._lines.find(row["product_line"])
            if line is None:
                raise Refused("product_line", "line_unknown")
            return line
        raise Refused("product", "subject_missing")

    def _measure(self, row: Row, subject: Product | ProductLine) -> Measure:
        line_id = subject.line_id if isinstance(subject, Product) else subject.pk
        measures = self._tree.measures(line_id)
        if not row["measure"]:
            return measures[0]
        found: Measure | None = self._measures.find(row["measure"])
        if found is None:
            raise Refused("measure", "measure_unknown")
        if found not in measures:
            raise Refused("measure", "measure_not_of_line")
        return found

    def _version(self, row: Row) -> str:
        """The version's code in small letters; one that is not there yet is planned."""
        year = budget_year(row["month"])
        code = (row["version"] or f"budget-{year}").lower()
        version = self._versions.get(code)
        if version is None:
            if row["version"] and not self._create:
                raise Refused("version", "budget_unknown")
            if len(code) > 40 or not code.replace("-", "").replace("_", "").isalnum() or not code.isascii():
                raise Refused("version", "budget_unknown")
            version_year = self.new_versions.setdefault(code, year)
        elif version.frozen_at is not None and not self._same(row, code):
            raise Refused("version", "budget_frozen")
        else:
            version_year = version.year
        if version_year != year:
            raise Refused("month", "budget_other_year", year=version_year)
        return code

    def _same(self, row: dict[str, Any], code: str) -> bool:
        """Whether a frozen budget says this already, so that sending a file again changes nothing."""
        product = self.products.find(row)
        line = None if product else self._lines.find(row["product_line"] or "")
        channel = self._channels.find(row["channel"] or "")
        subject = product or line
        measure = self._measure(row, subject) if subject else None
        found = self._existing.get(
            (
                code,
                product.pk if product else None,
                line.pk if line else None,
                channel.pk if channel else None,
                measure.pk if measure else 0,
                row["month"],
            )
        )
        return found is not None and all(
            row[name] is None or getattr(found, name) == row[name] for name in ("volume", "revenue")
        )

    def counts(self) -> Counts:
        found = super().counts()
        found.totals = {
            name: str(sum(row.values[name] for row in self.rows if name in row.values))
            for name in ("volume", "revenue")
            if any(name in row.values for row in self.rows)
        }
        needed = {row.key[0] for row in self.rows} & set(self.new_versions)
        found.created = [
            Creation("budgets", code, _version_name(code, self.new_versions[code])) for code in sorted(needed)
        ]
        return found

    def day(self, row: _Row) -> datetime.date:
        return row.key[5]

    def shown(self, row: _Row) -> dict[str, Any]:
        found: dict[str, Any] = {**row.names, **{name: str(value) for name, value in row.values.items()}}
        if row.old:
            found["old"] = {name: None if value is None else str(value) for name, value in row.old.items()}
        return found

    def write(self, import_id: int) -> None:
        versions = {code: version.pk for code, version in self._versions.items()}
        needed = {row.key[0] for row in self.rows} & set(self.new_versions)
        made = BudgetVersion.objects.bulk_create(
            BudgetVersion(
                code=code, name=_version_name(code, self.new_versions[code]), year=self.new_versions[code]
            )
            for code in sorted(needed)
        )
        imported_note(import_id=import_id, kind="budget", rows=made)
        versions |= {version.code: version.pk for version in made}
        new = [row for row in self.rows if row.existing is None]
        rows = BudgetRow.objects.bulk_create(
            [
                BudgetRow(
                    version_id=versions[row.key[0]],
                    product_id=row.key[1],
                    line_id=row.key[2],
                    channel_id=row.key[3],
                    measure_id=row.key[4],
                    month=row.key[5],
                    source_import_id=import_id,
                    **row.values,
                )
                for row in new
            ],
            batch_size=2000,
        )
        imported_note(import_id=import_id, kind="budget_row", rows=rows)
        before, changed = {}, []
        for row in self.rows:
            if row.existing is not None and row.old:
                before[row.existing.pk] = values_of(row.existing)
                for name, value in row.values.items():
                    setattr(row.existing, name, value)
                row.existing.source_import_id = import_id
                changed.append(row.existing)
        if changed:
            BudgetRow.objects.bulk_update(changed, ["volume", "revenue", "source_import"], batch_size=500)
        imported_note(import_id=import_id, kind="budget_row", rows=changed, before=before)


class BudgetSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "budget"
    label = _("Budget")
    help_text = _("The budget of products or lines by channel and month.")
    order = 30
    permission = "products.edit_budget"
    wide_field = "month"
    can_create = True
    reasons = REASONS
    creates_labels = CREATES
    one_of: tuple[tuple[str, ...], ...] = (("product", "product_line"), ("volume", "revenue"))
    options = (sources.OPTION,)
    fields: tuple[Field, ...] = (
        sources.PRODUCT,
        sources.FIELD,
        Field("product_line", "text", _("Product line"), aliases=("line", "productlijn", "lijn")),
        sources.CHANNEL,
        Field(
            "month",
            "month",
            _("Month"),
            required=True,
            aliases=("maand", "period", "periode", "date", "datum"),
        ),
        Field("measure", "code", _("Measure"), aliases=("maat", "kengetal")),
        Field("version", "code", _("Budget"), aliases=("budget", "versie", "budget_version", "scenario")),
        Field(
            "volume", "number", _("Volume"), aliases=("units", "afzet", "aantal", "quantity", "budget_volume")
        ),
        Field(
            "revenue",
            "amount",
            _("Revenue"),
            aliases=("omzet", "amount", "bedrag", "budget_revenue", "turnover"),
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        _lock()
        plan = self.checked(cursor, options)
        counts = plan.counts()
        plan.write(import_id)
        return counts

    def undo_check(self, import_id: int) -> None:
        """Raises ``DomainError`` where a budget of it was frozen since."""
        frozen = BudgetVersion.objects.filter(rows__source_import_id=import_id, frozen_at__isnull=False)
        if version := frozen.first():
            details = {"budget": version.name}
            message = gettext("%(budget)s is frozen and does not change any more.") % details
            raise DomainError("budget_is_frozen", message, status=409, details=details)

    def undo(self, cursor: Any, import_id: int) -> Counts:
        _lock()
        self.undo_check(import_id)
        taken, restored = imported_undo(import_id=import_id)
        return Counts(new=taken, changed=restored)


def _lock() -> None:
    """Nobody freezes a budget or fills it in meanwhile."""
    list(BudgetVersion.objects.select_for_update().order_by("pk").values_list("pk"))


def _version_name(code: str, year: int) -> str:
    return f"Budget {year}" if code == f"budget-{year}" else code
