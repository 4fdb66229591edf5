"""What a file is, by its content, and whether it is safe to open."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from accounts.errors import DomainError
from exchange.messages import refuse

from . import limits

_MAGIC = [
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3", "SQLite"),
    (b"{\\rtf", "RTF"),
    (b"\x7fELF", "ELF"),
    (b"MZ\x90", "EXE"),
]
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|svg|table)", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(rb"<c\s[^>]*?r=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OVERLAP = 200
_STEP = 1 << 20


def file_kind(path: Path) -> str:
    """``csv`` or ``xlsx``, by content. Cheap: the start of the file and a ZIP's directory.

    Raises ``DomainError``: empty, too large, something else, a damaged or too large XLSX.
    """
    size = path.stat().st_size
    if size == 0:
        raise refuse("file_empty")
    if size > limits.FILE_BYTES:
        raise too_large(size)
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_directory(path)
        return "xlsx"
    if start.startswith(_OLE):
        raise refuse("file_old_excel")
    for magic, name in _MAGIC:
        if start.startswith(magic):
            raise refuse("file_kind", found=name)
    if _MARKUP.match(start):
        raise refuse("file_kind", found="HTML/XML")
    if not start.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe") and size <= len(start):
        raise refuse("file_empty")
    return "csv"


def too_large(size: int) -> DomainError:
    """The refusal of a file of this many bytes."""
    found = -(-size // limits.MB)
    return refuse("file_too_large", found_mb=found, limit_mb=limits.FILE_BYTES // limits.MB)


def _check_directory(path: Path) -> None:
    """The ZIP's directory is that of a workbook within the limits, as far as it says the truth."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refuse("xlsx_broken") from error
    if len(parts) > limits.ZIP_PARTS:
        raise refuse("xlsx_too_many_parts", found=len(parts), limit=limits.ZIP_PARTS)
    _check_unpacked(sum(part.file_size for part in parts), path.stat().st_size)
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise refuse("file_kind", found="ZIP")
    if any(part.flag_bits & 1 for part in parts):
        raise refuse("file_old_excel")


def _check_unpacked(unpacked: int, packed: int) -> None:
    if unpacked > limits.UNPACKED_BYTES:
        raise refuse("xlsx_too_large", limit_mb=limits.UNPACKED_BYTES // limits.MB)
    ratio = -(-unpacked // max(packed, 1))
    if ratio > limits.UNPACKED_RATIO:
        raise refuse("xlsx_bomb", found=ratio, limit=limits.UNPACKED_RATIO)


def check_contents(path: Path) -> None:
    """Unpack every part of a workbook once, keeping nothing: sizes as they are, no entities, no sheet whose
    cells span more than can be held. Before the parser sees the file. Raises
    ``DomainError``."""
    packed, total = path.stat().st_size, 0
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                with archive.open(part) as stream:
                    total = _read_part(stream, part.filename, total, packed)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise refuse("xlsx_broken") from error


def _read_part(stream: object, name: str, total: int, packed: int) -> int:
    is_xml = name.endswith((".xml", ".rels", ".vml"))
    is_sheet = name.startswith("xl/worksheets/")
    columns: set[bytes] = set()
    last_row, rest = 0, b""
    while step := stream.read(_STEP):  # type: ignore[attr-defined]
        total += len(step)
        _check_unpacked(total, packed)
        window = rest + step
        if is_xml and (_ENTITY.search(window) or window.startswith((b"\xff\xfe", b"\xfe\xff"))):
            raise refuse("xlsx_entities")
        if is_sheet:
            found = _CELL.findall(window)
            columns.update(column for column, _ in found)
            last_row = max(last_row, *(int(row) for _, row in found[-1:]), 0)
        rest = window[-_OVERLAP:]
    if columns:
        _check_span(max(map(_column_number, columns)), last_row)
    return total


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_span(columns: int, rows: int) -> None:
    if columns > limits.COLUMNS:
        raise refuse("xlsx_too_wide", found=columns, limit=limits.COLUMNS)
    if columns * rows > limits.XLSX_CELLS:
        raise refuse("xlsx_too_many_cells", found=columns * rows, limit=limits.XLSX_CELLS)
