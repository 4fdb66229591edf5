"""How a higher room adds itself to a lower one's work: it registers, in its ``AppConfig.ready()``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Entry(Protocol):
    @property
    def key(self) -> str: ...

    @property
    def order(self) -> int: ...


E = TypeVar("E", bound=Entry)


class Registry(Generic[E]):
    """Entries by key, in ``order``. Registering a key twice fails; an unknown key is a ``LookupError``."""

    everything: list[Registry] = []

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, E] = {}
        Registry.everything.append(self)

    def register(self, *entries: E) -> None:
        for entry in entries:
            if entry.key in self._entries:
                raise ValueError(f"{self.name}: {entry.key} is registered twice")
            self._entries[entry.key] = entry

    def get(self, key: str) -> E:
        try:
            return self._entries[key]
        except KeyError:
            raise LookupError(f"{self.name}: nothing is registered as {key!r}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[E]:
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.order, entry.key)))

    def __len__(self) -> int:
        return len(self._entries)
