"""The sheet *ledger_mapping*: what accounts of the ledger cost, from a month on, in one part or several."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from exchange.models import Import
from exchange.sheets import Counts, Field, Option
from pricing.models import CostKind, LedgerEntry, LedgerMapping
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.ledger import UNMAPPED
from pricing.services.ledger import (
    Key,
    Part,
    mapping_rows,
    mapping_same,
    mappings_import,
    mappings_import_undo,
)
from pricing.words.cost_sheet import CODES, Split, says_all
from products.models import Product
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.closing import CLOSE, closed_until, may_correct, open_from
from products.sheets import sources
from products.sheets.known import Named, channels_known, lines_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row
from products.sheets.words import MONTH_CLOSED

from .ledger import ACCOUNT

NAMES = ("account", "cost_centre", "dimension")
REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "line_unknown": _("no product line has this code or name"),
    "kind_unknown": _("no kind of cost has this code or name"),
    "channel_unknown": _("no channel has this code or name"),
    "limited": _("is shared by all lines; you are limited to some of them"),
    "too_long": _("too long"),
    "split": _("a product, or else how the products of a line or all share it: volume or revenue"),
    "product_and_more": _("a product, and a line or a split; give one of them"),
    "kind_missing": _("no kind of cost; where it is not mapped any more, say so in the column “ends”"),
    "ends_and_more": _("an end, and what it costs; give one of them"),
    "share_wrong": _("over 0 and at most 100 per cent"),
    "shares": _("the shares of this account from that month add up to %(whole)s, not to 100"),
    "month_closed": MONTH_CLOSED,
}


@dataclass
class _Row:
    """``part``: ``None`` where the account is not mapped any more. ``effect``: that of the whole mapping."""

    line: int
    key: Key
    part: Part | None
    effect: str = ""


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the mapping there is. The rows of one account, cost centre,
    dimension and month are one mapping."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        limits = (None, None) if user is None else (visible_line_ids(user), visible_channel_ids(user))
        self._limited = limits != (None, None)
        self._correcting = bool(options.get("correction")) and (user is None or may_correct(user))
        self._kinds = Named(CostKind.objects.exclude(code=UNMAPPED))
        self._lines, self._channels = lines_known(user), channels_known(user)
        self._there: dict[Key, list[LedgerMapping]] = defaultdict(list)
        for row in LedgerMapping.objects.filter(replaced_at=None).order_by("part"):
            self._there[Key(row.account, row.cost_centre, row.dimension, row.start_month)].append(row)

    def read(self, row: Row) -> _Row:
        if self._limited:
            raise Refused("account", "limited")
        for name in NAMES:
            if len(row[name] or "") > 40:
                raise Refused(name, "too_long")
        key = Key(row["account"], row["cost_centre"] or "", row["dimension"] or "", row["start_month"])
        if not row["ends"]:
            return _Row(row["line"], key, self._part(row))
        for name in ("share", "kind", "product", "product_line", "split", "channel"):
            if row[name] is not None:
                raise Refused(name, "ends_and_more")
        return _Row(row["line"], key, None)

    def _part(self, row: Row) -> Part:
        if row["kind"] is None:
            raise Refused("kind", "kind_missing")
        kind, product = self._kinds.find(row["kind"]), self._product(row)
        if kind is None:
            raise Refused("kind", "kind_unknown")
        line = channel = None
        if row["product_line"]:
            line = self._lines.find(row["product_line"])
            if line is None and not says_all(row["product_line"]):
                raise Refused("product_line", "line_unknown")
        if row["channel"]:
            channel = self._channels.find(row["channel"])
            if channel is None:
                raise Refused("channel", "channel_unknown")
        key = CODES["split"].get((row["split"] or "").lower(), "")
        if product is not None and (row["product_line"] or row["split"]):
            raise Refused("product", "product_and_more")
        if product is None and key not in (Split.VOLUME, Split.REVENUE):
            raise Refused("split", "split")
        share = Decimal(100) if row["share"] is None else row["share"]
        if not 0 < share <= 100:
            raise Refused("share", "share_wrong")
        return Part(kind, product, line, key, channel, share / 100)

    def _product(self, row: Row) -> Product | None:
        said = row["product"]
        if not said or (says_all(said) and self.products.find(row) is None):
            return None
        return self.product(row)

    def together(self) -> Iterator[tuple[int, Refused]]:
        """A mapping is whole, and closed months change by a correction alone."""
        own: dict[Key, list[_Row]] = defaultdict(list)
        for row in self.rows:
            own[row.key].append(row)
        closed = {} if self._correcting else self._closed({key.account for key in own})
        for key, rows in own.items():
            parts = [row.part for row in rows if row.part is not None]
            whole = sum((part.share for part in parts), Decimal(len(rows) - len(parts)))
            there = self._there.get(key, [])
            same = mapping_same(there, mapping_rows(key, parts))
            for row in rows:
                row.effect = "unchanged" if same else "changed" if there else "new"
            why = None
            if whole != 1:
                why = Refused("share", "shares", whole=f"{(whole * 100).normalize():f}")
            elif not same and closed.get(key.account, datetime.date.min) >= key.start_month:
                why = Refused("start_month", "month_closed", until=f"{closed_until():%Y-%m}")
            if why is not None:
                yield from ((row.line, why) for row in rows)

    def _closed(self, accounts: set[str]) -> dict[str, datetime.date]:
        """The last closed month in which the ledger has something of an account."""
        begin = open_from()
        if begin is None:
            return {}
        entries = LedgerEntry.objects.filter(account__in=accounts, month__lt=begin).order_by()
        return dict(entries.values_list("account").annotate(Max("month")))

    def mappings(self) -> dict[Key, list[Part]]:
        """What is to be written."""
        found: dict[Key, list[Part]] = {}
        for row in self.rows:
            if row.effect != "unchanged":
                found.setdefault(row.key, []).extend([] if row.part is None else [row.part])
        return found

    def day(self, row: _Row) -> datetime.date:
        return row.key.start_month

    def shown(self, row: _Row) -> dict[str, Any]:
        found = {name: getattr(row.key, name) or None for name in NAMES}
        found["start_month"] = row.key.start_month.isoformat()
        if row.part is None:
            return found | {"ends": True}
        part = row.part
        codes = {
            "kind": part.kind,
            "product": part.product,
            "product_line": part.line,
            "channel": part.channel,
        }
        return {
            **found,
            "share": f"{(part.share * 100).normalize():f}",
            **{name: each and each.code for name, each in codes.items()},
            "split": part.key or None,
        }


class MappingSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "ledger_mapping"
    label = _("Mapping of the ledger")
    help_text = _("What accounts of the ledger cost, of which products, from when.")
    order = 63
    permission = EDIT
    correction_right = CLOSE
    reasons = REASONS
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        ACCOUNT,
        Field(
            "cost_centre",
            "code",
            _("Cost centre"),
            aliases=("cost_center", "kostenplaats"),
            help_text=_("Empty: of any."),
        ),
        Field(
            "dimension",
            "code",
            _("Dimension"),
            aliases=("dimensie", "kostendrager", "project"),
            help_text=_("Empty: of any."),
        ),
        Field("start_month", "month", _("From"), required=True, aliases=("from", "vanaf", "ingangsmaand")),
        Field(
            "share",
            "number",
            _("Share, %"),
            aliases=("aandeel", "percentage"),
            help_text=_("Empty: 100. Rows of the same account and month add up to 100."),
            in_percent=True,
        ),
        Field("kind", "text", _("Kind of cost"), aliases=("kind_of_cost", "kostensoort", "soort")),
        Field("product", "code", _("Product"), aliases=("sku", "product_code", "artikel", "artikelnummer")),
        sources.FIELD,
        Field(
            "product_line",
            "text",
            _("Product line"),
            aliases=("line", "productlijn", "lijn"),
            help_text=_("Instead of a product; “all” or empty: of all products."),
        ),
        Field(
            "split",
            "text",
            _("Split"),
            aliases=("verdeling", "verdeelsleutel"),
            help_text=_("volume or revenue; not of one product."),
        ),
        Field("channel", "code", _("Channel"), aliases=("kanaal",)),
        Field("ends", "flag", _("Ends"), aliases=("eindigt",), help_text=_("Not mapped any more.")),
    )

    def sees_all(self, user: Any) -> bool:
        return super().sees_all(user) and user.has_perm(RIGHT)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        mappings_import(
            source_import=Import.objects.get(pk=import_id),
            mappings=plan.mappings(),
            reason=str(options.get("correction") or ""),
        )
        return plan.counts()

    def undo(self, cursor: Any, import_id: int) -> Counts:
        gone, restored = mappings_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=gone, changed=restored)
