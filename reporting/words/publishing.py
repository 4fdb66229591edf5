"""That a long report was published, or could not be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from collaboration.kinds import NotificationKind
from reporting.services.report_jobs import PUBLISHED


def _words(params: Mapping[str, Any]) -> str:
    if params.get("number"):
        return gettext("“%(report)s” is published as version %(number)s") % params
    if params.get("why"):
        return gettext("“%(report)s” could not be published: %(why)s") % params
    return gettext("“%(report)s” could not be published; try again") % params


PUBLISHING_OVER = NotificationKind(PUBLISHED, _words, "report")
