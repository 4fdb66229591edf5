"""Fields that reports tell on purpose: which may be asked for, which hold, and who may decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from core import registries
from core.kept import kept_while_reading
from core.registries import ReportField
from products.selectors.access import channels_own, products_visible, visible_channel_ids
from products.selectors.report_period import ReportPeriod
from products.selectors.report_scope import ReportScope, scope_products
from reporting.models import Report, ReportGrant, ReportPart

from .report_choices import Choice

GRANT = "reporting.grant"
COSTS = "pricing.view_costs"
TOLD: Mapping[str, frozenset[str]] = {
    "internal": frozenset({"open", "internal", "cost", "person"}),
    "finance": frozenset({"open", "internal", "cost", "person"}),
    "external": frozenset({"open"}),
}
"""The kinds of fields that an audience is told; costs only by an author who may see them."""


@kept_while_reading
def report_scope(report: Report, among: frozenset[int] | None = None) -> ReportScope:
    """The report's products as its author sees them now, in the channels that it names or else those that
    its author is limited to; of the products ``among`` these alone."""
    suppliers, lines = list(report.suppliers.all()), list(report.lines.order_by("name"))
    products = scope_products(
        report.author,
        products=report.products.all(),
        lines=lines,
        families=report.families.all(),
        suppliers=suppliers,
        everything=report.all_products,
        among=among,
    )
    period = ReportPeriod(report.period, report.months, report.first_month, report.last_month)
    channels = list(report.channels.order_by("name")) or channels_own(report.author)
    return ReportScope(products, channels, period, suppliers, lines, report.families.order_by("name"))


def fields_of(kind: str) -> frozenset[str]:
    return frozenset(each.key for each in registries.report_fields if each.kind == kind)


def fields_allowed(report: Report, grants: Sequence[ReportGrant]) -> frozenset[str]:
    """The keys of the fields that this report may tell: by its audience, by what these grants add, and by
    what its author may see."""
    told = TOLD[report.audience]
    keys = {each.key for each in registries.report_fields if each.kind in told}
    keys |= {grant.field for grant in grants}
    return frozenset(keys if report.author.has_perm(COSTS) else keys - fields_of("cost"))


def fields_grantable(report: Report) -> list[ReportField]:
    """What its audience is not told, and its author could."""
    told = TOLD[report.audience]
    costs = report.author.has_perm(COSTS)
    return [
        each for each in registries.report_fields if each.kind not in told and (costs or each.kind != "cost")
    ]


def grant_scope(report: Report, scope: ReportScope) -> dict[str, Any]:
    """What a report is about, as a grant keeps it."""
    return {
        "products": sorted(product.pk for product in scope.products),
        "channels": sorted(channel.pk for channel in scope.channels),
        "suppliers": sorted(supplier.pk for supplier in scope.suppliers),
        "sections": sorted({_told_of(part) for part in report.parts.all()}),
        "months": report.months,
        "period": _period_key(report),
    }


def scope_hash(grant: ReportGrant) -> str:
    """Of what the field is asked for: another once the report is about something else."""
    return hashlib.sha256(json.dumps(grant.scope, sort_keys=True).encode()).hexdigest()


def _period_key(report: Report) -> str:
    """ "months", "ytd", "range 2025-01 2025-06"."""
    months = (report.first_month, report.last_month)
    return " ".join([report.period, *(f"{month:%Y-%m}" for month in months if month)])


def _told_of(part: ReportPart) -> str:
    """The section's key, and what is chosen of it."""
    return f"{part.section} {Choice.of(part).text}".strip()


def grant_covers(grant: ReportGrant, now: Mapping[str, Any]) -> bool:
    """Whether the report is about no more than when the field was asked for; a section has every chart and
    table of it. Asked for before suppliers were kept, it is for named ones alone."""
    then = {"suppliers": now["suppliers"] or [0], **grant.scope}
    return (
        set(now["products"]) <= set(then["products"])
        and all(_wider(part) & set(then["sections"]) for part in now["sections"])
        and _months_within(now, then)
        and all(_named_within(now[name], then[name]) for name in ("channels", "suppliers"))
    )


def _named_within(now: Sequence[int], then: Sequence[int]) -> bool:
    """None named are all there are."""
    return not then or (bool(now) and set(now) <= set(then))


def _wider(part: str) -> set[str]:
    """What has all of a part of a report: itself, all blocks of what it is of, and its whole section."""
    key, _sep, text = part.partition(" ")
    return {part, f"{key} {replace(Choice.read(text), block='').text}".strip(), key}


def _months_within(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Fewer of the last months, a range within the range; of other periods the same."""
    (kind, *months), (kind_then, *months_then) = (
        said.get("period", "months").split() for said in (now, then)
    )
    if kind != kind_then:
        return False
    if kind == "range":
        within: bool = months_then[0] <= months[0] and months[1] <= months_then[1]
        return within
    return kind != "months" or now["months"] <= then["months"]


def grants_standing(report: Report) -> QuerySet[ReportGrant]:
    """Those that wait or were approved and that nobody took back."""
    found = ReportGrant.objects.filter(report=report, ended_at=None).filter(
        Q(approved=None) | Q(approved=True)
    )
    return found.select_related("asked_by", "decided_by").order_by("pk")


def grants_held(
    report: Report, scope: ReportScope, *, waiting: bool = False
) -> tuple[list[ReportGrant], list[ReportGrant]]:
    """The approved ones that hold for what the report is about now, and those that lapsed as it is about
    more; ``waiting``: also those that wait, to see what they would add."""
    if not fields_grantable(report):
        return [], []
    now = grant_scope(report, scope)
    standing = [each for each in grants_standing(report) if each.approved or waiting]
    held = [each for each in standing if grant_covers(each, now)]
    return held, [each for each in standing if each not in held]


def grant_get(user: Any, pk: int) -> ReportGrant:
    """One that the person asked for, or may decide: who sees all that the report is about, and costs where
    the field is one. Else 404."""
    found = ReportGrant.objects.select_related("report__author", "asked_by", "decided_by")
    grant = found.filter(pk=pk).first()
    if grant is None or not (grant.asked_by_id == user.pk or _may_decide(user, grant)):
        raise Http404(pk)
    return grant


def _may_decide(user: Any, grant: ReportGrant) -> bool:
    if not user.has_perm(GRANT) or (grant.field in fields_of("cost") and not user.has_perm(COSTS)):
        return False
    products, channels = grant.scope["products"], grant.scope["channels"]
    limit = visible_channel_ids(user)
    if limit is not None and (not channels or not limit.issuperset(channels)):
        return False
    return products_visible(user).filter(pk__in=products).count() == len(products)
