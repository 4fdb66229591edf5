"""A published report with a link to it, without products or sales."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from core.reports.blocks import Cell, Section, Table, Text, sections_to_json
from reporting.models import Report, Share, Snapshot
from reporting.services.shares import share_create
from tests.factories import organisation_factory, user_factory

MARK = "QUITE A MARK"
TABLE = Table(
    "Sales", ("Channel", "Volume"), ("channel", "volume"), (False, True), [[Cell("Noord"), Cell("12", "12")]]
)


def report_made(author: Any = None, **values: Any) -> Report:
    """Published once, for the outside."""
    organisation_factory(sharing=True)
    author = author or user_factory("product-manager", language="en")
    report = Report.objects.create(
        **{"author": author, "title": f"Title {MARK}", "language": "en", "audience": "external"} | values
    )
    snapshot_made(report)
    return report


def snapshot_made(report: Report, text: str = MARK, **values: Any) -> Snapshot:
    said = {
        "number": report.snapshots.count() + 1,
        "title": report.title,
        "language": report.language,
        "audience": report.audience,
        "author": report.author,
        "author_name": report.author.name,
        "published_at": timezone.now(),
        "fields": ["volume"],
        "product_ids": [3],
        "channel_ids": [7],
        "about": {"products": ["Juice (SAP)"], "channels": ["Noord"], "accounts": [], "suppliers": []},
        "sections": sections_to_json([Section("sales", "Sales", (Text(f"Words {text}"), TABLE))]),
    }
    return Snapshot.objects.create(report=report, **said | values)


def share_made(report: Report | None = None, **values: Any) -> tuple[Share, str]:
    """The link and the address it opens."""
    report = report or report_made()
    values = {"label": "Noord", "email": "noord@example.com", **values}
    share, token = share_create(user=report.author, report=report, values=values)
    return share, f"/r/{token}/"
