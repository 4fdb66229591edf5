"""The watched folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from collaboration.imports import arrived
from collaboration.selectors.alerts import alert_rows, alerts_open, alerts_worded
from core.models import Organisation
from exchange.listeners import ImportListener, import_listeners
from exchange.models import Import
from exchange.selectors import imports_visible, imports_waiting
from exchange.services import folder
from exchange.tasks import folder_tick
from tests.factories import line_factory, organisation_factory, user_factory

from .conftest import PLAIN
from .fake import facts

pytestmark = pytest.mark.django_db


@pytest.fixture
def watched(fake: Any, tmp_path: Path, start: Any, work: Any) -> Path:
    """A folder that is watched; how such files are read is remembered already."""
    row = start(user_factory(), options={"meaning": "net", "apply_when_clean": True})
    work()
    row.refresh_from_db()
    assert row.state == "applied"
    (tmp_path / "fake").mkdir()
    organisation_factory(watched_folder=str(tmp_path))
    return tmp_path


def put(path: Path, content: str | bytes, seconds_ago: float = 60) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return path


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_a_clean_file_is_applied_by_itself(watched: Path, work: Any) -> None:
    put(watched / "fake" / "new.csv", PLAIN.replace(",10,", ",77,"))
    (number,) = folder.folder_scan()
    work()
    row = Import.objects.get(pk=number)
    assert (row.state, row.source, row.counts["changed"]) == ("applied", "folder", 1)
    assert 77 in [row[3] for row in facts()]
    assert names(watched / "fake") == []
    folder.folder_scan()
    assert names(watched / "done") == [f"{number}-new.csv"]
    assert not imports_waiting().exists()


def test_a_folder_set_while_the_worker_runs_is_watched_at_its_next_tick(fake: Any, tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    put(tmp_path / "fake" / "new.csv", PLAIN)
    folder_tick.apply()
    assert not Import.objects.exists()
    Organisation.objects.update(watched_folder=str(tmp_path))  # as another process does it
    folder_tick.apply()
    assert Import.objects.get().source == "folder"


def test_a_file_with_refused_rows_waits_for_a_person(watched: Path, work: Any) -> None:
    before = facts()
    put(watched / "new.csv", PLAIN + "2026-03,A,North,x,1\n")
    (number,) = folder.folder_scan()
    work()
    folder.folder_scan()
    assert [row.pk for row in imports_waiting()] == [number]
    assert names(watched / "waiting") == [f"{number}-new.csv"]
    assert facts() == before


def test_a_file_that_is_still_growing_is_left(watched: Path) -> None:
    put(watched / "new.csv", PLAIN, seconds_ago=2)
    put(watched / ".hidden.csv", PLAIN)
    put(watched / "~lock.csv", PLAIN)
    assert folder.folder_scan() == []


@pytest.mark.parametrize("name", [f"{'a' * 251}.csv", f"{'é' * 125}x.csv"], ids=["a", "é"])
def test_a_name_as_long_as_names_can_be_comes_in(watched: Path, work: Any, name: str) -> None:
    put(watched / "fake" / name, PLAIN)
    put(watched / name, b"%PDF-1.7")
    (number,) = folder.folder_scan()
    work()
    folder.folder_scan()
    assert Import.objects.get(pk=number).file_name == name
    (done,) = names(watched / "done")
    assert done.partition("-")[0] == str(number)
    assert name.endswith(done.partition("-")[2])
    assert [aside.rpartition(".")[2] for aside in names(watched / "waiting")] == ["csv", "txt"]
    assert names(watched / "taken") == []


def test_a_file_that_is_none_is_put_aside_with_its_reason(watched: Path) -> None:
    put(watched / "sales.csv", b"%PDF-1.7")
    assert folder.folder_scan() == []
    aside = names(watched / "waiting")
    assert [name.split("-", 1)[1] for name in aside] == ["sales.csv", "sales.csv.txt"]
    assert "PDF" in (watched / "waiting" / aside[1]).read_text()


def test_a_file_refused_at_the_door_waits_on_today_and_stands_under_data(watched: Path) -> None:
    import_listeners.register(ImportListener("collaboration", arrived))  # `fake` has taken it away
    put(watched / "sales.csv", b"%PDF-1.7")
    folder.folder_scan()
    (row,) = imports_waiting()
    assert (row.state, row.file_name, row.file_size) == ("failed", "sales.csv", 8)
    user = user_factory("administrator", language="en")
    (alert,) = alert_rows(user, alerts_worded(alerts_open(user)))
    with translation.override("en"):
        assert "could not be imported: This is not a CSV or XLSX file but" in alert.words.plain
    client = Client()
    client.force_login(user)
    page = client.get(f"/data/{row.pk}/").content.decode()
    assert "This is not a CSV or XLSX file" in page
    assert client.post(f"/data/{row.pk}/discard/").status_code == 302
    assert not alerts_open(user).exists()
    assert not imports_visible(user_factory(lines=[line_factory()])).exists()


def test_a_file_left_by_a_process_that_died_comes_again(watched: Path, work: Any, monkeypatch: Any) -> None:
    (watched / "taken").mkdir()
    put(watched / "taken" / "x12345678-new.csv", PLAIN)
    assert folder.folder_scan() == []
    monkeypatch.setattr(folder, "LEFT_SECONDS", -1)
    assert len(folder.folder_scan()) == 1
    work()
    assert Import.objects.first().counts["unchanged"] == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("place", ["fake", ""])
def test_a_file_left_goes_back_to_where_it_came_from(watched: Path, monkeypatch: Any, place: str) -> None:
    came, taken = put(watched / place / "a-b.csv", PLAIN), list[str]()

    def die(**_given: Any) -> None:
        taken.extend(names(watched / "taken"))
        raise SystemExit

    monkeypatch.setattr(folder, "import_start", die)
    with pytest.raises(SystemExit):
        folder.folder_scan()
    came.rename(watched / "taken" / taken[0])  # where a process that is killed leaves it
    monkeypatch.setattr(folder, "LEFT_SECONDS", -1)
    monkeypatch.setattr(folder, "FILES_AT_ONCE", 0)
    folder.folder_scan()
    assert (came.exists(), names(watched / "taken")) == (True, [])


def test_a_file_that_goes_back_replaces_none_that_came_meanwhile(watched: Path, monkeypatch: Any) -> None:
    came = put(watched / "a.csv", PLAIN)

    def die(**_given: Any) -> None:
        came.write_text("newer")
        raise SystemExit

    monkeypatch.setattr(folder, "import_start", die)
    with pytest.raises(SystemExit):
        folder.folder_scan()
    texts = [path.read_text() for path in watched.iterdir() if path.is_file()]
    assert sorted(texts) == sorted(["newer", PLAIN])


def test_a_link_out_of_the_folder_is_not_followed(watched: Path, tmp_path_factory: Any) -> None:
    elsewhere = put(tmp_path_factory.mktemp("other") / "secret.csv", PLAIN)
    (watched / "link.csv").symlink_to(elsewhere)
    assert folder.folder_scan() == []


def test_without_a_folder_nothing_happens(fake: Any, tmp_path: Path) -> None:
    assert folder.folder_scan() == []
    organisation_factory(watched_folder=str(tmp_path / "gone"))
    assert folder.folder_scan() == []
