"""What a layout remembers, in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .forms import DATE_ORDERS, DECIMALS
from .models import Layout
from .sheets import sheets


def layout_columns(layout: Layout) -> list[tuple[str, str]]:
    """Each column of such a file, by its name, and what it is; '' where it is left out."""
    sheet = sheets.get(layout.sheet) if layout.sheet in sheets else None
    labels = {field.name: str(field.label) for field in sheet.fields} if sheet else {}
    columns = layout.mapping.get("columns") or {}
    return [
        (header, labels.get(columns[header], columns[header])) for header in sorted(columns, key=str.lower)
    ]


def layout_answers(layout: Layout, user: Any) -> list[tuple[str, str]]:
    """Each question that was answered, and the answer."""
    sheet = sheets.get(layout.sheet) if layout.sheet in sheets else None
    asked: dict[str, tuple[Any, Any]] = {
        "decimal": (_("Decimal mark"), DECIMALS),
        "date_order": (_("Dates"), DATE_ORDERS),
    }
    asked |= {
        option.name: (option.label, option.answers(user)) for option in (sheet.options if sheet else ())
    }
    return [
        (str(asked[name][0]), str(dict(asked[name][1]).get(value, value)))
        for name, value in layout.options.items()
        if name in asked
    ]
