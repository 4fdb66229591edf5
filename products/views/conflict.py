"""What the loser of a race sees: both values of every field."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.forms import BaseForm
from django.utils.translation import gettext as _

from accounts.errors import VersionConflict
from core import formats


@dataclass(frozen=True)
class ConflictRow:
    label: str
    yours: str
    theirs: str


def _shown(form: BaseForm, name: str, value: Any) -> str:
    if value in (None, ""):
        return formats.MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.date):
        return formats.day(value)
    if isinstance(value, Decimal):
        return formats.percent(value, 2) if name.endswith("_rate") else formats.number(value)
    choices = dict(getattr(form.fields.get(name), "choices", ())) if isinstance(value, str) else {}
    return str(choices.get(value, value))


def conflict_rows(form: BaseForm, error: VersionConflict) -> list[ConflictRow]:
    """The fields both changed, as people read them."""
    return [
        ConflictRow(
            str(form.fields[name].label) if name in form.fields else name,
            _shown(form, name, pair["yours"]),
            _shown(form, name, pair["theirs"]),
        )
        for name, pair in error.details["fields"].items()
    ]
