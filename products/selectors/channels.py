"""What each channel is part of."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.kept import kept_while_reading
from products.models import Channel


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


def channels_within(ids: Collection[int]) -> set[int]:
    """These channels and all that are part of them; one query."""
    asked = set(ids)
    return {pk for pk, chain in channel_chains().items() if asked.intersection(chain)}
