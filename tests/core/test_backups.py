"""A backup is whole or not there, and what is restored from it is what was."""

from __future__ import annotations

import os
import tarfile
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from core.backups import files_add
from core.doctor import examine
from tests.demo_company import database_of

# No transaction around the test: other programs read the database.
pytestmark = pytest.mark.django_db(transaction=True)


def _empty_database() -> AbstractContextManager[None]:
    return database_of("template0", f"{connection.settings_dict['NAME']}_empty")


def _rows() -> dict[str, tuple[int, int]]:
    with connection.cursor() as cursor:
        found = {}
        for name in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(
                f'SELECT count(*), coalesce(sum(hashtext("{name}"::text)::bigint), 0) FROM "{name}"'
            )
            found[name] = cursor.fetchone()
        return found


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_demo_company_comes_back_to_the_row(demo_company, settings, tmp_path):
    (settings.MEDIA_ROOT / "kept.txt").write_text("kept")
    rows, files = _rows(), _files(settings.MEDIA_ROOT)
    call_command("backup", tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", tmp_path / "backup")
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", tmp_path / "backup")
    settings.MEDIA_ROOT = tmp_path / "files"
    with _empty_database():
        call_command("restore", tmp_path / "backup")
        assert _rows() == rows
        assert _files(settings.MEDIA_ROOT) == files
        assert [finding for finding in examine() if finding.problems] == []
        call_command("migrate", "--check")


def test_what_is_discarded_meanwhile_is_left_out(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "files"
    (settings.MEDIA_ROOT / "uploads").mkdir(parents=True)
    for name in ("a.csv", "b.csv", "c.csv"):
        (settings.MEDIA_ROOT / "uploads" / name).write_text(name)
    add = tarfile.TarFile.add

    def discarded(self, name, **given):
        if Path(name).name == "a.csv":
            (settings.MEDIA_ROOT / "uploads" / "b.csv").unlink()
        return add(self, name, **given)

    monkeypatch.setattr(tarfile.TarFile, "add", discarded)
    with tarfile.open(tmp_path / "files.tar", "w") as files:
        files_add(files, settings.MEDIA_ROOT)
    with tarfile.open(tmp_path / "files.tar") as files:
        assert files.getnames() == [".", "uploads", "uploads/a.csv", "uploads/c.csv"]


def test_a_folder_that_cannot_be_read_is_no_backup(demo_company, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "files"
    (settings.MEDIA_ROOT / "uploads").mkdir(parents=True)
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("uploads"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(CommandError, match="Permission denied"):
        call_command("backup", tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))


def test_links_are_kept_as_links_and_none_leads_out(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    (settings.MEDIA_ROOT / "uploads").mkdir(parents=True)
    (settings.MEDIA_ROOT / "same").symlink_to("uploads")
    with tarfile.open(tmp_path / "files.tar", "w") as files:
        files_add(files, settings.MEDIA_ROOT)
    with tarfile.open(tmp_path / "files.tar") as files:
        assert [(member.name, member.linkname) for member in files] == [
            (".", ""),
            ("same", "uploads"),
            ("uploads", ""),
        ]
    (settings.MEDIA_ROOT / "other").symlink_to(tmp_path)
    with (
        tarfile.open(tmp_path / "files.tar", "w") as files,
        pytest.raises(tarfile.FilterError, match="other"),
    ):
        files_add(files, settings.MEDIA_ROOT)


def test_half_a_backup_is_none(demo_company, settings, tmp_path):
    settings.POSTGRES_PROGRAMS = lambda: tmp_path
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    (tmp_path / "pg_dump").chmod(0o755)
    with pytest.raises(CommandError, match="no space left"):
        call_command("backup", tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))


def test_a_broken_backup_restores_nothing(demo_company, settings, tmp_path):
    backup = tmp_path / "backup"
    call_command("backup", backup)
    settings.MEDIA_ROOT = tmp_path / "files"
    whole = (backup / "database.dump").read_bytes()
    (backup / "database.dump").write_bytes(whole[: len(whole) // 2])
    files = (backup / "files.tar").read_bytes()
    with tarfile.open(backup / "files.tar") as archive:
        second = archive.getmembers()[1].offset
    with _empty_database():
        for length in (0, second, second + 100):
            (backup / "files.tar").write_bytes(files[:length])
            with pytest.raises(CommandError, match=r"files\.tar: "):
                call_command("restore", backup)
        (backup / "files.tar").write_bytes(files)
        with pytest.raises(CommandError, match="pg_restore"):
            call_command("restore", backup)
        assert connection.introspection.table_names() == []
        assert not settings.MEDIA_ROOT.exists()
        (backup / "files.tar").unlink()
        with pytest.raises(CommandError, match=r"files\.tar is not in it"):
            call_command("restore", backup)
