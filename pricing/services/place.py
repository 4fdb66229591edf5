"""Listings, distribution from files, and where segments buy.

``version`` is the one of the row of that date that the editor saw, 0 when there was none; ``None``: no check.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence
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
from products.models import Channel, ImportedObject, Product, Segment
from products.selectors.access import visible_channel_ids
from products.selectors.channels import channel_chains
from products.services.imported import imported_note, imported_undo, values_of
from products.services.scope import product_within, unlimited

DISTRIBUTION, LISTING, SHARE = "distribution", "listing", "segment_share"
KINDS: dict[str, Any] = {DISTRIBUTION: DistributionMonth, LISTING: Listing, SHARE: SegmentChannel}
Shares = Mapping[tuple[datetime.date, int], Decimal | None]
DAY = datetime.timedelta(days=1)
MONEY = re.compile(r"[€$£]|\b(eur|euro|usd)\b", re.IGNORECASE)
D = TypeVar("D", Listing, SegmentChannel)


def stays(row: Listing | SegmentChannel) -> bool:
    """Whether it is past, and no slip of today that may be mended."""
    return row.start_date < today() and row.created_at < timezone.now() - DAY


def _dated(row: D, found: D | None, values: dict[str, Any], version: int | None) -> D:
    """Write to the row of its date, ``found``, or else ``row`` as a new one. What is past stays."""
    if found is None:
        version_check(0, version, {name: (value, None) for name, value in values.items()})
        check(row)
        row.save()
        return row
    differs = any(getattr(found, name) != value for name, value in values.items())
    if differs and stays(found):
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
    rows = SegmentChannel.objects.filter(segment=segment)
    shares = {(row.start_date, row.channel_id): row.share_rate for row in rows}
    problem = shares_problem(shares, since, channel_chains())
    if problem is not None:
        code, day = problem
        if code == "share_sum":
            message = _("Together the shares would be more than 100%% from %(day)s.")
            raise DomainError(code, message % {"day": formats.day(day)}, "share_rate")
        message = _("A share is said of a channel or of its parts, not of both.")
        raise DomainError(code, message, "channel")


def shares_problem(
    shares: Shares, since: datetime.date, chains: Mapping[int, Sequence[int]]
) -> tuple[str, datetime.date] | None:
    """What is wrong with a segment's shares, by date and channel, from this date on, and from which day."""
    for day in sorted({since, *(start for start, _channel in shares if start > since)}):
        held = {channel: share for (start, channel), share in sorted(shares.items()) if start <= day}
        said = {pk: share for pk, share in held.items() if share is not None}
        if sum(said.values()) > 1:
            return "share_sum", day
        if any(above in said for pk in said for above in chains[pk][1:]):
            return "share_twice", day
    return None


def distribution_import(
    *,
    import_id: int,
    new: Sequence[DistributionMonth],
    changed: Sequence[tuple[DistributionMonth, Mapping[str, Any]]],
) -> None:
    """Write what a file says: rows that are new, and others with the values that change."""
    source = {"source_import_id": import_id}
    for row in new:
        row.source_import_id = import_id
    _write(import_id, DISTRIBUTION, new, [(row, {**values, **source}) for row, values in changed])


def distribution_undo(*, import_id: int) -> tuple[int, int]:
    """Take back what the file made, and put back what it changed; how many of each."""
    return imported_undo(import_id=import_id, kinds={DISTRIBUTION: DistributionMonth})


def products_lock(products: Collection[int]) -> None:
    """Nobody writes a listing or positioning of these products meanwhile."""
    list(Product.objects.select_for_update().filter(pk__in=products).order_by("pk").values_list("pk"))


def shares_lock() -> None:
    """Nobody sets where a segment buys meanwhile."""
    list(Segment.objects.select_for_update().order_by("pk").values_list("pk"))


def dated_import(
    *, import_id: int, kind: str, new: Sequence[D], changed: Sequence[tuple[D, Mapping[str, Any]]]
) -> None:
    """The same of listings or shares of segments; none that ``stays`` changes."""
    _write(import_id, kind, new, [(row, {**values, "version": row.version + 1}) for row, values in changed])


def dated_undo(*, import_id: int, kind: str) -> tuple[int, int]:
    """Take back and put back, as :func:`distribution_undo`; refused once a row of the file stays."""
    notes = ImportedObject.objects.filter(source_import_id=import_id, kind=kind)
    rows = list(KINDS[kind].objects.filter(pk__in=notes.values("object_id")))
    if any(map(stays, rows)):
        message = _("Rows of this file have held: what was, stays. Say from which day it is different.")
        raise DomainError("past_stays", message, status=409)
    found = imported_undo(import_id=import_id, kinds={kind: KINDS[kind]})
    if kind == SHARE:
        since = min((row.start_date for row in rows), default=today())
        for segment in Segment.objects.filter(pk__in={row.segment_id for row in rows}):
            _shares_check(segment, since)
    return found


def _write(
    import_id: int, kind: str, new: Sequence[Any], changed: Sequence[tuple[Any, Mapping[str, Any]]]
) -> None:
    model = KINDS[kind]
    made = [row.pk for row in model.objects.bulk_create(new, batch_size=2000)]
    imported_note(import_id=import_id, kind=kind, rows=list(model.objects.filter(pk__in=made)))  # as stored
    before = {row.pk: values_of(row) for row, _values in changed}
    for row, values in changed:
        for name, value in values.items():
            setattr(row, name, value)
    rows, fields = [row for row, _values in changed], {name for _row, values in changed for name in values}
    if rows:
        model.objects.bulk_update(rows, sorted(fields), batch_size=500)
    imported_note(import_id=import_id, kind=kind, rows=rows, before=before)
