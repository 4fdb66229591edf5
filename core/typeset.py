"""PDF by Typst: ``python -m core.typeset FOLDER FONTS`` makes ``out.pdf`` of a folder's ``main.typ``.

A process of its own, so that what goes wrong in it has a limit in time and memory and takes nobody along. It
reads its folder only. What people typed comes as JSON and is never Typst source.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

SECONDS, BYTES = 60, 2 * 1024**3


def pdf_bytes(template: Path, data: Mapping[str, Any]) -> bytes:
    """The template with ``data`` as its ``data.json``; the same data give the same bytes. Raises RuntimeError
    or TimeoutExpired."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "main.typ")
        (Path(folder) / "data.json").write_text(json.dumps(data), encoding="utf-8")
        fonts = settings.BASE_DIR / "static" / "vendor" / "inter-pdf"
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
