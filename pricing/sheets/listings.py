"""The sheet *listings*: what channels do with products, from a date on."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from exchange.sheets import Counts, Field, Option
from pricing.models import Listing
from pricing.selectors.costs import RIGHT as COSTS
from pricing.services.place import LISTING, MONEY, dated_import, dated_undo, products_lock, stays
from products.sheets import sources
from products.sheets.known import channels_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

Status = Listing.Status
_STATUSES: dict[str, str] = {
    **dict.fromkeys(("negotiating", "in negotiation", "in onderhandeling"), Status.NEGOTIATING),
    **dict.fromkeys(("announced", "aangekondigd"), Status.ANNOUNCED),
    **dict.fromkeys(("listed", "gelist"), Status.LISTED),
    **dict.fromkeys(("delisted", "gesaneerd"), Status.DELISTED),
}
PAST_STAYS = _("what held from that day is past and stays; say from which day it is different")
REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "channel_unknown": _("no channel has this code or name"),
    "status_unknown": _("neither negotiating, announced, listed nor delisted"),
    "too_long": _("too long"),
    "terms_say_money": _("an amount of money, which all who see prices would read"),
    "limited": _("only who may see costs writes this"),
    "not_listed": _("not listed there before that day"),
    "past_stays": PAST_STAYS,
    "listing_duplicate": _("line %(other)s of the file is about the same product, channel and day"),
}
Key = tuple[int, int, datetime.date]
"""Product, channel, from when."""


@dataclass(frozen=True)
class _Row:
    line: int
    listing: Listing
    values: dict[str, str]
    there: Listing | None

    @property
    def old(self) -> dict[str, str]:
        """The values that would change, as they are."""
        before = {name: getattr(self.there, name) for name in self.values} if self.there else {}
        return {name: value for name, value in before.items() if value != self.values[name]}

    @property
    def effect(self) -> str:
        return "new" if self.there is None else "changed" if self.old else "unchanged"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the listings there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._sees_costs = user is None or user.has_perm(COSTS)
        self._channels = channels_known(user)
        there = Listing.objects.filter(
            start_date__in={row["start_date"] for row in rows if row["start_date"]}
        )
        self._there = {(row.product_id, row.channel_id, row.start_date): row for row in there}

    def read(self, row: Row) -> _Row:
        product, channel = self.product(row), self._channels.find(row["channel"])
        if channel is None:
            raise Refused("channel", "channel_unknown")
        status = _STATUSES.get(row["status"].lower())
        if status is None:
            raise Refused("status", "status_unknown")
        values = {"status": status} | {name: row[name] for name in ("terms", "fee") if row[name] is not None}
        for name in ("terms", "fee"):
            if len(values.get(name, "")) > 2000:
                raise Refused(name, "too_long")
        if MONEY.search(values.get("terms", "")):
            raise Refused("terms", "terms_say_money")
        if "fee" in values and not self._sees_costs:
            raise Refused("fee", "limited")
        key: Key = (product.pk, channel.pk, row["start_date"])
        self.once(key, row, "start_date", "listing_duplicate")
        listing = Listing(product=product, channel=channel, start_date=row["start_date"], **values)
        found = _Row(row["line"], listing, values, self._there.get(key))
        if found.there is not None and found.old and stays(found.there):
            raise Refused("start_date", "past_stays")
        return found

    def together(self) -> Iterator[tuple[int, Refused]]:
        """Only what was there before, also by the file itself, is delisted."""
        first = {
            (product, channel): start
            for product, channel, start in Listing.objects.filter(
                product__in={row.listing.product_id for row in self.rows}
            )
            .order_by()
            .values_list("product", "channel")
            .annotate(Min("start_date"))
        }
        for row in sorted(self.rows, key=self.day):
            start, key = row.listing.start_date, (row.listing.product_id, row.listing.channel_id)
            if row.listing.status == Status.DELISTED and not first.get(key, start) < start:
                yield row.line, Refused("status", "not_listed")
            else:
                first[key] = min(start, first.get(key, start))

    def day(self, row: _Row) -> datetime.date:
        return row.listing.start_date

    def shown(self, row: _Row) -> dict[str, Any]:
        names = {"product": row.listing.product.code, "channel": row.listing.channel.name}
        found: dict[str, Any] = {**names, "start_date": row.listing.start_date.isoformat(), **row.values}
        return found | {"old": row.old} if row.old else found


class ListingsSheet(PlannedSheet[_Plan]):
    """Only who may see costs sees imports of others: they may hold what we pay for a listing."""

    plan = _Plan
    key = "listings"
    label = _("Listings")
    help_text = _("In which channels products are listed or no longer are, from when, and on what terms.")
    order = 58
    permission = "pricing.edit"
    reasons = REASONS
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        replace(sources.CHANNEL, required=True),
        sources.START_DATE,
        Field(
            "status",
            "text",
            _("Listing"),
            required=True,
            aliases=("listing", "listingstatus", "listing_status"),
            help_text=_("negotiating, announced, listed or delisted."),
            words=dict(Status.choices),
        ),
        Field("terms", "text", _("Terms"), aliases=("afspraken",), help_text=_("Empty: as they are.")),
        Field(
            "fee",
            "text",
            _("What we pay for it"),
            aliases=("what_we_pay_for_it", "wat_we_ervoor_betalen", "listing_fee"),
            help_text=_("Only of who may see costs."),
        ),
    )

    def sees_all(self, user: Any) -> bool:
        return super().sees_all(user) and user.has_perm(COSTS)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        products_lock({row.listing.product_id for row in self.checked(cursor, options).rows})
        plan = self.checked(cursor, options)
        counts = plan.counts()  # before the rows that are there take their new values
        dated_import(
            import_id=import_id,
            kind=LISTING,
            new=[row.listing for row in plan.rows if row.there is None],
            changed=[(row.there, row.values) for row in plan.rows if row.there is not None and row.old],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = dated_undo(import_id=import_id, kind=LISTING)
        return Counts(new=taken, changed=restored)
