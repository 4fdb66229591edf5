"""What each channel is part of."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models.expressions import RawSQL

from core.kept import kept_while_reading
from products.models import Channel

_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM products_channel WHERE id = ANY(%s)
        UNION SELECT c.id FROM products_channel c JOIN below b ON c.parent_id = b.id
    ) SELECT id FROM below
"""


@kept_while_reading
def channels_coded() -> Mapping[int, tuple[int | None, str]]:
    """What each channel is part of, and its code; one query a page."""
    rows = Channel.objects.order_by().values_list("pk", "parent_id", "code")
    return {pk: (parent, code) for pk, parent, code in rows}


def channel_chains(parents: Mapping[int, int | None] | None = None) -> dict[int, tuple[int, ...]]:
    """Of every channel itself, then what it is part of, the nearest first; one query a page, or none where
    ``parents`` are given."""
    if parents is None:
        parents = {pk: parent for pk, (parent, _code) in channels_coded().items()}
    chains: dict[int, tuple[int, ...]] = {}
    for channel in parents:
        path, current = [], channel
        while current is not None and current not in path:
            path.append(current)
            current = parents.get(current)  # type: ignore[assignment]
        chains[channel] = tuple(path)
    return chains


def channels_below(ids: Collection[int]) -> RawSQL:
    """As :func:`channels_within`, for ``__in`` of a query: none of its own."""
    return RawSQL(_BELOW, [list(ids)])  # noqa: S611  values are parameters


def channels_within(ids: Collection[int]) -> set[int]:
    """These channels and all that are part of them; one query."""
    asked = set(ids)
    return {pk for pk, chain in channel_chains().items() if asked.intersection(chain)}
