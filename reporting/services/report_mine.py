"""A report as its author changes it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import row_lock
from reporting.models import Report
from reporting.selectors.reports import EDIT


def report_mine(user: Any, report: Report) -> Report:
    """The row locked; of somebody else a DomainError."""
    right_require(user, EDIT)
    current = row_lock(report)
    if current.author_id != user.pk:
        message = _("Only its author changes a report. Make a copy to go on from it.")
        raise DomainError("not_author", message, status=403)
    current.author = user
    return current
