"""A month that a worker closed, or could not."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from collaboration.kinds import NotificationKind
from core import formats
from pricing.services.month_closing import TOLD


def _told(said: Mapping[str, Any]) -> str:
    month = {"month": formats.month(datetime.date.fromisoformat(said["month"]))}
    return (_("%(month)s is closed.") if said["closed"] else _("%(month)s could not be closed.")) % month


CLOSED = NotificationKind(TOLD, _told, "calculator")
