"""Which reports a person may see, what an audience may be told, and a report built into sections."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from core import formats, registries
from core.kept import reading
from core.lookups import AllAmong
from core.organisation import organisation_get
from core.registries import ReportSection
from core.reports.blocks import Section, Text
from core.reports.build import Builder, ReportContext
from pricing.selectors.cost_months import suppliers_charging
from products.models import Product
from products.selectors.access import lines_own, products_visible, visible_channel_ids, visible_line_ids
from products.selectors.months import products_complete_month
from products.selectors.report_scope import (
    ReportScope,
    products_most,
    scope_accounts,
    scope_groups,
    scope_suppliers,
    viewer_make,
)
from reporting.models import Report, ReportGrant, ReportPart, Snapshot
from reporting.reports.markdown import heading_parted

from .grants import COSTS, fields_allowed, fields_of, grants_held, report_scope
from .report_choices import Choice
from .shares import shares_live

VIEW, EDIT = "reporting.view", "reporting.edit"
MOST = 20_000
"""Products in a report."""
BY_NAME = 5000
"""So many are named in what a report tells; of more those that are read one by one."""
EACH, TOP = 200, 25
"""So many are read one by one; of more so many that brought in most, and the sums."""
SHEET = ("key_figures", "sales", "lifecycle", "channels", "margin")
"""Sections of a sheet: a product, or a line or family as a whole, on one page."""
NAMED = 8
"""Products that stand beside what a line or family comes to, on its sheet."""
AT_ONCE = 5
"""So many are built in a request; of more a worker makes it."""
FORMAT = 2
"""One more where a release builds sections otherwise: previews that the one before kept are made anew."""


@dataclass(frozen=True)
class Granted:
    key: str
    field: str
    reason: str
    asked_by: str
    decided_by: str


@dataclass(frozen=True)
class Exposure:
    """Whose figures a report tells, by name; of ``products`` there are ``more`` than these. ``groups``: the
    lines and families that it tells as a whole.
    ``channels`` empty: all of them. ``granted``: what is told on purpose, why, and by whom. ``all_products``:
    of all that there are, also those that come later; of an author who is limited to lines those of
    ``within`` alone."""

    products: Sequence[str]
    more: int
    groups: Sequence[str]
    channels: Sequence[str]
    accounts: Sequence[str]
    suppliers: Sequence[str]
    granted: Sequence[Granted]
    all_products: bool
    within: Sequence[str]


@dataclass(frozen=True)
class Built:
    """A report as it would be published now. ``fields``: keys of what it tells; ``empty``: sections that came
    to nothing, and why. ``lapsed``: labels of fields that were approved for less than it is about now;
    ``untold``: of those on purpose that none of its sections tells. ``scope``: its products with those in
    front that it names. ``apart``: margins are left out, as suppliers that it does not name charge on its
    products too."""

    sections: Sequence[Section]
    fields: Sequence[str]
    exposure: Exposure
    empty: Sequence[tuple[str, str]]
    lapsed: Sequence[str]
    untold: Sequence[str]
    scope: ReportScope
    data_month: datetime.date | None
    apart: bool


def sections_usable(user: Any) -> list[ReportSection]:
    """The sections of rooms that a person may look into."""
    return [
        each for each in registries.report_sections if not each.permission or user.has_perm(each.permission)
    ]


def words_told(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Each section's key with its title, and with what the author says beside it (without the heading that
    became the title)."""
    found = set()
    for section in snapshot.sections:
        said = [block["markdown"] for block in section["blocks"] if block.get("beside")]
        found |= {(section["key"], text) for text in (section["title"], *said)}
    return frozenset(found)


def snapshots_visible(user: Any) -> QuerySet[Snapshot]:
    """Those that tell a person nothing they could not see themselves: no section of a room that they may not
    look into, no costs without that right, no product and no channel beyond their limits. What is for finance
    is for who may see costs, and for who published it."""
    if not user.has_perm(VIEW):
        return Snapshot.objects.none()
    found = Snapshot.objects.select_related("report", "run")
    if not user.has_perm(COSTS):
        found = found.exclude(fields__overlap=list(fields_of("cost")))
        found = found.exclude(~Q(author=user.pk), audience=Report.Audience.FINANCE)
    usable = {section.key for section in sections_usable(user)}
    if closed := [section.key for section in registries.report_sections if section.key not in usable]:
        found = found.exclude(section_keys__has_any_keys=closed)
    if visible_line_ids(user) is not None:
        found = found.filter(
            AllAmong("product_ids", list(products_visible(user).values_list("pk", flat=True)))
        )
    channels = visible_channel_ids(user)
    if channels is not None:
        found = found.filter(channel_ids__contained_by=list(channels)).exclude(channel_ids=[])
    return found


def reports_visible(user: Any) -> QuerySet[Report]:
    """One's own, and those of others of which a snapshot may be read, the newest first; with how many
    snapshots each has, when the last was made, and by how many live links it is shared."""
    return reports_kept(user).filter(ended_at=None)


def reports_kept(user: Any, *, owners: Collection[int] = ()) -> QuerySet[Report]:
    """The same with those that were ended, and all of these ``owners``."""
    if not user.has_perm(VIEW):
        return Report.objects.none()
    readable = Exists(snapshots_visible(user).filter(report=OuterRef("pk")))
    return (
        Report.objects.filter(Q(author__in=[user.pk, *owners]) | readable)
        .select_related("author")
        .annotate(
            snapshot_count=Count("snapshots"),
            published_at=Max("snapshots__published_at"),
            live_shares=shares_live(),
        )
        .order_by("-pk")
    )


class _Counted(Sequence[Product]):
    """Products that say how far a section is with reading them."""

    def __init__(self, products: Sequence[Product], tell: Callable[[int], None]) -> None:
        self._products, self._tell = products, tell

    def __len__(self) -> int:
        return len(self._products)

    def __getitem__(self, place: Any) -> Any:
        return self._products[place]

    def __iter__(self) -> Iterator[Product]:
        for place, product in enumerate(self._products):
            self._tell(place)
            yield product


def report_is_long(report: Report) -> bool:
    """Too long to be built while somebody waits."""
    return len(report_scope(report).products) > AT_ONCE


def report_fingerprint(report: Report, *, waiting: bool = False) -> str:
    """Of all that decides how the report is built, besides the figures: the release, its own fields, sections
    and words, what it is about and what it may tell; ``waiting``: also with the fields that wait for
    approval."""
    scope = report_scope(report)
    grants, _lapsed = grants_held(report, scope, waiting=waiting)
    said = [
        FORMAT,
        *(report.title, report.language, report.audience),
        *(report.all_products, report.all_channels, report.all_suppliers),
        *(report.period, report.months, str(report.first_month), str(report.last_month)),
        [[part.section, part.comment, Choice.of(part).text] for part in report.parts.all()],
        [product.pk for product in scope.products],
        [channel.pk for channel in scope.channels],
        [supplier.pk for supplier in scope.suppliers],
        [[row.pk for row in rows] for rows in (scope.lines, scope.families, report.products.order_by("pk"))],
        sorted(fields_allowed(report, grants)),
        sorted(visible_channel_ids(report.author) or []),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@reading()
def report_build(
    report: Report, progress: Callable[[int, int], None] | None = None, *, waiting: bool = False
) -> Built:
    """The report as its audience would get it now, in its own language. What is not allowed is not read: the
    author lends the report their eyes, less what the audience may not see and limited to its channels.
    ``progress`` hears how many of how many products are read, all sections together. ``waiting``: as it would
    be with the fields that wait for approval."""
    scope = report_scope(report)
    is_sheet = report.sheet and {part.section for part in report.parts.all()} <= set(SHEET)
    as_whole = is_sheet and _as_whole(report, scope)
    on_page = is_sheet and (as_whole or len(scope.products) == 1)
    scope = replace(scope, as_whole=as_whole, on_page=on_page)
    grants, lapsed = grants_held(report, scope, waiting=waiting)
    allowed = fields_allowed(report, grants)
    tells_costs = bool(allowed.intersection(fields_of("cost")))
    apart = tells_costs and _others_charge(report, scope)
    make = partial(viewer_make, report.author, channels=scope.channels)
    cost_viewer = make(without=() if tells_costs else (COSTS,))
    viewer = make(without=(COSTS,)) if apart else cost_viewer
    few, done = scope.products, 0
    parts = [] if len(few) > MOST else list(report.parts.all())  # of too many nothing is read
    if scope.as_whole or len(few) > EACH:
        few = products_most(viewer, few, NAMED if scope.as_whole else TOP)

    def tell(place: int) -> None:
        if progress is not None:
            progress(done + place, len(few) * len(parts))

    counted = replace(
        scope,
        products=_Counted(few, tell),
        everything=scope.products,
        families=list(scope.families),
    )
    context = ReportContext(viewer, counted, organisation_get().currency, cost_viewer)
    sections: list[Section] = []
    shown = {"author"} & allowed  # stands above every report
    carried, supplied = set[int](), set[int]()
    empty: list[tuple[str, str]] = []
    said_in = translation.get_language()
    with translation.override(report.language):
        for place, part in enumerate(parts):
            done = len(few) * place
            builder = _part_built(report, part, context, allowed)
            if builder.blocks:
                sections.append(Section(part.section, builder.title, tuple(builder.blocks)))
                shown |= builder.shown
                carried |= builder.channels
                supplied |= builder.suppliers
            section = registries.report_sections.get(part.section)
            if not _tells(section, builder):
                with translation.override(said_in):
                    name = part.name or str(section.label)
                    if builder.blocks:
                        name = _("%(section)s (but for the author's words)") % {"section": name}
                    empty.append((name, _nothing_words(section, builder, scope, report.author, cost_viewer)))
    fields = [each for each in registries.report_fields if each.key in shown]
    labels = {each.key: str(each.label) for each in fields}
    named = scope.products if len(scope.products) <= BY_NAME else few
    exposure = Exposure(
        products=[f"{product.name} ({product.code})" for product in named],
        more=len(scope.products) - len(named),
        groups=[group.name for group in scope_groups(counted) if group.line or group.family],
        channels=[channel.name for channel in scope.channels],
        accounts=scope_accounts(report.author, scope, carried),
        suppliers=scope_suppliers(scope, supplied),
        granted=[
            Granted(
                each.field, labels[each.field], each.reason, str(each.asked_by), str(each.decided_by or "")
            )
            for each in grants
            if each.field in labels
        ],
        all_products=report.all_products,
        within=[line.name for line in lines_own(report.author)] if report.all_products else [],
    )
    return Built(
        sections,
        fields=[each.key for each in fields],
        exposure=exposure,
        empty=empty,
        lapsed=_labels_of(lapsed),
        untold=_labels_of(each for each in grants if each.field not in shown),
        scope=replace(scope, products=list(dict.fromkeys([*named, *scope.products]))),
        data_month=products_complete_month(scope.products),
        apart=apart,
    )


def _part_built(
    report: Report, part: ReportPart, context: ReportContext, allowed: Collection[str]
) -> Builder:
    """The blocks of one part under its title, with what the author says beside them."""
    section = registries.report_sections.get(part.section)
    builder = Builder(allowed, part.block, title=str(section.label))
    if not section.permission or context.cost_viewer.has_perm(section.permission):
        chosen = _chosen(context, part)
        section.build(builder, chosen)
        said = builder.of_all or context.scope.as_whole
        said |= bool(builder.blocks) and isinstance(builder.blocks[-1], Text)
        if builder.blocks and chosen.scope.more and not said:
            builder.text(_few_words(chosen.scope), about="product", beside=True)
    if part.name and builder.blocks:  # a name may say what is not told
        builder.title = part.name
    if part.comment:
        name = str(report.author) if builder.may("author") else ""
        heading, words = ("", part.comment) if builder.blocks else heading_parted(part.comment)
        builder.text(words, name, about="comment", beside=True)
        if builder.blocks and heading:
            builder.title = heading
    return builder


def _others_charge(report: Report, scope: ReportScope) -> bool:
    """Whether what is left of its products after all costs would tell the outside what suppliers charge that
    the report does not name."""
    if report.audience != Report.Audience.EXTERNAL or not scope.suppliers:
        return False
    return bool(suppliers_charging(scope.products) - {supplier.pk for supplier in scope.suppliers})


def _labels_of(grants: Iterable[ReportGrant]) -> list[str]:
    return [str(registries.report_fields.get(each.field).label) for each in grants]


def _as_whole(report: Report, scope: ReportScope) -> bool:
    """Whether a sheet was begun of a line or family and still has that alone."""
    if len(scope.products) < 2 or len([*scope.lines, *scope.families]) != 1:
        return False
    is_chosen = any(part.block or part.product_id for part in report.parts.all())
    return not is_chosen and not report.products.exists()


def _chosen(context: ReportContext, part: ReportPart) -> ReportContext:
    """For a part that asks something, or is of one product: still of the report, or of none."""
    if part.product_id is None:
        return replace(context, query=part.query)
    products = [product for product in context.scope.all if product.pk == part.product_id]
    scope = replace(context.scope, products=products, everything=(), lines=(), families=())
    return replace(context, scope=scope, kept={})


def _tells(section: ReportSection, builder: Builder) -> bool:
    """Whether a section came to something; of one that has nothing of its own the author's words are it."""
    return any(not section.blocks or not getattr(block, "beside", False) for block in builder.blocks)


def _nothing_words(
    section: ReportSection, builder: Builder, scope: ReportScope, author: Any, viewer: Any
) -> str:
    """Why a section came to nothing."""
    closed = [bool(section.permission) and not each.has_perm(section.permission) for each in (author, viewer)]
    if closed[0]:
        return _("you may not see it")
    asked = builder.asked - {"product", "channel", "comment", "author"}
    if closed[1] or (asked and asked <= builder.refused):
        return _("who the report is for is not told this")
    if not section.blocks:
        return _("nothing is written in it yet")
    if scope.channels:
        return _("nothing is known of it in these channels alone")
    return _("nothing is known of it for these products and months yet")


def _few_words(scope: ReportScope) -> str:
    """Which products are told one by one."""
    return _(
        "One by one the %(count)s products with the most revenue in the last 12 months, "
        "of the %(all)s of this report."
    ) % {"count": len(scope.products), "all": formats.number(len(scope.all), 0)}


def problems(report: Report, built: Built) -> list[str]:
    """Why it cannot be published, in words; nothing: it can."""
    found = []
    count = len(built.scope.products)
    if not count and report.all_products and not built.scope.suppliers:
        found.append(_("It is of all products, and there are none yet: import them first."))
    elif not count:
        found.append(_("It is about no product: choose products, a family or a product line."))
    if count > MOST:
        message = _(
            "It is about %(count)s products; a report takes %(most)s at most: "
            "choose lines, families or suppliers."
        )
        said = {"count": formats.number(count, 0), "most": formats.number(MOST, 0)}
        found.append(message % said)
    elif not report.parts.exists():
        found.append(_("It says nothing yet: add a section."))
    elif not built.sections and count:
        found.append(_("None of its sections has anything to tell of that yet."))
    if (
        report.audience == Report.Audience.EXTERNAL
        and not report.all_channels
        and not report.channels.exists()
    ):
        found.append(_("To the outside a report names its channels, or says on purpose that it is of all."))
    if report.audience == Report.Audience.EXTERNAL and not built.scope.suppliers and not report.all_suppliers:
        found.append(_("To the outside a report names its suppliers, or says on purpose that it is of all."))
    return found
