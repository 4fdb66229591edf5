from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import translation

from core import jobs
from exchange.listeners import import_listeners
from exchange.models import Import
from exchange.services import imports, progress
from exchange.sheets import sheets

from .fake import TABLE, FakeSheet

PLAIN = "month,sku,channel,units,revenue\n2026-01,A,North,10,100.50\n2026-02,A,North,12,120.00\n"


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Outside a request there is no person whose language would count."""
    with translation.override("en"):
        yield


@pytest.fixture
def fake(db: None) -> Iterator[FakeSheet]:
    """The fake sheet alone is registered, nobody listens, and its tables are empty."""
    kept = [(registry, dict(registry._entries)) for registry in (sheets, import_listeners)]
    registry: Any
    for registry, _ in kept:
        registry._entries.clear()
    sheet = FakeSheet()
    sheets.register(sheet)
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    yield sheet
    for registry, entries in kept:
        registry._entries.clear()
        registry._entries.update(entries)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """`csv_file(text, encoding="utf-8")` writes a file and gives its path; bytes are written as they are."""

    def write(content: str | bytes, encoding: str = "utf-8", name: str = "file.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def start(fake: FakeSheet) -> Callable[..., Import]:
    """`start(user, content, **given)` uploads a file; the work waits for `work`."""

    def upload(user: Any, content: str | bytes = PLAIN, **given: Any) -> Import:
        raw = content if isinstance(content, bytes) else content.encode()
        given.setdefault("source", Import.Source.PAGE)
        given.setdefault("file_name", "figures.csv")
        given.setdefault("options", {"meaning": "net"})
        return imports.import_start(user=user, file=ContentFile(raw), **given)

    return upload


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Does what waits in the queue, as a worker would.

    Progress is told by another connection, which does not see what a test has not committed: here it is
    silent.
    """
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 3600)

    def run() -> None:
        while (job := jobs.job_claim("short")) is not None:
            jobs.job_run(job)

    return run
