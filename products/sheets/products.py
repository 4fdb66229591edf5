"""The sheet *products*: new products, and what a file says of known ones.

An empty cell says nothing, nor does what a known product has from its line already. A new product needs a
line: the file's, or (with "create") one that is made; without a line in the file new products go to the
one that was chosen, else to the line ``new``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exchange.sheets import Counts, Creation, Field
from products.converters import RESERVED_CODES
from products.models import Product, ProductCode, Segment, Supplier
from products.selectors.access import FLOOR_RIGHT, visible_line_ids
from products.selectors.lines import LineTree
from products.services.codes import RESERVED_SOURCES
from products.services.figures import figures_refresh
from products.services.imported import (
    DEFAULT_LINE,
    imported_note,
    imported_undo,
    lines_planned,
    missing_create,
    values_of,
)
from products.services.line import measures_lost

from . import created_in, sources
from .known import Named, ProductsKnown, lines_known
from .planned import Plan, PlannedSheet, Refused, Row
from .words import CREATES, REASONS

GTIN = "GTIN"
_PLAIN = ("name", "unit", "description", "launched", "ended", "temporary", "floor_rate")
_IDS = {
    "line_id": "product_line",
    "owner_id": "owner",
    "supplier_id": "supplier",
    "segment_id": "segment",
}
_REVIEW_MOST = 120
_LENGTHS = {"code": 60, "name": 160, "unit": 40}
_KINDS = {
    **dict.fromkeys(
        ("good", "goods", "goed", "goederen", "fysiek product", "product", "artikel"), Product.Kind.GOOD
    ),
    **dict.fromkeys(("service", "services", "dienst", "diensten"), Product.Kind.SERVICE),
}


@dataclass
class _Row:
    """One row of the file as it would be written."""

    line: int
    product: Product | None
    values: dict[str, Any]
    codes: list[tuple[str, str]]
    new_line: str = ""
    old: dict[str, Any] = field(default_factory=dict)

    @property
    def effect(self) -> str:
        if self.product is None:
            return "new"
        return "changed" if self.old or self.codes else "unchanged"


class _Plan(Plan):
    """What the rows of ``staging`` mean for what there is."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._create = bool(options.get("create_missing")) and (
            user is None or user.has_perm("products.edit_structure")
        )
        self._limited = user is not None and visible_line_ids(user) is not None
        self._floors = user is None or user.has_perm(FLOOR_RIGHT)
        self._lines = lines_known(user)
        self._created_in = str(options.get(created_in.CREATED_IN) or DEFAULT_LINE)
        self._tree = LineTree()
        self._named_rows = {
            "supplier": Named(Supplier.objects.all()),
            "segment": Named(Segment.objects.all()),
        }
        emails = {(row["owner"] or "").lower() for row in rows} - {""}
        self._owners = {u.email: u for u in User.objects.filter(email__in=emails, is_active=True)}
        codes = ProductCode.objects.order_by().values_list("source", "code", "product_id")
        self._taken = {(source.lower(), code.lower()): pk for source, code, pk in codes}
        self._named: dict[str, set[int]] = {}
        for _source, code, pk in codes:
            self._named.setdefault(code.upper(), set()).add(pk)
        own = Product.objects.order_by().values_list("code", "pk")
        self._own = {code.upper(): pk for code, pk in own}
        self.new_lines: dict[str, str] = {}

    def read(self, row: Row) -> _Row:
        code = row["product"]
        product = self.products.find(row)
        problem = self._problem(row, code, product)
        if problem:
            raise Refused(*problem, source=self.products.source(row))
        self.once((product.code if product else code).upper(), row, "product", "duplicate_code")
        if product is None:
            self._own[code.upper()] = -row["line"]
        values = {name: row[name] for name in _PLAIN if row[name] is not None}
        if row["kind"]:
            values["kind"] = str(_KINDS[row["kind"].lower()])
        if row["owner"]:
            values["owner_id"] = self._owners[row["owner"].lower()].pk
        if row["review_months"] is not None:
            values["review_months"] = int(row["review_months"])
        for name, known in self._named_rows.items():
            if row[name]:
                values[f"{name}_id"] = known.find(row[name]).pk
        new_line = self._line(row, product, values)
        codes = self._codes(row, product)
        launched = values.get("launched", product and product.launched)
        ended = values.get("ended", product and product.ended)
        if launched and ended and ended < launched:
            raise Refused("ended", "ends_before_launch")
        if new_line:
            self.new_lines.setdefault(new_line.lower(), new_line)
        if product is None:
            values = {"code": code, "name": code[: _LENGTHS["name"]], **values}
        else:
            values = {name: value for name, value in values.items() if self._is_news(product, name, value)}
        old = {} if product is None else {name: getattr(product, name) for name in values}
        if product is not None and new_line:
            old["line_id"] = product.line_id
        return _Row(row["line"], product, values, codes, new_line, old)

    def together(self) -> Iterable[tuple[int, Refused]]:
        """A product goes to no line that does not count what it has figures in."""
        moving = {
            row.product.pk: row
            for row in self.rows
            if row.product and (row.new_line or "line_id" in row.values)
        }
        lost = measures_lost({pk: row.values.get("line_id") for pk, row in moving.items()})
        for pk, measure in lost.items():
            yield moving[pk].line, Refused("product_line", "line_lacks_measure", measure=measure.code)

    def _is_news(self, product: Product, name: str, value: Any) -> bool:
        """Not what the product says, nor what it has from its line: a list names that too."""
        own = getattr(product, name)
        if own in (None, "") and name in ("owner_id", "unit", "floor_rate", "review_months"):
            own = self._tree.inherited(product.line_id, name).value
        return bool(own != value)

    def _problem(self, row: dict[str, Any], code: str, product: Product | None) -> tuple[str, str] | None:
        """The column and code of what is wrong with a row by itself."""
        if product is None:
            if not self.products.is_free(row):
                return "product", self.products.problem(row)
            if code.upper() in self._named:
                return "product", "code_means_another"
            if len(code) > _LENGTHS["code"]:
                return "product", "too_long"
            if code.lower() in RESERVED_CODES:
                return "product", "product_code_reserved"
        for name in ("name", "unit"):
            if len(row[name] or "") > _LENGTHS[name]:
                return name, "too_long"
        if row["kind"] and row["kind"].lower() not in _KINDS:
            return "kind", "kind_unknown"
        if row["owner"] and row["owner"].lower() not in self._owners:
            return "owner", "owner_unknown"
        for name, known in self._named_rows.items():
            if row[name] and known.find(row[name]) is None:
                return name, f"{name}_unknown"
        if row["floor_rate"] is not None and not self._floors:
            return "floor_rate", "floor_not_seen"
        if row["floor_rate"] is not None and abs(row["floor_rate"]) > 1:
            return "floor_rate", "floor_not_a_share"
        months = row["review_months"]
        if months is not None and (months != int(months) or not 1 <= months <= _REVIEW_MOST):
            return "review_months", "review_not_months"
        return None

    def _line(self, row: dict[str, Any], product: Product | None, values: dict[str, Any]) -> str:
        """Put the line into ``values``; or the name of one to be made."""
        text = row["product_line"] or ("" if product else self._created_in)
        if not text:
            return ""
        line = self._lines.find(text)
        if line is not None:
            values["line_id"] = line.pk
            return ""
        if not self._create or self._limited:
            raise Refused("product_line", "line_unknown")
        return str(text)

    def _codes(self, row: dict[str, Any], product: Product | None) -> list[tuple[str, str]]:
        """Other codes that are new to the product; none that another has."""
        pairs = [(GTIN, row["gtin"])] if row["gtin"] else []
        for part in (row["other_codes"] or "").split(";"):
            source, _sign, code = part.partition("=")
            if source.strip() and code.strip():
                pairs.append((source.strip()[:60], code.strip()[:80]))
        new = []
        here = product.pk if product else -row["line"]
        for source, code in pairs:
            key = (source.lower(), code.lower())
            owner = self._taken.get(key)
            problem = ""
            if owner is not None:
                problem = "" if owner == here else "other_code_taken"
            elif self._own.get(code.upper(), here) != here:
                problem = "other_code_is_own"
            elif source.lower() in RESERVED_SOURCES:
                problem = "source_reserved"
            else:
                self._taken[key] = here
                self._named.setdefault(code.upper(), set()).add(here)
                new.append((source, code))
            if problem:
                raise Refused("gtin" if source == GTIN else "other_codes", problem)
        return new

    def counts(self) -> Counts:
        found = super().counts()
        found.created = [Creation("lines", "", name) for name in self.new_lines.values()]
        return found

    def shown(self, row: _Row) -> dict[str, Any]:
        found: dict[str, Any] = {
            name: None if value is None else str(value)
            for name, value in row.values.items()
            if name not in _IDS
        }
        old = {name: str(value) for name, value in row.old.items() if name in found and value is not None}
        for column, name in _IDS.items():
            if row.values.get(column) is not None:
                found[name] = self._name(name, row.values[column])
                if row.old.get(column) is not None:
                    old[name] = self._name(name, row.old[column])
        if row.new_line:
            found["product_line"] = row.new_line
            if row.product is not None:
                old["product_line"] = self._name("product_line", row.product.line_id)
        for source, code in row.codes:
            if source == GTIN:
                found["gtin"] = code
            else:
                said = found.get("other_codes")
                found["other_codes"] = "; ".join(filter(None, (said, f"{source}={code}")))
        found["product"] = found.pop("code", None) or (row.product.code if row.product else "")
        return found | ({"old": old} if old else {})

    def _name(self, name: str, pk: int) -> str:
        """Of a product line, owner, supplier or segment; few are shown."""
        if name == "product_line":
            return str(self._tree.lines[pk].name)
        model: Any = {"owner": User, "supplier": Supplier, "segment": Segment}[name]
        return str(model.objects.get(pk=pk))

    def write(self, import_id: int) -> None:
        lines = self._lines_create(import_id)
        for row in self.rows:
            if row.new_line:
                row.values["line_id"] = lines[row.new_line.lower()]
        new = [row for row in self.rows if row.product is None]
        changed = [row for row in self.rows if row.product is not None and row.values]
        for row in new:
            row.product = Product(**row.values)
        made = Product.objects.bulk_create([row.product for row in new if row.product], batch_size=2000)
        imported_note(import_id=import_id, kind="product", rows=made)
        self._change(import_id, changed)
        codes = [
            ProductCode(product=row.product, source=source, code=code)
            for row in self.rows
            for source, code in row.codes
        ]
        imported_note(
            import_id=import_id, kind="code", rows=ProductCode.objects.bulk_create(codes, batch_size=2000)
        )
        if any("line_id" in row.values for row in changed):
            figures_refresh()

    def _change(self, import_id: int, changed: list[_Row]) -> None:
        before, after = {}, []
        names = {"version"}
        for row in changed:
            product = row.product
            assert product is not None
            before[product.pk] = values_of(product)
            for name, value in row.values.items():
                setattr(product, name, value)
            product.version += 1
            names |= {name.removesuffix("_id") for name in row.values}
            after.append(product)
        if after:
            Product.objects.bulk_update(after, sorted(names), batch_size=500)
        imported_note(import_id=import_id, kind="product", rows=after, before=before)

    def _lines_create(self, import_id: int) -> dict[str, int]:
        made = lines_planned(list(self.new_lines.values()))
        missing_create(import_id=import_id, lines=made)
        return {key: line[0] for key, line in zip(self.new_lines, made, strict=True)}


class ProductsSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "products"
    label = _("Products")
    help_text = _("Products with their line, kind, unit, owner, dates, supplier and other codes.")
    order = 10
    permission = "products.edit"
    can_create = True
    reasons = REASONS
    creates_labels = CREATES
    options = (sources.OPTION, created_in.OPTION)
    fields = (
        Field(
            "product",
            "code",
            _("Code"),
            required=True,
            aliases=("sku", "code", "product_code", "productcode", "artikel", "artikelnummer", "article"),
        ),
        sources.FIELD,
        Field("name", "text", _("Name"), aliases=("naam", "product_name", "productnaam", "omschrijving")),
        Field(
            "product_line",
            "text",
            _("Product line"),
            aliases=("line", "productlijn", "lijn", "category", "categorie", "productgroep"),
            help_text=_("Code or name."),
        ),
        Field(
            "kind",
            "code",
            _("Kind"),
            aliases=("soort", "type"),
            help_text=_("Good or service; empty: good."),
            words=dict(Product.Kind.choices),
        ),
        Field("unit", "text", _("Unit"), aliases=("eenheid",)),
        Field(
            "owner",
            "code",
            _("Owner"),
            aliases=("eigenaar", "e_mail", "email"),
            help_text=_("E-mail address."),
        ),
        Field(
            "description", "text", _("Description"), aliases=("beschrijving", "toelichting", "omschrijving")
        ),
        Field(
            "launched",
            "date",
            _("Launched"),
            aliases=(
                "launch_date",
                "launch_month",
                "introductie",
                "introductiedatum",
                "geintroduceerd",
                "gelanceerd",
            ),
        ),
        Field("ended", "date", _("Ended"), aliases=("end_date", "einddatum", "beeindigd")),
        Field("temporary", "flag", _("Temporary"), aliases=("tijdelijk",)),
        Field("supplier", "text", _("Supplier"), aliases=("leverancier",), help_text=_("Code or name.")),
        Field("segment", "text", _("Segment"), aliases=("klantsegment",), help_text=_("Code or name.")),
        Field(
            "floor_rate",
            "number",
            _("Margin floor"),
            aliases=("margin_floor", "minimummarge", "margebodem", "margeondergrens"),
            help_text=_("A share of the price: 0.25 is 25%."),
        ),
        Field(
            "review_months",
            "number",
            _("Review every (months)"),
            aliases=("review_every_months", "review_cycle", "review_elke_maanden"),
        ),
        Field("gtin", "code", "GTIN", aliases=("ean", "ean_code", "barcode")),
        Field(
            "other_codes",
            "text",
            _("Other codes"),
            aliases=("andere_codes", "codes"),
            help_text=_("As “source=code; source=code”."),
        ),
    )

    def sees_all(self, user: Any) -> bool:
        """Not without the right to see costs either: a file holds margin floors."""
        return visible_line_ids(user) is None and user.has_perm(FLOOR_RIGHT)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        _lock(self.rows(cursor), options)
        plan = self.checked(cursor, options)
        counts = plan.counts()
        plan.write(import_id)
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = imported_undo(import_id=import_id)
        figures_refresh()
        return Counts(new=taken, changed=restored)


def _lock(rows: Sequence[Row], options: Mapping[str, Any]) -> None:
    """Nobody saves one of these products between our reading and writing it."""
    known = ProductsKnown(rows, None, options.get(sources.CODE_SOURCE))
    pks = {product.pk for product in map(known.find, rows) if product}
    list(Product.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
