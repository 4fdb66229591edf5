"""What the author says."""

from __future__ import annotations

from core.reports.build import Builder, ReportContext


def words_section(builder: Builder, context: ReportContext) -> None:
    """Nothing of its own: the comment of the author is all of it."""
