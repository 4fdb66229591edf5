"""What the author says."""

from __future__ import annotations

from django.utils.translation import pgettext

from core.reports.build import Builder, ReportContext


def words_section(builder: Builder, context: ReportContext) -> None:
    """Nothing of its own: the comment of the author is all of it, under its own heading where it has one."""
    builder.title = pgettext("section of a report", "Explanation")
