"""Reports are made, changed, copied, published and ended here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_save
from core import registries
from core.reports.blocks import sections_to_json
from forecasting.selectors.runs import night_last
from products.models import Channel, Product, ProductLine, Supplier
from products.selectors.access import channels_visible, lines_visible, products_visible
from reporting.models import Report, ReportPart, Snapshot
from reporting.selectors.reports import EDIT, problems, report_build

from .grants import grants_settle
from .report_mine import report_mine
from .snapshot_files import snapshot_files_ask

OWN = ("title", "language", "audience", "all_channels", "months")
SCOPE = ("products", "lines", "suppliers", "channels")


@dataclass(frozen=True)
class Part:
    """A section as its author orders it."""

    section: str
    comment: str = ""


@transaction.atomic
def report_create(*, user: Any, values: Mapping[str, Any], parts: Sequence[Part] = ()) -> Report:
    """``values``: the report's own fields, and products, lines, suppliers and channels to be about."""
    right_require(user, EDIT)
    report = Report(author=user, **{name: values[name] for name in OWN if name in values})
    check(report)
    report.save()
    _scope_set(user, report, values)
    _parts_write(report, parts)
    return report


@transaction.atomic
def report_change(*, user: Any, report: Report, values: Mapping[str, Any], version: int | None) -> Report:
    """Only its author changes a report: their rights decide what it may tell. Raises VersionConflict."""
    current = report_mine(user, report)
    row_save(current, version=version, values={name: values[name] for name in OWN if name in values})
    _scope_set(user, current, values)
    grants_settle(current)
    return current


@transaction.atomic
def report_parts_set(*, user: Any, report: Report, parts: Sequence[Part]) -> None:
    """The sections in their order, all of them."""
    current = report_mine(user, report)
    _parts_write(current, parts)
    grants_settle(current)


@transaction.atomic
def report_copy(*, user: Any, report: Report) -> Report:
    """A report of one's own with the same scope, as far as the person sees it, and the same parts."""
    values = {name: getattr(report, name) for name in OWN}
    values["title"] = (_("%(title)s (copy)") % {"title": report.title})[:120]
    seen: Mapping[str, Any] = {
        "products": products_visible(user).filter(pk__in=report.products.values("pk")),
        "lines": lines_visible(user).filter(pk__in=report.lines.values("pk")),
        "suppliers": report.suppliers.all(),
        "channels": channels_visible(user).filter(pk__in=report.channels.values("pk")),
    }
    parts = [Part(part.section, part.comment) for part in report.parts.all()]
    return report_create(user=user, values={**values, **seen}, parts=parts)


@transaction.atomic
def report_end(*, user: Any, report: Report) -> None:
    """It leaves the list; its snapshots stay."""
    current = report_mine(user, report)
    current.ended_at = timezone.now()
    current.save(update_fields=["ended_at"])
    grants_settle(current)


@transaction.atomic
def report_publish(*, user: Any, report: Report) -> Snapshot:
    """The report as it is now, frozen as its next snapshot, of which a worker makes the files. One at a time:
    two at once make two numbers."""
    current = report_mine(user, report)
    built = report_build(current)
    if found := problems(current, built):
        raise DomainError("not_ready", " ".join(found))
    night = night_last()
    sections = sections_to_json(built.sections)
    last = current.snapshots.aggregate(last=Max("number"))["last"] or 0
    snapshot = Snapshot.objects.create(
        report=current,
        number=last + 1,
        title=current.title,
        language=current.language,
        audience=current.audience,
        author=user,
        author_name=str(user),
        published_at=timezone.now(),
        data_month=built.data_month,
        run=night[0] if night else None,
        fields=list(built.fields),
        product_ids=[product.pk for product in built.scope.products],
        channel_ids=[channel.pk for channel in built.scope.channels],
        about=asdict(built.exposure),
        sections=sections,
        sha256=sections_hash(sections),
    )
    snapshot_files_ask(snapshot=snapshot, user=user)
    return snapshot


def sections_hash(sections: Any) -> str:
    """Of the blocks as canonical JSON: the same data, the same hash."""
    text = json.dumps(sections, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _scope_set(user: Any, report: Report, values: Mapping[str, Any]) -> None:
    """Only what the person sees themselves can be put in."""
    seen = {
        "products": products_visible,
        "lines": lines_visible,
        "suppliers": lambda user: Supplier.objects.all(),
        "channels": channels_visible,
    }
    for name in SCOPE:
        if name in values:
            chosen: set[Product | ProductLine | Supplier | Channel] = set(values[name])
            if seen[name](user).filter(pk__in=[row.pk for row in chosen]).count() < len(chosen):
                raise DomainError("not_found", _("Something of this is not there."), name, status=404)
            getattr(report, name).set(chosen)


def _parts_write(report: Report, parts: Sequence[Part]) -> None:
    for part in parts:
        if part.section not in registries.report_sections:
            raise DomainError("section", _("This section does not exist."), "section")
    old = {part.place: part for part in report.parts.all()}
    for place, part in enumerate(parts):
        row = old.pop(place, None) or ReportPart(report=report, place=place)
        if row.pk is None or (row.section, row.comment) != (part.section, part.comment):
            row.section, row.comment = part.section, part.comment
            row.save()
    for row in old.values():
        row.delete()
