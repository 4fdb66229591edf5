"""Contrast that is judged once a kind misses nothing that axe would find on a whole page."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
SHELL = '<!doctype html><html lang="en"><title>t</title><body style="background:#fff;color:#111"><main>'
GREY = '<p style="color:#bbb">too light</p>'
FADED = "font:16px serif;color:#bbb;background:#fff"
OFF = f"<button disabled style='{FADED}'>Off</button>"
DARK = '<div style="background:#333;height:9em"></div>'
PICTURE = "<div style=\"background:#fff url('data:image/gif;base64,R0lGODlhAQABAAAAACw=')\">"
FINE = "<p>dark enough to read</p>"


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        (FINE, FINE + GREY),
        ('<p style="color:#888;font-size:30px">large</p>', '<p style="color:#888">small</p>'),
        (FINE, f'<div style="background:#333">{FINE}</div>'),
        (FINE, f'<div style="background:rgba(0,0,0,.8)">{FINE}</div>'),
        (FINE, f'<div style="opacity:.4">{FINE}</div>'),
        # Below a ground of its own in the document, but drawn over another.
        (FINE, f'{DARK}<div style="position:absolute;top:9px">{FINE}'),
        # Who comes first of a kind need not be read.
        ("", f'<div style="display:none">{GREY * 3}</div>{GREY}'),
        (FINE + OFF, OFF * 3 + f"<p style='{FADED}'>too light</p>"),
        # What axe cannot judge, and then can: a sign that may be no text, signs alone, text over a picture.
        ('<p style="color:#bbb">▲</p>', GREY),
        ('<p style="color:#bbb">/</p>', GREY),
        (PICTURE + GREY + "</div>", PICTURE + GREY + "</div>" + GREY),
        # Any other rule.
        (FINE, FINE + "<img src='data:,'>"),
    ],
)
def test_what_is_wrong_is_found_after_what_passed(page: Any, axe: Any, before: str, wrong: str) -> None:
    for good in (before, before):
        page.set_content(SHELL + good)
        axe(page)
    page.set_content(SHELL + wrong)
    for _again in range(2):
        with pytest.raises(AssertionError, match=r"color-contrast|image-alt"):
            axe(page)
