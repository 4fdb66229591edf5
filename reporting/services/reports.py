"""Reports are made, changed, copied and published here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_save, version_check
from core import formats, registries
from core.history import history_chosen
from core.organisation import local_now
from core.reports.blocks import sections_to_json
from forecasting.selectors.runs import night_done
from products.models import Channel, Family, Product, ProductLine, Supplier
from products.selectors.access import channels_visible, families_visible, lines_visible, products_visible
from reporting.models import Report, ReportPart, Snapshot
from reporting.reports.markdown import heading_parted
from reporting.reports.templates import is_sheet
from reporting.selectors.report_choices import WHOLE, Choice, choice_known
from reporting.selectors.reports import (
    EDIT,
    Built,
    problems,
    report_build,
    sections_usable,
    snapshots_visible,
    words_told,
)

from .grants import grants_settle
from .report_mine import report_mine
from .snapshot_files import snapshot_files_ask

OWN = (
    *("title", "language", "audience", "all_products", "all_channels", "all_suppliers"),
    *("period", "months", "first_month", "last_month"),
)
SCOPE = ("products", "lines", "families", "suppliers", "channels")


@dataclass(frozen=True)
class Part:
    """A section as its author orders it, with what is chosen of it."""

    section: str
    comment: str = ""
    choice: Choice = WHOLE


@transaction.atomic
def report_create(*, user: Any, values: Mapping[str, Any], parts: Sequence[Part] = ()) -> Report:
    """``values``: the report's own fields, and products, lines, families, suppliers and channels to be
    about; ``sheet``: it begins as a product sheet."""
    right_require(user, EDIT)
    report = Report(author=user, **{name: values[name] for name in (*OWN, "sheet") if name in values})
    check(report)
    report.save()
    _scope_set(user, report, values)
    _parts_write(user, report, parts)
    return report


@transaction.atomic
def report_change(*, user: Any, report: Report, values: Mapping[str, Any], version: int | None) -> Report:
    """Only its author changes a report: their rights decide what it may tell. Raises VersionConflict."""
    current = report_mine(user, report)
    own = {name: values[name] for name in OWN if name in values}
    differs: dict[str, tuple[Any, Any]] = dict(_scope_differs(current, values))
    differs |= {name: (own[name], now) for name in own if own[name] != (now := getattr(current, name))}
    if differs:
        version_check(current.version, version, differs)
    told = row_save(current, version=None, values=own)
    if _scope_set(user, current, values) and not told:
        current.version += 1
        current.save(update_fields=["version"])
    grants_settle(current)
    return current


def _scope_differs(report: Report, values: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What it would be about otherwise than now, both by their names."""
    both = {name: (set(values[name]), set(getattr(report, name).all())) for name in SCOPE if name in values}
    return {
        name: (", ".join(sorted(map(str, yours))), ", ".join(sorted(map(str, theirs))))
        for name, (yours, theirs) in both.items()
        if yours != theirs
    }


@transaction.atomic
def report_parts_set(*, user: Any, report: Report, parts: Sequence[Part], seen: str = "") -> None:
    """The sections in their order, all of them. ``seen`` is the :func:`parts_hash` of what the editor started
    from: what was saved elsewhere since is not overwritten (409)."""
    current = report_mine(user, report)
    if seen and seen != parts_hash(current.parts.all()):
        message = _(
            "You changed these sections elsewhere in the meantime. Reload the page to go on from there."
        )
        raise DomainError("changed", message, status=409)
    _parts_write(user, current, parts)
    grants_settle(current)


@transaction.atomic
def report_part_add(*, user: Any, report: Report, part: Part) -> None:
    """Behind the sections that it has."""
    current = report_mine(user, report)
    _parts_write(user, current, [*map(_part, current.parts.all()), part])
    grants_settle(current)


@transaction.atomic
def report_copy(*, user: Any, report: Report) -> Report:
    """A report of one's own with the same scope and parts, as far as the person sees them: without sections
    that they may not use, and of somebody else's report with those words and kept cost reports alone that
    the newest snapshot they may read tells."""
    values = {name: getattr(report, name) for name in (*OWN, "sheet")}
    values["title"] = (_("%(title)s (copy)") % {"title": report.title})[:120]
    seen: Mapping[str, Any] = {
        "products": products_visible(user).filter(pk__in=report.products.values("pk")),
        "lines": lines_visible(user).filter(pk__in=report.lines.values("pk")),
        "families": families_visible(user).filter(pk__in=report.families.values("pk")),
        "suppliers": report.suppliers.all(),
        "channels": channels_visible(user).filter(pk__in=report.channels.values("pk")),
    }
    return report_create(user=user, values={**values, **seen}, parts=_parts_seen(user, report))


@transaction.atomic
def report_publish(*, user: Any, report: Report) -> Snapshot:
    """The report as it is now, frozen as its next snapshot. One at a time: two at once make two numbers."""
    current = report_mine(user, report)
    return snapshot_freeze(user=user, report=current, built=report_build(current))


@transaction.atomic
def snapshot_freeze(*, user: Any, report: Report, built: Built) -> Snapshot:
    """What was built of this report, as its next snapshot, of which a worker makes the files. Title, language
    and audience are those that it was built with, whatever its author changed meanwhile."""
    if report_mine(user, report).ended_at is not None:  # meanwhile, by a long report or a schedule
        raise DomainError("not_ready", _("The report was ended; bring it back first."))
    if found := problems(report, built):
        raise DomainError("not_ready", " ".join(found))
    run = night_done()
    sections = sections_to_json(built.sections)
    last = report.snapshots.aggregate(last=Max("number"))["last"] or 0
    now = local_now()
    snapshot = Snapshot.objects.create(
        report=report,
        number=last + 1,
        title=report.title,
        language=report.language,
        audience=report.audience,
        sheet=is_sheet(report, built),
        author=user,
        author_name=str(user),
        published_at=now,
        data_month=built.data_month,
        run=run,
        fields=list(built.fields),
        product_ids=[product.pk for product in built.scope.products],
        channel_ids=[channel.pk for channel in built.scope.channels],
        about={
            **asdict(built.exposure),
            "product_names": [
                product.name for product in built.scope.products[: len(built.exposure.products)]
            ],
            "published_on": now.date().isoformat(),
            "run_date": run.local_date.isoformat() if run else None,
        },
        sections=sections,
        sha256=sections_hash(sections),
    )
    snapshot_files_ask(snapshot=snapshot, user=user)
    return snapshot


def sections_hash(sections: Any) -> str:
    """Of the blocks as canonical JSON: the same data, the same hash."""
    return _hash(sections)


def parts_hash(parts: Iterable[Part | ReportPart]) -> str:
    """The same for the same sections and words in the same order."""
    return _hash([[part.section, part.comment, _choice(part).text] for part in parts])


def _choice(part: Part | ReportPart) -> Choice:
    return part.choice if isinstance(part, Part) else Choice.of(part)


def _part(row: ReportPart) -> Part:
    return Part(row.section, row.comment, Choice.of(row))


def _hash(rows: Any) -> str:
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _parts_seen(user: Any, report: Report) -> list[Part]:
    usable = {section.key for section in sections_usable(user)}
    rows = report.parts.filter(Q(product=None) | Q(product__in=products_visible(user)), section__in=usable)
    if report.author_id == user.pk:
        return [*map(_part, rows)]
    newest = snapshots_visible(user).filter(report=report).order_by("-number").first()
    told = words_told(newest) if newest else frozenset()
    parts = [_part(row) for row in rows if not row.name or (row.section, row.name) in told]
    return [part if _is_told(part, told) else replace(part, comment="") for part in parts]


def _is_told(part: Part, told: Collection[tuple[str, str]]) -> bool:
    heading, words = heading_parted(part.comment)
    with_heading = heading and {(part.section, heading), (part.section, words)} <= set(told)
    return (part.section, part.comment) in told or bool(with_heading)


def _scope_set(user: Any, report: Report, values: Mapping[str, Any]) -> bool:
    """Whether it is about something else now. Only what the person sees themselves can be put in. What left
    and what came is in its history."""
    changed: dict[str, tuple[set[Any], set[Any]]] = {}
    seen = {
        "products": products_visible,
        "lines": lines_visible,
        "families": families_visible,
        "suppliers": lambda user: Supplier.objects.all(),
        "channels": channels_visible,
    }
    for name in SCOPE:
        if name in values:
            chosen: set[Product | ProductLine | Family | Supplier | Channel] = set(values[name])
            if seen[name](user).filter(pk__in=[row.pk for row in chosen]).count() < len(chosen):
                raise DomainError("not_found", _("Something of this is not there."), name, status=404)
            rows = getattr(report, name)
            before, after = set(rows.values_list("pk", flat=True)), {row.pk for row in chosen}
            if before != after:
                rows.set(chosen)
                changed[name] = (before - after, after - before)
    if changed:
        history_chosen(report, changed)
    chosen_by = (report.products, report.lines, report.families)
    if report.all_products and any(rows.exists() for rows in chosen_by):
        message = _("Of all products, or of those that you choose: not both.")
        raise DomainError("all_products", message, "all_products")
    return bool(changed)


def _parts_write(user: Any, report: Report, parts: Sequence[Part]) -> None:
    rows = list(report.parts.all())
    _parts_check(user, parts, {(row.section, Choice.of(row)) for row in rows})
    old = {row.place: row for row in rows}
    for place, part in enumerate(parts):
        row = old.pop(place, None) or ReportPart(report=report, place=place)
        if row.pk is None or parts_hash([row]) != parts_hash([part]):
            row.section, row.comment = part.section, part.comment
            for name, value in asdict(part.choice).items():
                setattr(row, name, value)
            row.save()
    for row in old.values():
        row.delete()


def _texts_check(part: Part) -> None:
    """As long as their columns are, and without what no database keeps: it may stand escaped in a choice."""
    for name, text in {"comment": part.comment, **asdict(part.choice)}.items():
        column: Any = ReportPart._meta.get_field(name)
        most = column.max_length
        if most and len(text) > most:
            message = _("At most %(count)s characters.") % {"count": formats.number(most, 0)}
            raise DomainError("too_long", message, name)
        if most and "\0" in text:
            raise DomainError("choice", _("The section has no such chart or table."), "choice")


def _parts_check(user: Any, parts: Sequence[Part], before: Collection[tuple[str, Choice]]) -> None:
    """Sections that there are, and of these what they have; of a product that the person sees. What stood in
    the report before may stay."""
    for part in parts:
        _texts_check(part)
    new = [part for part in parts if (part.section, part.choice) not in before]
    for part in new:
        if part.section not in registries.report_sections:
            raise DomainError("section", _("This section does not exist."), "section")
        section = registries.report_sections.get(part.section)
        if not choice_known(section, part.choice):
            raise DomainError("choice", _("The section has no such chart or table."), "choice")
    asked = {part.choice.product_id for part in new if part.choice.product_id is not None}
    if asked and products_visible(user).filter(pk__in=asked).count() < len(asked):
        raise DomainError("not_found", _("Something of this is not there."), "choice", status=404)
