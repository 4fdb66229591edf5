"""The sheet *drivers*: values of drivers by day, week or month, past and known future ones, for everything,
for a line or for a product."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.months import month_start
from exchange.sheets import Counts, Creation, Field, Option
from forecasting.models import Driver, DriverValue
from forecasting.services.drivers import driver_code, driver_ensure, driver_import_undo, values_write
from products.models import Product, ProductLine
from products.selectors.access import is_limited
from products.sheets import sources
from products.sheets.known import lines_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row
from products.sheets.sales_fields import WEEK_START

_STEPS = {"month": Driver.Step.MONTH, "week_start": Driver.Step.WEEK, "date": Driver.Step.DAY}

REASONS: dict[str, Any] = {
    "driver_unknown": _("no driver has this name; let pmtool make it"),
    "driver_has_no_code": _("a name needs letters or digits"),
    "driver_is_calendar": _("pmtool computes this one itself"),
    "step_differs": _("this driver has values by the %(step)s"),
    "date_missing": _("no month, week or date"),
    "value_missing": _("no value"),
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "line_unknown": _("no product line has this code or name"),
    "product_and_line": _("a product and a product line; give one of them"),
    "shared_by_all": _("is shared by all lines; you are limited to some of them"),
    "too_long": _("too long"),
    "duplicate": _("line %(other)s of the file is about the same driver and time"),
}

Scope = tuple[str, int | None, int | None]
"""A driver's code, product, line."""


@dataclass(frozen=True)
class _Row:
    line: int
    scope: Scope
    step: str
    date: datetime.date
    value: Decimal
    names: dict[str, str]
    old: Decimal | None
    """What stands there; ``None``: nothing."""

    @property
    def effect(self) -> str:
        if self.old is None:
            return "new"
        return "unchanged" if self.old == self.value else "changed"


class _Plan(Plan):
    """What the rows of ``staging`` mean for the drivers there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._create = bool(options.get("create_missing"))
        self._kind = options.get("kind") or Driver.Kind.SERIES
        self._limited = user is not None and is_limited(user)
        self._lines = lines_known(user)
        self._drivers: dict[Scope, Driver] = {}
        self._by_name: dict[str, str] = {}
        for driver in Driver.objects.all():
            self._drivers[driver.code, driver.product_id, driver.line_id] = driver
            self._by_name.setdefault(driver.name.lower(), driver.code)
        self._there = self._values(rows)
        self._units: dict[Scope, tuple[str, str]] = {}
        self._steps: dict[Scope, str] = {}

    def _values(self, rows: Sequence[Row]) -> dict[tuple[int, datetime.date], Decimal]:
        codes = {self._code(row["driver"]) for row in rows}
        held = [driver.pk for (code, _product, _line), driver in self._drivers.items() if code in codes]
        found = DriverValue.objects.filter(driver__in=held).values_list("driver_id", "date", "value")
        return {(pk, date): value for pk, date, value in found.iterator(chunk_size=20000)}

    def _code(self, text: str) -> str:
        return self._by_name.get(text.lower(), "") or driver_code(text)

    def read(self, row: Row) -> _Row:
        scope = self._scope(row)
        column = next((name for name in _STEPS if row[name] is not None), None)
        if column is None:
            raise Refused("month", "date_missing")
        if row["value"] is None:
            raise Refused("value", "value_missing")
        driver = self._drivers.get(scope)
        if driver is None and not self._create:
            raise Refused("driver", "driver_unknown")
        if driver is not None and driver.calendar:
            raise Refused("driver", "driver_is_calendar")
        step = self._steps.setdefault(scope, driver.step if driver else _STEPS[column])
        if step != _STEPS[column]:
            raise Refused(column, "step_differs", step=str(Driver.Step(step).label))
        key = scope, row[column]
        self.once(key, row, column, "duplicate")
        self._units.setdefault(scope, (row["driver"], row["unit"] or ""))
        names = {"driver": driver.name if driver else row["driver"], column: row[column].isoformat()}
        names |= {name: row[name] for name in ("product", "product_line") if row[name]}
        old = self._there.get((driver.pk, row[column])) if driver else None
        return _Row(row["line"], scope, step, row[column], row["value"], names, old)

    def _scope(self, row: Row) -> Scope:
        code = self._code(row["driver"] or "")
        if not code:
            raise Refused("driver", "driver_has_no_code")
        if len(row["driver"]) > 120 or len(row["unit"] or "") > 20:
            raise Refused("driver" if len(row["driver"]) > 120 else "unit", "too_long")
        if row["product"] and row["product_line"]:
            raise Refused("product_line", "product_and_line")
        if row["product"]:
            return code, self.product(row).pk, None
        if row["product_line"]:
            line: ProductLine | None = self._lines.find(row["product_line"])
            if line is None:
                raise Refused("product_line", "line_unknown")
            return code, None, line.pk
        if self._limited:
            raise Refused("driver", "shared_by_all")
        return code, None, None

    def counts(self) -> Counts:
        found = super().counts()
        made = sorted({row.scope for row in self.rows} - set(self._drivers), key=str)
        found.created = [Creation("drivers", scope[0], self._units[scope][0]) for scope in made]
        return found

    def day(self, row: _Row) -> datetime.date:
        return month_start(row.date)

    def shown(self, row: _Row) -> dict[str, Any]:
        said = {**row.names, "value": str(row.value)}
        return said | ({"old": {"value": str(row.old)}} if row.effect == "changed" else {})

    def write(self, import_id: int) -> None:
        by_scope: dict[Scope, list[_Row]] = defaultdict(list)
        for row in self.rows:
            by_scope[row.scope].append(row)
        values = []
        for (code, product_id, line_id), rows in sorted(by_scope.items(), key=lambda item: str(item[0])):
            name, unit = self._units[code, product_id, line_id]
            driver = self._drivers.get((code, product_id, line_id)) or driver_ensure(
                code=code,
                name=name,
                unit=unit,
                kind=self._kind,
                step=rows[0].step,
                product=None if product_id is None else Product(pk=product_id),
                line=None if line_id is None else ProductLine(pk=line_id),
                source="import",
                import_id=import_id,
            )
            values += [(driver.pk, row.date, row.value) for row in rows]
        values_write(rows=values, import_id=import_id)


class DriversSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "drivers"
    label = pgettext_lazy("kind of file", "Drivers of the forecast")
    help_text = _("Temperature, promotions, prices and the like, with what is known ahead.")
    order = 40
    permission = "forecasting.edit"
    wide_field = "month"
    can_create = True
    reasons = REASONS
    creates_labels: Mapping[str, Any] = {"drivers": _("drivers")}
    one_of = (("month", "week_start", "date"),)
    options = (
        sources.OPTION,
        Option(
            "kind",
            _("What are these figures? It holds for drivers that are new."),
            (
                ("series", _("They always have a value, such as temperature or a price")),
                ("event", _("They happen now and then, such as promotions; a day without one is 0")),
            ),
        ),
    )
    fields = (
        Field("driver", "text", _("Driver"), True, ("aanjager", "factor", "invloed"), _("Its name or code.")),
        Field("month", "month", _("Month"), aliases=("maand", "period", "periode")),
        WEEK_START,
        Field("date", "date", _("Date"), aliases=("datum", "day", "dag")),
        Field("value", "number", _("Value"), True, ("waarde", "driver_value", "temperature", "temperatuur")),
        Field("unit", "text", _("Unit"), aliases=("eenheid",), help_text=_("Such as °C or €.")),
        Field(
            "product",
            "code",
            _("Product"),
            aliases=("sku", "product_code", "artikel", "artikelnummer"),
            help_text=_("Only where it holds for one product."),
        ),
        sources.FIELD,
        Field(
            "product_line",
            "text",
            _("Product line"),
            aliases=("productlijn", "lijn"),
            help_text=_("Only where it holds for one line."),
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        plan.write(import_id)
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = driver_import_undo(import_id=import_id)
        return Counts(new=taken, changed=restored)


def register() -> None:
    from exchange.sheets import sheets

    sheets.register(DriversSheet())
