"""Many values for one statement."""

from __future__ import annotations

from collections.abc import Iterable


def array_text(values: Iterable[object]) -> str:
    """The values (``None``: null) as PostgreSQL writes an array of them, to be cast to its type.

    The driver makes an expression of each value of a list; dates and numbers by the ten thousand take the
    database ten times as long to read so.
    """
    values = list(values)
    text = str if set(map(type, values)) == {int} else _text
    return f"{{{','.join(map(text, values))}}}"


def _text(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
