from __future__ import annotations


def text_read(text: str) -> str:
    """What somebody wrote in a form, as it is counted and kept: a line break is one character, as in the
    browser that counted it, and the character that no database keeps is left out."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
