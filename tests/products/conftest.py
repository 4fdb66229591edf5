from __future__ import annotations

from tests.exchange.conftest import work

__all__ = ["work"]
