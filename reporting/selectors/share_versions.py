"""What a link shows: the newest version that tells no more than the one that it was made for, and what a
version tells beyond that."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from django.db.models import CharField, Count, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat

from core.lookups import AllAmong
from core.models import Job
from core.organisation import organisation_get
from reporting.models import Report, ReportGrant, Share, Snapshot, SnapshotFile

from .grants import grants_standing
from .shares import shareable, shares_live_of
from .snapshot_files import job_group

UNNAMED = "…"


@dataclass(frozen=True)
class More:
    """What a version tells that another does not: keys of fields, and the names of the rest (``UNNAMED`` of a
    product that it does not name). ``everywhere``: it is of all channels, the other of some. ``everything``:
    of all products, also of those that come later, or of all of some lines (``within``)."""

    fields: Sequence[str]
    products: Sequence[str]
    channels: Sequence[str]
    accounts: Sequence[str]
    suppliers: Sequence[str]
    groups: Sequence[str]
    everywhere: bool
    everything: bool = False
    within: Sequence[str] = ()

    def __bool__(self) -> bool:
        return any(astuple(self))


def told_more(now: Snapshot, before: Snapshot) -> More:
    """What ``now`` tells beyond ``before``. Accounts, suppliers, lines and families are known by the names of
    then: one with another name is another."""
    everywhere = bool(before.channel_ids) and not now.channel_ids
    all_channels, all_products = not before.channel_ids, _has_all_of(before, now)
    everything = _of_all(now) and not all_products
    accounts, suppliers, groups = (set(named(before)) for named in (_accounts, _suppliers, _groups))
    return More(
        fields=[key for key in now.fields if key not in before.fields],
        products=[] if all_products else _names(now, "products", now.product_ids, before.product_ids),
        channels=[] if all_channels else _names(now, "channels", now.channel_ids, before.channel_ids),
        accounts=[name for name in now.about.get("accounts", ()) if name not in accounts],
        suppliers=[name for name in now.about.get("suppliers", ()) if name not in suppliers],
        groups=[name for name in _groups(now) if name not in groups],
        everywhere=everywhere,
        everything=everything,
        within=_lines_of_all(now) if everything else (),
    )


def share_versions(share: Share) -> QuerySet[Snapshot]:
    """What it may show, newest first: its own snapshot, or those that tell no more than what it was made
    for: no other field, product (unless it was for all, also those that come later, there or in the same
    lines), line or family as a whole, channel, account or supplier."""
    if share.snapshot_id:
        return Snapshot.objects.filter(pk=share.snapshot_id)
    granted = share.granted
    found = shareable(share.report).filter(
        _within("accounts", _accounts(granted)),
        _within("suppliers", _suppliers(granted)),
        _within("groups", _groups(granted)),
        fields__contained_by=granted.fields,
    )
    if not _of_all(granted) or _lines_of_all(granted):
        some = Q(about__all_products=False) | Q(about__all_products__isnull=True)
        told = some & Q(AllAmong("product_ids", granted.product_ids))
        if lines := _lines_of_all(granted):
            told |= Q(about__all_products=True, about__within__contained_by=lines) & ~Q(about__within=[])
        found = found.filter(told)
    if granted.channel_ids:
        found = found.filter(channel_ids__contained_by=granted.channel_ids).exclude(channel_ids=[])
    return found


def share_snapshot(share: Share) -> Snapshot:
    """What the link shows; ``sections_text``: its sections as JSON, which need not be read where they are
    drawn already."""
    text = Cast("sections", TextField())
    return share_versions(share).defer("sections").annotate(sections_text=text)[0]


@dataclass(frozen=True)
class SharedFile:
    """``content`` none: it is not there. ``tries``: how many jobs were to make it, ``failed_at`` when the
    last of them was given up; ``is_making``: one is still at it."""

    snapshot: Snapshot
    content: bytes | None
    tries: int
    is_making: bool
    failed_at: datetime.datetime | None


def share_file(share: Share, kind: str) -> SharedFile:
    """The same as a file, or how far it is. One query."""
    files = SnapshotFile.objects.filter(snapshot=OuterRef("pk"), kind=kind)
    group = Concat(Value(job_group("")), Cast(OuterRef("pk"), CharField()))
    jobs = Job.objects.filter(group=group, payload__kind=kind)
    counted = jobs.order_by().values("group").annotate(count=Count("pk")).values("count")
    last = jobs.order_by("-pk")
    found = (
        share_versions(share)
        .defer("sections")
        .annotate(
            content=Subquery(files.values("content")[:1]),
            tries=Coalesce(Subquery(counted), 0),
            job_state=Subquery(last.values("state")[:1]),
            job_over=Subquery(last.values("finished_at")[:1]),
        )[0]
    )
    state = found.job_state
    return SharedFile(
        found,
        None if found.content is None else bytes(found.content),
        found.tries,
        is_making=state is not None and state not in Job.FINAL,
        failed_at=found.job_over if state == Job.State.FAILED else None,
    )


def shares_behind(shares: Iterable[Share]) -> Mapping[int, tuple[Snapshot, More]]:
    """Of the links that follow their report, revoked ones aside, and do not show its newest version, by key:
    that version, and what it tells beyond what the link was made for. One query."""
    following = [share for share in shares if share.snapshot_id is None and share.revoked_at is None]
    newest = _newest({share.report_id for share in following})
    found = ((share, newest[share.report_id]) for share in following if share.report_id in newest)
    told = ((share.pk, version, told_more(version, share.granted)) for share, version in found)
    return {pk: (version, more) for pk, version, more in told if more}


@dataclass(frozen=True)
class Showing:
    """Keys of the live links that show a version, and of those that would if it told no more."""

    shown: Sequence[int]
    behind: Sequence[int]


def snapshot_showing(snapshot: Snapshot) -> Showing:
    """By which live links it is read. Two queries."""
    if snapshot.audience != Report.Audience.EXTERNAL:
        return Showing([], [])
    rows = shares_live_of(snapshot.report_id).select_related("granted").defer("granted__sections")
    newer = list(shareable(snapshot.report).filter(number__gt=snapshot.number).defer("sections"))
    shown, behind = [], []
    for share in rows:
        if share.snapshot_id:
            if share.snapshot_id == snapshot.pk:
                shown.append(share.pk)
        elif told_more(snapshot, share.granted):
            if not newer:
                behind.append(share.pk)
        elif all(told_more(version, share.granted) for version in newer):
            shown.append(share.pk)
    return Showing(shown, behind)


def shares_telling(report: Report, field: str) -> list[int]:
    """Keys of the live links of a report that show a version with this field; none while sharing is off. Two
    queries."""
    if not organisation_get().sharing:
        return []
    live = shares_live_of(report.pk).select_related("granted", "snapshot")
    rows = live.defer("granted__sections", "snapshot__sections")
    versions = list(shareable(report).defer("sections"))

    def shown(share: Share) -> Snapshot | None:
        if share.snapshot is not None:
            return share.snapshot
        return next((each for each in versions if not told_more(each, share.granted)), None)

    return [share.pk for share in rows if (version := shown(share)) and field in version.fields]


def grant_outlived(grant: ReportGrant) -> list[int]:
    """Keys of the live links that still show what was taken back, as long as nobody approved it anew."""
    if not grant.approved or grant.ended_at is None:
        return []
    if grants_standing(grant.report).filter(field=grant.field, approved=True).exists():
        return []
    return shares_telling(grant.report, grant.field)


def _newest(reports: Collection[int]) -> Mapping[int, Snapshot]:
    """Of each of these reports the last version for the outside."""
    rows = Snapshot.objects.filter(report__in=reports, audience=Report.Audience.EXTERNAL).defer("sections")
    return {row.report_id: row for row in rows.order_by("report_id", "-number").distinct("report_id")}


def _within(name: str, allowed: Sequence[str]) -> Q:
    return Q(**{f"about__{name}__contained_by": allowed}) | Q(**{f"about__{name}__isnull": True})


def _of_all(snapshot: Snapshot) -> bool:
    return bool(snapshot.about.get("all_products"))


def _lines_of_all(snapshot: Snapshot) -> tuple[str, ...]:
    """Those whose products it has all of; none: of no line in particular."""
    return tuple(snapshot.about.get("within", ()))


def _has_all_of(before: Snapshot, now: Snapshot) -> bool:
    """Whether one that is of all products, or of all of some lines, has whatever the other is of."""
    lines, lines_now = _lines_of_all(before), _lines_of_all(now)
    return _of_all(before) and (not lines or (bool(lines_now) and set(lines_now) <= set(lines)))


def _accounts(snapshot: Snapshot) -> list[str]:
    """Those named as what it is about among them, also where they had not sold anything yet."""
    return [*snapshot.about.get("accounts", ()), *snapshot.about.get("channels", ())]


def _suppliers(snapshot: Snapshot) -> list[str]:
    return list(snapshot.about.get("suppliers", ()))


def _groups(snapshot: Snapshot) -> list[str]:
    return list(snapshot.about.get("groups", ()))


def _names(now: Snapshot, kind: str, ids: Sequence[int], before: Collection[int]) -> list[str]:
    names, known = dict(zip(ids, now.about.get(kind, ()), strict=False)), set(before)
    return [names.get(pk, UNNAMED) for pk in ids if pk not in known]
