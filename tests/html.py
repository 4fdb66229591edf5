"""Pages as a browser reads them."""

from __future__ import annotations

import re
from typing import Any


def tight(answer: Any) -> str:
    """The page without the white space beside its tags."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", answer.content.decode())
