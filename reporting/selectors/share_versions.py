"""What a link shows: the newest version that tells no more than the one that it was made for, and what a
version tells beyond that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from django.db.models import Q, QuerySet

from reporting.models import Report, Share, Snapshot, SnapshotFile

from .shares import shareable, shares_live_of


@dataclass(frozen=True)
class More:
    """What a version tells that another does not: keys of fields, and the names of the rest. ``everywhere``:
    it is of all channels, the other of some."""

    fields: Sequence[str]
    products: Sequence[str]
    channels: Sequence[str]
    accounts: Sequence[str]
    suppliers: Sequence[str]
    everywhere: bool

    def __bool__(self) -> bool:
        return any(astuple(self))


def told_more(now: Snapshot, before: Snapshot) -> More:
    """What ``now`` tells beyond ``before``. Accounts and suppliers are known by the names of then: one with
    another name is another."""
    everywhere = bool(before.channel_ids) and not now.channel_ids
    all_channels = not before.channel_ids
    return More(
        fields=[key for key in now.fields if key not in before.fields],
        products=_names(now, "products", now.product_ids, before.product_ids),
        channels=[] if all_channels else _names(now, "channels", now.channel_ids, before.channel_ids),
        accounts=[name for name in now.about.get("accounts", ()) if name not in _accounts(before)],
        suppliers=[name for name in now.about.get("suppliers", ()) if name not in _suppliers(before)],
        everywhere=everywhere,
    )


def share_versions(share: Share) -> QuerySet[Snapshot]:
    """What it may show, newest first: its own snapshot, or those that tell no more than what it was made
    for: no other field, product, channel, account or supplier."""
    if share.snapshot_id:
        return Snapshot.objects.filter(pk=share.snapshot_id)
    granted = share.granted
    found = shareable(share.report).filter(
        _within("accounts", _accounts(granted)),
        _within("suppliers", _suppliers(granted)),
        fields__contained_by=granted.fields,
        product_ids__contained_by=granted.product_ids,
    )
    if granted.channel_ids:
        found = found.filter(channel_ids__contained_by=granted.channel_ids).exclude(channel_ids=[])
    return found


def share_snapshot(share: Share) -> Snapshot:
    """What the link shows."""
    return share_versions(share)[0]


def share_file(share: Share, kind: str) -> SnapshotFile | None:
    """The same as a file; none: it is still being made."""
    rows = SnapshotFile.objects.select_related("snapshot").defer("snapshot__sections").filter(kind=kind)
    return rows.filter(snapshot=share_versions(share).values("pk")[:1]).first()


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


def _newest(reports: Collection[int]) -> Mapping[int, Snapshot]:
    """Of each of these reports the last version for the outside."""
    rows = Snapshot.objects.filter(report__in=reports, audience=Report.Audience.EXTERNAL).defer("sections")
    return {row.report_id: row for row in rows.order_by("report_id", "-number").distinct("report_id")}


def _within(name: str, allowed: Sequence[str]) -> Q:
    return Q(**{f"about__{name}__contained_by": allowed}) | Q(**{f"about__{name}__isnull": True})


def _accounts(snapshot: Snapshot) -> list[str]:
    """Those named as what it is about among them, also where they had not sold anything yet."""
    return [*snapshot.about.get("accounts", ()), *snapshot.about.get("channels", ())]


def _suppliers(snapshot: Snapshot) -> list[str]:
    return list(snapshot.about.get("suppliers", ()))


def _names(now: Snapshot, kind: str, ids: Sequence[int], before: Collection[int]) -> list[str]:
    names = dict(zip(ids, now.about.get(kind, ()), strict=False))
    return [names.get(pk, "…") for pk in ids if pk not in set(before)]
