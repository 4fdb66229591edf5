"""Searching everything a person may see."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from . import registries
from .registries import SearchHit

SHORTEST = 2


@dataclass(frozen=True)
class Found:
    """What one source found; ``alike``: nothing holds the text, this is alike to it."""

    label: Any
    hits: Sequence[SearchHit]
    alike: bool = False


def search_everything(user: Any, text: str, limit: int) -> list[Found]:
    """At most ``limit`` hits of every source that found something, or else of what is alike to the text;
    nothing for less than two characters."""
    text = text.strip()[:100]
    if len(text) < SHORTEST:
        return []
    found = [Found(source.label, source.search(user, text, limit)) for source in registries.search_sources]
    if not any(part.hits for part in found):
        found = [
            Found(source.label, source.alike(user, text, limit), alike=True)
            for source in registries.search_sources
            if source.alike
        ]
    return [part for part in found if part.hits]


def _plain(text: str) -> str:
    """Lower case without accents, as the database's ``pmtool_fold`` does it."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in split if not unicodedata.combining(char))


def pages_search(user: Any, text: str, limit: int) -> list[SearchHit]:
    """Pages of the menu and of one's account by their name in the language of the page."""
    pages = [
        (entry.label, entry.url_name)
        for entry in registries.menu
        if not entry.permission or user.has_perm(entry.permission)
    ]
    pages += [(page.label, page.url_name) for page in registries.account_pages]
    wanted = _plain(text)
    hits = [SearchHit(str(label), "", reverse(url)) for label, url in pages if wanted in _plain(str(label))]
    return hits[:limit]
