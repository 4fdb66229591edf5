"""The watched folder: files that appear there come in by themselves.

The folder has a subfolder for each sheet (``sales/``, ``products/``…) and files put straight into it are told
apart by their columns. A file is taken once it has not changed for a while. It is moved first, by one rename,
to ``taken/``, so that two workers cannot both have it, and once its import has come to an end to ``done/``
or, when it waits for a person, to ``waiting/``.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.core.files.base import File

from accounts.errors import DomainError
from core.organisation import organisation_get
from exchange.models import Import
from exchange.sheets import sheets

from .imports import import_refused_at_door, import_start

logger = logging.getLogger(__name__)

QUIET_SECONDS = 10
LEFT_SECONDS = 600
FILES_AT_ONCE = 20
TAKEN, DONE, WAITING = "taken", "done", "waiting"
# Of a name, less what is put behind it.
NAME_BYTES = 255 - len(".txt")


def folder_scan() -> list[int]:
    """Take in what is ready in the watched folder, if there is one; the ids of the imports started.

    A file that cannot even be opened goes to ``waiting/`` with its reason in a text file beside it, and stays
    as a failed import, so that people see it too.
    """
    name = organisation_get().watched_folder
    if not name:
        return []
    folder = Path(name)
    if not folder.is_dir():
        logger.warning("watched folder %s is not there", folder)
        return []
    _settle(folder)
    started = []
    for path, sheet in list(_ready(folder))[:FILES_AT_ONCE]:
        row = _take(folder, path, sheet)
        if row is not None:
            started.append(row.pk)
    return started


def _ready(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files that have been quiet, oldest first, with the sheet their subfolder names."""
    places = [(folder, ""), *((folder / sheet.key, sheet.key) for sheet in sheets)]
    found = []
    for place, sheet in places:
        for path in place.iterdir() if place.is_dir() else ():
            if path.name.startswith((".", "~")) or path.is_symlink() or not path.is_file():
                continue
            state = path.stat()
            if time.time() - state.st_mtime >= QUIET_SECONDS:
                found.append((state.st_mtime, path, sheet))
    for _, path, sheet in sorted(found):
        yield path, sheet


def _take(folder: Path, path: Path, sheet: str) -> Import | None:
    for name in (TAKEN, DONE, WAITING):
        (folder / name).mkdir(exist_ok=True)
    number = f"x{uuid.uuid4().hex[:8]}"
    unique = _numbered(number, path.name)
    taken = folder / TAKEN / _numbered(f"{number}-{sheet}", path.name)
    try:
        os.rename(path, taken)
    except FileNotFoundError:
        return None  # another worker was first
    try:
        with taken.open("rb") as file:
            row = import_start(
                user=None,
                source=Import.Source.FOLDER,
                file=File(file, name=path.name),
                file_name=path.name,
                sheet=sheet,
                options={"apply_when_clean": True},
            )
    except DomainError as error:
        os.rename(taken, folder / WAITING / unique)
        import_refused_at_door(
            source=Import.Source.FOLDER,
            file_name=path.name,
            file_size=(folder / WAITING / unique).stat().st_size,
            sheet=sheet,
            error=error,
        )
        (folder / WAITING / f"{unique}.txt").write_text(f"{error}\n", encoding="utf-8")
        return None
    except BaseException:
        _put_back(taken, path)
        raise
    os.rename(taken, folder / TAKEN / _numbered(str(row.pk), path.name))
    return row


def _put_back(taken: Path, path: Path) -> None:
    """To be taken again; with a number where another file has come under its name meanwhile."""
    if path.exists():
        path = path.with_name(_numbered(f"x{uuid.uuid4().hex[:8]}", path.name))
    os.rename(taken, path)


def _numbered(number: str, name: str) -> str:
    """With the end of the name, its extension too, as far as a name can be that long."""
    kept = os.fsencode(name)[len(number) + 1 - NAME_BYTES :].decode(errors="ignore")
    return f"{number}-{kept}"


def _settle(folder: Path) -> None:
    """Move the files of imports that are done, or wait for a person, out of ``taken/``.

    A file left there by a process that died in between goes back to the subfolder it came from, to be taken
    again: what was applied already then changes nothing.
    """
    for path in (folder / TAKEN).glob("*"):
        number, _, name = path.name.partition("-")
        row = Import.objects.filter(pk=int(number)).first() if number.isdecimal() else None
        if row is None:
            if time.time() - path.stat().st_ctime > LEFT_SECONDS:
                sheet, _, own = name.partition("-")
                is_told = not number.isdecimal() and sheet in {"", *(each.key for each in sheets)}
                place = folder / sheet if is_told else folder
                place.mkdir(exist_ok=True)
                _put_back(path, place / (own if is_told else name))
        elif not row.is_moving:
            is_done = row.state in (Import.State.APPLIED, Import.State.UNDONE)
            os.rename(path, folder / (DONE if is_done else WAITING) / path.name)
