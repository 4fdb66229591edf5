"""An object that people talk about or give each other work about, with what its kind says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from . import registries
from .registries import Subject


@dataclass(frozen=True)
class About:
    """An object and its kind."""

    kind: Subject
    row: Any

    @property
    def title(self) -> str:
        return self.kind.title(self.row)

    @property
    def url(self) -> str:
        """Where one reads what was said of it."""
        return self.kind.url(self.row)

    def is_seen_by(self, person: Any) -> bool:
        return bool(self.kind.visible(person).filter(pk=self.row.pk).exists())


def about(row: Model) -> About:
    """Raises ``LookupError`` for what is no subject."""
    for kind in registries.subjects:
        if type(row) is kind.model:
            return About(kind, row)
    raise LookupError(f"{row!r} is of no registered subject")
