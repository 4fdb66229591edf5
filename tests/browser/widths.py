"""Pages that are played at one width, in one language and the other, and looked at at both."""

from __future__ import annotations

from typing import Any

import pytest

WIDTHS = (390, 1440)
PLAYED = pytest.mark.parametrize(("language", "width"), [("en", 1440), ("nl", 390)])


def looked_at(page: Any, axe: Any) -> None:
    """The page as it stands fits each width, and breaks no rule at the one it is played at: that of the other
    play is judged there."""
    axe(page)
    played = page.viewport_size
    for width in sorted(WIDTHS, key=lambda width: width == played["width"]):
        page.set_viewport_size({**played, "width": width})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{page.url} is {wide} px wide at {width}"
