"""PDF by Typst: ``python -m core.typeset FOLDER FONTS`` makes ``out.pdf`` of a folder's ``main.typ``.

A process of its own, so that what goes wrong in it has a limit in time and memory and takes nobody along. It
reads its folder only. What people typed comes as JSON and is never Typst source.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

SECONDS, BYTES = 60, 2 * 1024**3
UNKNOWN = "□"


def pdf_bytes(template: Path, data: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> bytes:
    """The template with ``data`` as its ``data.json``, ``files`` by name and the templates of its folder; the
    same gives the same bytes. Raises RuntimeError or TimeoutExpired."""
    with tempfile.TemporaryDirectory() as folder:
        for part in template.parent.glob("*.typ"):
            shutil.copy(part, folder)
        (Path(folder) / template.name).rename(Path(folder) / "main.typ")
        for name, content in (files or {}).items():
            (Path(folder) / name).write_bytes(content)
        fonts = settings.BASE_DIR / "static" / "vendor" / "inter-pdf"
        (Path(folder) / "data.json").write_text(
            readable(json.dumps(data, ensure_ascii=False)), encoding="utf-8"
        )
        done = subprocess.run(
            [sys.executable, "-m", "core.typeset", folder, str(fonts)],
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"typst: {done.stderr[-2000:]}")
        return (Path(folder) / "out.pdf").read_bytes()


def readable(text: str) -> str:
    """What the font can show: other signs become a box, as a PDF for everyone (UA-1) may not have any."""
    known = letters(settings.BASE_DIR / "static" / "vendor" / "inter-pdf" / "inter-regular.ttf")

    def shown(found: re.Match[str]) -> str:
        sign = found.group()
        if ord(sign) in known:
            return sign
        return "" if unicodedata.category(sign) in ("Cf", "Mn") else UNKNOWN

    return re.sub(r"[^\x00-\x7f]", shown, text)


@cache
def letters(font: Path) -> frozenset[int]:
    """The code points that a TrueType font has signs for: the groups of its ``cmap`` of format 12, or the
    segments of format 4."""
    raw = font.read_bytes()
    tables = {}
    for place in range(struct.unpack(">H", raw[4:6])[0]):
        name, _sum, offset, _length = struct.unpack(">4sLLL", raw[12 + 16 * place : 28 + 16 * place])
        tables[name] = offset
    start, found = tables[b"cmap"], set()
    for place in range(struct.unpack(">H", raw[start + 2 : start + 4])[0]):
        at = start + struct.unpack(">L", raw[start + 8 + 8 * place : start + 12 + 8 * place])[0]
        form = struct.unpack(">H", raw[at : at + 2])[0]
        if form == 12:
            count = struct.unpack(">L", raw[at + 12 : at + 16])[0]
            for first, last, _glyph in struct.iter_unpack(">LLL", raw[at + 16 : at + 16 + 12 * count]):
                found |= {*range(first, last + 1)}
        elif form == 4:
            half = struct.unpack(">H", raw[at + 6 : at + 8])[0]
            ends = struct.unpack(f">{half // 2}H", raw[at + 14 : at + 14 + half])
            firsts = struct.unpack(f">{half // 2}H", raw[at + 16 + half : at + 16 + 2 * half])
            found |= {
                code for first, last in zip(firsts, ends, strict=True) for code in range(first, last + 1)
            }
    return frozenset(found)


def main(folder: str, fonts: str) -> None:
    import typst

    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    typst.compile(
        f"{folder}/main.typ",
        output=f"{folder}/out.pdf",
        root=folder,
        font_paths=[fonts],
        ignore_system_fonts=True,
        timestamp=0,
        pdf_standards="ua-1",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
