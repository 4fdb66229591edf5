"""Everything pmtool keeps in one folder, and back: the database by PostgreSQL's own programs, files as is.

A backup is a folder with ``database.dump`` (pg_dump's custom format, one moment of the database) and
``files.tar`` (uploads, exports, files of reports, read after that moment). It gets its name when it is whole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from psycopg2.extensions import make_dsn

DUMP, FILES = "database.dump", "files.tar"


def backup_write(folder: Path) -> None:
    """Make ``folder``, readable by its owner alone. Raises CommandError, and leaves nothing under that
    name, when it is there already or the database or a file cannot be read."""
    if folder.exists():
        raise CommandError(f"{folder} is there already.")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    try:
        _postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part / DUMP}")
        with tarfile.open(part / FILES, "w") as files:
            files_add(files, settings.MEDIA_ROOT)
        part.rename(folder)
    except (OSError, tarfile.FilterError) as error:
        raise CommandError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def files_add(files: tarfile.TarFile, root: Path) -> None:
    """One by one: what is discarded meanwhile is left out, and links are kept as links. Raises OSError for
    what cannot be read, FilterError for what would not be restored, such as a link out of ``root``."""

    def restorable(member: tarfile.TarInfo) -> tarfile.TarInfo:
        tarfile.data_filter(member, str(root))
        return member

    for folder, below, names in os.walk(root, onerror=_unread):
        links = [name for name in below if Path(folder, name).is_symlink()]
        for path in (Path(folder), *(Path(folder, name) for name in sorted(names + links))):
            with suppress(FileNotFoundError):
                files.add(path, arcname=path.relative_to(root), recursive=False, filter=restorable)


def _unread(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def backup_restore(folder: Path) -> None:
    """Fill an empty database and the folder of files from a backup: all of it or nothing. Raises CommandError
    when the backup is not whole, or when there is something that it would be mixed with."""
    for name in (DUMP, FILES):
        if not (folder / name).is_file():
            raise CommandError(f"{folder} is no backup: {name} is not in it.")
    if connection.introspection.table_names():
        raise CommandError("The database is not empty; restore into a new one.")
    if settings.MEDIA_ROOT.exists() and any(settings.MEDIA_ROOT.iterdir()):
        raise CommandError(f"{settings.MEDIA_ROOT} is not empty.")
    part = settings.MEDIA_ROOT.with_name(f"{settings.MEDIA_ROOT.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        _files_extract(folder / FILES, part)
        _postgres("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", str(folder / DUMP))
        if settings.MEDIA_ROOT.exists():
            settings.MEDIA_ROOT.rmdir()
        part.rename(settings.MEDIA_ROOT)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _files_extract(path: Path, part: Path) -> None:
    """``tarfile`` takes an archive that breaks off between two files for one that ends there: the end that it
    gives each is looked for."""
    end = bytes(2 * tarfile.BLOCKSIZE)
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as files:
            file.seek(max(path.stat().st_size - len(end), 0))
            if file.read() != end:
                raise tarfile.ReadError("it breaks off")
            files.extractall(part, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise CommandError(f"{FILES}: {error}") from error


def _postgres(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on pmtool's database; the password is not on its command line."""
    connection.ensure_connection()
    address = connection.connection.info.dsn_parameters
    address = {name: value for name, value in address.items() if name != "options"}
    done = subprocess.run(
        [settings.POSTGRES_PROGRAMS() / program, f"--dbname={make_dsn(**address)}", *arguments],
        env=os.environ | {"PGPASSWORD": connection.settings_dict.get("PASSWORD") or ""},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{program}: {done.stderr.strip()[-2000:]}")
