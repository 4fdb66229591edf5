"""Listings, distribution from files, and where segments buy.

``version`` is the one of the row of that date that the editor saw, 0 when there was none; ``None``: no check.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_save, version_check
from core import formats
from core.organisation import today
from pricing.models import DistributionMonth, Listing, SegmentChannel
from pricing.selectors.costs import RIGHT as COSTS
from products.models import Channel, Product, Segment
from products.selectors.access import visible_channel_ids
from products.selectors.channels import channel_chains
from products.services.imported import imported_note, imported_undo, values_of
from products.services.scope import product_within, unlimited

KIND = "distribution"
DAY = datetime.timedelta(days=1)
MONEY = re.compile(r"[€$£]|\b(eur|euro|usd)\b", re.IGNORECASE)
D = TypeVar("D", Listing, SegmentChannel)


def _dated(row: D, found: D | None, values: dict[str, Any], version: int | None) -> D:
    """Write to the row of its date, ``found``, or else ``row`` as a new one. What is past stays."""
    if found is None:
        version_check(0, version, {name: (value, None) for name, value in values.items()})
        check(row)
        row.save()
        return row
    differs = any(getattr(found, name) != value for name, value in values.items())
    if differs and found.start_date < today() and found.created_at < timezone.now() - DAY:
        message = _("What held from %(day)s is past and stays; say from which day it is different.")
        raise DomainError("past_stays", message % {"day": formats.day(found.start_date)}, "start_date")
    row_save(found, version=version, values=values)
    return found


@transaction.atomic
def listing_set(
    *,
    user: Any,
    product: Product,
    channel: Channel,
    start_date: datetime.date,
    status: str,
    terms: str = "",
    fee: str | None = None,
    version: int | None = None,
) -> Listing:
    """From the date the channel lists the product, or no longer does. ``fee`` only of who may see costs;
    ``None`` leaves it as it is."""
    right_require(user, "pricing.edit")
    if fee is not None:
        right_require(user, COSTS)
    if MONEY.search(terms):
        message = _("All who see prices read this: say what it costs under “what we pay for it”.")
        raise DomainError("terms_say_money", message, "terms")
    product_within(user, product)
    channels = visible_channel_ids(user)
    if channels is not None and channel.pk not in channels:
        raise Http404(channel.code)
    Product.objects.select_for_update().get(pk=product.pk)  # two at once: the second sees the first's
    rows = Listing.objects.filter(product=product, channel=channel)
    if status == Listing.Status.DELISTED and not rows.filter(start_date__lt=start_date).exists():
        raise DomainError("not_listed", _("It is not listed there before that day."), "status")
    values = {"status": status, "terms": terms.strip()}
    if fee is not None:
        values["fee"] = fee.strip()
    row = Listing(product=product, channel=channel, start_date=start_date, **values)
    return _dated(row, rows.filter(start_date=start_date).first(), values, version)


@transaction.atomic
def segment_share_set(
    *,
    user: Any,
    segment: Segment,
    channel: Channel,
    start_date: datetime.date,
    share_rate: Decimal | None,
    version: int | None = None,
) -> SegmentChannel:
    """From the date the segment buys this share (0–1) in the channel; ``None``: it is not said any more.

    On no date are a segment's shares more than the whole, or one said of a channel and of a part of it.
    """
    right_require(user, "pricing.edit")
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    Segment.objects.select_for_update().get(pk=segment.pk)
    found = SegmentChannel.objects.filter(segment=segment, channel=channel, start_date=start_date).first()
    values = {"share_rate": share_rate}
    row = SegmentChannel(segment=segment, channel=channel, start_date=start_date, **values)
    row = _dated(row, found, values, version)
    _shares_check(segment, start_date)
    return row


def _shares_check(segment: Segment, since: datetime.date) -> None:
    chains = channel_chains()
    rows = list(SegmentChannel.objects.filter(segment=segment).order_by("start_date"))
    for day in sorted({since, *(row.start_date for row in rows if row.start_date > since)}):
        held = {row.channel_id: row.share_rate for row in rows if row.start_date <= day}
        shares = {pk: share for pk, share in held.items() if share is not None}
        if sum(shares.values()) > 1:
            message = _("Together the shares would be more than 100%% from %(day)s.")
            raise DomainError("share_sum", message % {"day": formats.day(day)}, "share_rate")
        for pk in shares:
            if any(above in shares for above in chains[pk][1:]):
                message = _("A share is said of a channel or of its parts, not of both.")
                raise DomainError("share_twice", message, "channel")


def distribution_import(
    *,
    import_id: int,
    new: Sequence[DistributionMonth],
    changed: Sequence[tuple[DistributionMonth, Mapping[str, Any]]],
) -> None:
    """Write what a file says: rows that are new, and others with the values that change."""
    for row in new:
        row.source_import_id = import_id
    made = DistributionMonth.objects.bulk_create(new, batch_size=2000)
    imported_note(import_id=import_id, kind=KIND, rows=made)
    before = {row.pk: values_of(row) for row, _values in changed}
    for row, values in changed:
        for name, value in values.items():
            setattr(row, name, value)
        row.source_import_id = import_id
    rows = [row for row, _values in changed]
    fields = ["numeric_rate", "weighted_rate", "points", "source_import"]
    DistributionMonth.objects.bulk_update(rows, fields, batch_size=500)
    imported_note(import_id=import_id, kind=KIND, rows=rows, before=before)


def distribution_undo(*, import_id: int) -> tuple[int, int]:
    """Take back what the file made, and put back what it changed; how many of each."""
    return imported_undo(import_id=import_id, kinds={KIND: DistributionMonth})
