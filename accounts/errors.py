"""The one way in which a service says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A business rule refused what was asked; nothing was written.

    ``code`` is stable and for machines, ``message`` is translated and for people, ``field`` names the input
    at fault (empty: the whole), ``status`` is the HTTP answer, ``details`` are values a page or API may show
    (for a version conflict: both values). Pages, fragments and the API each turn it into their answer in one
    place: ``core/errors.py``.
    """

    def __init__(
        self,
        code: str,
        message: Any,
        field: str = "",
        *,
        status: int = 400,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status
        self.details = dict(details or {})

    def __str__(self) -> str:
        return str(self.message)


class VersionConflict(DomainError):
    """Somebody else saved first. ``details['fields']`` maps field → {'yours', 'theirs'}."""

    def __init__(self, message: Any, fields: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__("version_conflict", message, status=409, details={"fields": dict(fields)})


def right_require(user: Any, right: str) -> None:
    """Refuse, in a service, who does not have the right."""
    if not user.has_perm(right):
        raise DomainError("not_allowed", _("Your role does not include this."), status=403)
