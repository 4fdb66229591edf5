"""The sheet *distribution*: how widely products lie in channels, by month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.organisation import today
from exchange.sheets import Counts, Field, Option
from pricing.models import DistributionMonth
from pricing.services.place import distribution_import, distribution_undo
from products.models import Channel, Product
from products.sheets import sources
from products.sheets.known import channels_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "channel_unknown": _("no channel has this code or name"),
    "month_ahead": _("a month that is still to come"),
    "distribution_missing": _("neither a distribution nor points of sale"),
    "not_a_share": _("not between 0 and %(most)s"),
    "not_whole": _("not a whole number of points of sale"),
    "distribution_duplicate": _("line %(other)s of the file is about the same product, channel and month"),
}
WRITTEN = "distribution_written"
RATES = ("numeric", "weighted")
Key = tuple[int, int, datetime.date]
"""Product, channel, month."""


@dataclass(frozen=True)
class _Row:
    line: int
    product: Product
    channel: Channel
    month: datetime.date
    values: dict[str, Any]
    there: DistributionMonth | None

    @property
    def old(self) -> dict[str, Any]:
        """The values that would change, as they are."""
        if self.there is None:
            return {}
        before = {name: getattr(self.there, name) for name in self.values}
        return {name: value for name, value in before.items() if value != self.values[name]}

    @property
    def effect(self) -> str:
        return "new" if self.there is None else "changed" if self.old else "unchanged"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the distribution there is."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._today = today()
        self._most = 1 if options.get(WRITTEN) == "rate" else 100
        self._channels = channels_known(user)
        there = DistributionMonth.objects.filter(month__in={row["month"] for row in rows if row["month"]})
        self._there = {(row.product_id, row.channel_id, row.month): row for row in there}

    def read(self, row: Row) -> _Row:
        product, channel = self.product(row), self._channels.find(row["channel"])
        if channel is None:
            raise Refused("channel", "channel_unknown")
        if row["month"] > self._today:
            raise Refused("month", "month_ahead")
        values: dict[str, Any] = {}
        for name in RATES:
            if row[name] is not None:
                if not 0 <= row[name] <= self._most:
                    raise Refused(name, "not_a_share", most=self._most, month=row["month"].isoformat())
                values[f"{name}_rate"] = round(row[name] / self._most, 4)
        if row["points"] is not None:
            if row["points"] < 0 or row["points"] % 1 or row["points"] > 10**9:
                raise Refused("points", "not_whole")
            values["points"] = int(row["points"])
        if not values:
            raise Refused("weighted", "distribution_missing")
        key: Key = (product.pk, channel.pk, row["month"])
        self.once(key, row, "month", "distribution_duplicate")
        return _Row(row["line"], product, channel, row["month"], values, self._there.get(key))

    def shown(self, row: _Row) -> dict[str, Any]:
        """The row in the file's own terms."""
        found = {
            "product": row.product.code,
            "channel": row.channel.name,
            "month": row.month.isoformat(),
            **self._figures(row.values),
        }
        return found | {"old": self._figures(row.old)} if row.old else found

    def _figures(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, value in values.items():
            if isinstance(value, Decimal) and name.endswith("_rate"):
                value = f"{(value * self._most).normalize():f}"
            found[name.removesuffix("_rate")] = None if value is None else str(value)
        return found

    def counts(self) -> Counts:
        effects = [row.effect for row in self.rows]
        months = [row.month for row in self.rows]
        return Counts(
            new=effects.count("new"),
            changed=effects.count("changed"),
            unchanged=effects.count("unchanged"),
            months_from=min(months, default=None),
            months_to=max(months, default=None),
        )


class DistributionSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "distribution"
    label = _("Distribution")
    help_text = _("Numeric and weighted distribution of products by channel and month.")
    order = 60
    permission = "pricing.edit"
    pasted_at = "pricing:distribution_paste"
    wide_field = "month"
    reasons = REASONS
    one_of: tuple[tuple[str, ...], ...] = (("numeric", "weighted", "points"),)
    options: tuple[Option, ...] = (
        Option(
            WRITTEN,
            _("How is distribution written?"),
            (("percent", _("as a percentage: 74")), ("rate", _("as a share of one: 0.74"))),
            fields=RATES,
            percent="percent",
        ),
        sources.OPTION,
    )
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field(
            "channel",
            "code",
            _("Channel"),
            required=True,
            aliases=("kanaal", "klant", "afnemer", "account", "customer", "market", "markt"),
        ),
        Field("month", "month", _("Month"), required=True, aliases=("maand", "period", "periode", "datum")),
        Field(
            "weighted",
            "number",
            _("Weighted distribution"),
            aliases=("weighted_distribution", "gewogen_distributie", "gewogen", "wd", "acv"),
            in_percent=True,
        ),
        Field(
            "numeric",
            "number",
            _("Numeric distribution"),
            aliases=("numeric_distribution", "numerieke_distributie", "numeriek", "nd"),
            in_percent=True,
        ),
        Field(
            "points",
            "number",
            _("Points of sale"),
            aliases=("points_of_sale", "stores", "verkooppunten", "winkels", "punten"),
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()  # before the rows that are there take their new values
        distribution_import(
            import_id=import_id,
            new=[
                DistributionMonth(product=row.product, channel=row.channel, month=row.month, **row.values)
                for row in plan.rows
                if row.there is None
            ],
            changed=[(row.there, row.values) for row in plan.rows if row.there is not None and row.old],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = distribution_undo(import_id=import_id)
        return Counts(new=taken, changed=restored)
