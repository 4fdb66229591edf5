"""Searching everything a person may see; what monitoring asks of jobs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone

from . import registries
from .models import Job
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


def jobs_open() -> dict[tuple[str, ...], float]:
    """Jobs that wait or run, by queue and state."""
    open_jobs = Job.objects.exclude(state__in=Job.FINAL).values_list("queue", "state")
    return {(queue, state): count for queue, state, count in open_jobs.annotate(Count("pk")).order_by()}


def job_waits() -> dict[tuple[str, ...], float]:
    """Seconds that the oldest job waits which could be taken now, by queue."""
    now = timezone.now()
    free = Job.objects.filter(state=Job.State.QUEUED).exclude(run_after__gt=now)
    oldest = free.values_list("queue").annotate(Min("created_at")).order_by()
    return {(queue,): (now - since).total_seconds() for queue, since in oldest}
