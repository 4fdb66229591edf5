"""The sheet *segment_shares*: which share of what segments buy goes through which channel, from a date on."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.sheets import Counts, Field
from pricing.models import SegmentChannel
from pricing.services.place import SHARE, dated_import, dated_undo, shares_lock, shares_problem, stays
from products.models import Segment
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.channels import channel_chains
from products.sheets import sources
from products.sheets.known import Named, channels_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

from .listings import PAST_STAYS

REASONS: dict[str, Any] = {
    "segment_unknown": _("no segment has this code or name"),
    "channel_unknown": _("no channel has this code or name"),
    "limited": _("is shared by all lines; you are limited to some of them"),
    "share_missing": _("no share; where it is not said any more, say so in the column “ends”"),
    "share_and_end": _("a share and an end; give one of them"),
    "not_a_share": _("not between 0 and %(most)s"),
    "past_stays": PAST_STAYS,
    "share_sum": _("together the segment's shares would be more than 100%% from %(day)s"),
    "share_twice": _("a share would be said of a channel and of a part of it from %(day)s"),
    "share_duplicate": _("line %(other)s of the file is about the same segment, channel and day"),
}


@dataclass(frozen=True)
class _Row:
    line: int
    share: SegmentChannel
    there: SegmentChannel | None

    @property
    def effect(self) -> str:
        if self.there is None:
            return "new"
        return "unchanged" if self.there.share_rate == self.share.share_rate else "changed"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the shares there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        limits = (None, None) if user is None else (visible_line_ids(user), visible_channel_ids(user))
        self._limited = limits != (None, None)
        self._segments, self._channels = Named(Segment.objects.all()), channels_known(user)
        there = SegmentChannel.objects.all()
        self._there = {(row.segment_id, row.start_date, row.channel_id): row for row in there}

    def read(self, row: Row) -> _Row:
        segment, channel = self._segments.find(row["segment"]), self._channels.find(row["channel"])
        if segment is None or self._limited:
            raise Refused("segment", "segment_unknown" if segment is None else "limited")
        if channel is None:
            raise Refused("channel", "channel_unknown")
        share = row["share"]
        if (share is None) != bool(row["ends"]):
            raise Refused("share", "share_missing" if share is None else "share_and_end")
        if share is not None and not 0 <= share <= 100:
            raise Refused("share", "not_a_share", most=100)
        said = SegmentChannel(
            segment=segment,
            channel=channel,
            start_date=row["start_date"],
            share_rate=None if share is None else round(share / 100, 4),
        )
        key = (segment.pk, row["start_date"], channel.pk)
        self.once(key, row, "start_date", "share_duplicate")
        found = _Row(row["line"], said, self._there.get(key))
        if found.there is not None and found.effect == "changed" and stays(found.there):
            raise Refused("start_date", "past_stays")
        return found

    def together(self) -> Iterator[tuple[int, Refused]]:
        """The rows of a segment go as one: its shares are at most the whole, and said once."""
        own: dict[int, list[_Row]] = defaultdict(list)
        for row in self.rows:
            own[row.share.segment_id].append(row)
        shares: dict[int, dict[tuple[datetime.date, int], Decimal | None]] = defaultdict(dict)
        for (segment, start, channel), there in self._there.items():
            shares[segment][start, channel] = there.share_rate
        chains = channel_chains()
        for segment, rows in own.items():
            said = {(row.share.start_date, row.share.channel_id): row.share.share_rate for row in rows}
            problem = shares_problem(shares[segment] | said, min(map(self.day, rows)), chains)
            if problem is not None:
                code, day = problem
                field = "share" if code == "share_sum" else "channel"
                for row in rows:
                    yield row.line, Refused(field, code, day=day.isoformat())

    def day(self, row: _Row) -> datetime.date:
        return row.share.start_date

    def shown(self, row: _Row) -> dict[str, Any]:
        found: dict[str, Any] = {
            "segment": row.share.segment.code,
            "channel": row.share.channel.name,
            "start_date": row.share.start_date.isoformat(),
            **_said(row.share),
        }
        return found | {"old": _said(row.there)} if row.there and row.effect == "changed" else found


def _said(row: SegmentChannel) -> dict[str, Any]:
    share = None if row.share_rate is None else f"{(row.share_rate * 100).normalize():f}"
    return {"share": share, "ends": share is None}


class SegmentSharesSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "segment_shares"
    label = _("Where segments buy")
    help_text = _("Which share of what a segment buys in the category goes through a channel, from when.")
    order = 59
    permission = "pricing.edit"
    reasons = REASONS
    fields = (
        Field("segment", "text", _("Segment"), required=True, aliases=("customer_segment", "klantsegment")),
        replace(sources.CHANNEL, required=True),
        sources.START_DATE,
        Field(
            "share",
            "number",
            _("Share (%)"),
            aliases=("share", "aandeel", "percentage"),
            help_text=_("In per cent."),
            in_percent=True,
        ),
        Field(
            "ends", "flag", _("Ends"), aliases=("eindigt",), help_text=_("Not said any more from then on.")
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        shares_lock()
        plan = self.checked(cursor, options)
        counts = plan.counts()
        dated_import(
            import_id=import_id,
            kind=SHARE,
            new=[row.share for row in plan.rows if row.there is None],
            changed=[
                (row.there, {"share_rate": row.share.share_rate})
                for row in plan.rows
                if row.there is not None and row.effect == "changed"
            ],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        shares_lock()
        taken, restored = dated_undo(import_id=import_id, kind=SHARE)
        return Counts(new=taken, changed=restored)
