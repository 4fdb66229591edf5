"""What each channel is part of."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from products.models import Channel


def channel_chains(parents: Mapping[int, int | None] | None = None) -> dict[int, tuple[int, ...]]:
    """Of every channel itself, then what it is part of, the nearest first; one query, or none where
    ``parents`` are given."""
    if parents is None:
        parents = dict(Channel.objects.values_list("pk", "parent_id"))
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
