"""What a layout remembers, in words."""

from __future__ import annotations

from collections.abc import Iterator
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
    return [(label, answer) for _name, label, answer in _answered(layout, user)]


def layout_options(layout: Layout, user: Any) -> dict[str, Any]:
    """The answers as they are kept."""
    return {name: layout.options[name] for name, _label, _answer in _answered(layout, user)}


def _answered(layout: Layout, user: Any) -> Iterator[tuple[str, str, str]]:
    """The name of each question that was answered, and both in words; not where the person could not have
    answered that, such as a line beyond their own."""
    sheet = sheets.get(layout.sheet) if layout.sheet in sheets else None
    options = {option.name: option for option in (sheet.options if sheet else ())}
    settings = {"decimal": (_("Decimal mark"), DECIMALS), "date_order": (_("Dates"), DATE_ORDERS)}
    for name, value in layout.options.items():
        option = options.get(name)
        label, answers = (option.label, option.answers(user)) if option else settings.get(name, ("", ()))
        for key, answer in answers:
            if key.lower() == str(value).lower():
                yield name, str(label), str(answer)
