"""In which encoding a text file is written."""

from __future__ import annotations

import codecs
from pathlib import Path

from exchange.messages import refuse

_STEP = 1 << 20
ENCODINGS = ("utf-8", "cp1252", "utf-16")
_BOMS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]


def python_name(encoding: str) -> str:
    """Python's codec that also takes the byte order mark off."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def encoding_detect(path: Path, chosen: str = "") -> tuple[str, int]:
    """``(encoding, lines)`` of the whole file: by its byte order mark, else UTF-8, else Windows (cp1252).

    ``chosen`` is tried alone. Raises ``DomainError`` naming the first line that cannot be read, or
    ``not_text`` for bytes that no text has.
    """
    if chosen:
        line, lines = _first_bad_line(path, chosen)
        if line:
            raise refuse("encoding_wrong", field="encoding", line=line, encoding=chosen)
        return chosen, lines
    with path.open("rb") as file:
        start = file.read(4)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            line, lines = _first_bad_line(path, encoding)
            if line:
                raise refuse("encoding_unknown", line=line)
            return encoding, lines
    line, lines = _first_bad_line(path, "utf-8")
    if not line:
        return "utf-8", lines
    line, lines = _first_bad_line(path, "cp1252")
    if not line:
        return "cp1252", lines
    raise refuse("encoding_unknown", line=line)


def _first_bad_line(path: Path, encoding: str) -> tuple[int, int]:
    """``(line, lines)``: the first line that does not decode (0: all do) and how many lines there are."""
    decoder = codecs.getincrementaldecoder(python_name(encoding))()
    lines, text = 0, ""
    with path.open("rb") as file:
        while True:
            step = file.read(_STEP)
            ended = not text or text.endswith("\n")
            try:
                text = decoder.decode(step, final=not step)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(python_name(encoding), errors="ignore")
                return lines + good.count("\n") + 1, lines
            if "\x00" in text:
                raise refuse("not_text")
            lines += text.count("\n")
            if not step:
                return 0, lines if ended else lines + 1
