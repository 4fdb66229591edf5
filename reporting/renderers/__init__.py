"""A snapshot as a file, of its blocks and nothing else: no clock, no database, no settings that people
change."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .document import Document, Progress
from .xlsx import xlsx_bytes

RENDERERS: Mapping[str, Callable[[Document, Progress], bytes]] = {"xlsx": xlsx_bytes}
