from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from exchange.models import Import

from .conftest import PLAIN
from .fake import facts

pytestmark = pytest.mark.django_db


def run(*arguments: Any, command: str = "import_data") -> tuple[int, dict[str, Any]]:
    """Exit code and JSON answer of a command."""
    out = StringIO()
    try:
        call_command(command, *map(str, arguments), "--json", stdout=out, stderr=StringIO())
        code = 0
    except SystemExit as stop:
        code = int(str(stop.code))
    return code, json.loads(out.getvalue())


def test_a_file_goes_in_again_without_change_and_out(fake: Any, csv_file: Any) -> None:
    path = csv_file(PLAIN)
    code, first = run("fake", path)
    assert (code, first["new"], first["changed"], first["unchanged"], first["refused"]) == (0, 2, 0, 0, 0)
    assert first["totals"] == {"units": "22.0000", "revenue": "220.5000"}
    before = facts()
    code, again = run("fake", path)
    assert (code, again["new"], again["changed"], again["unchanged"]) == (0, 0, 0, 2)
    assert facts() == before
    assert run(first["import_id"], command="undo_import") == (
        0,
        {"import_id": first["import_id"], "state": "undone"},
    )
    assert facts() == []


def test_a_refused_row_stops_all_and_is_named(fake: Any, csv_file: Any) -> None:
    rows = [f"2026-01,A{number},North,{number}\n" for number in range(10_000)]
    rows[6_000] = "2026-01,A6000,North,many\n"
    path = csv_file("month,sku,channel,units\n" + "".join(rows))
    code, answer = run("fake", path)
    assert code == 1
    assert answer["error"]["code"] == "rows_refused"
    assert (answer["refused"], answer["new"]) == (1, 9_999)
    assert facts() == []
    failed = Import.objects.get()
    assert (failed.pk, failed.state) == (answer["import_id"], "failed")
    refusal = failed.refusals.get()
    assert (refusal.line, refusal.column, refusal.value, refusal.code) == (
        6_002,
        "units",
        "many",
        "number_unreadable",
    )
    code, answer = run("fake", path, "--leave-out-refused")
    assert (code, answer["new"], answer["refused"]) == (0, 9_999, 1)
    assert len(facts()) == 9_999


def test_in_words_it_says_the_counts_and_each_refusal_in_one_language(fake: Any, csv_file: Any) -> None:
    out, err = StringIO(), StringIO()
    path = csv_file(PLAIN + "2026-03,B,North,much,1\n")
    with translation.override("nl"), pytest.raises(SystemExit):
        call_command("import_data", "fake", str(path), stdout=out, stderr=err)
    assert out.getvalue().endswith("new 2, changed 0, unchanged 0, refused 1\n")
    assert "“much”: not a number" in err.getvalue()


def test_a_dry_run_keeps_nothing(fake: Any, csv_file: Any, settings: Any) -> None:
    code, answer = run("fake", csv_file(PLAIN), "--dry-run")
    assert (code, answer["import_id"], answer["new"]) == (0, None, 2)
    assert facts() == []
    assert not Import.objects.exists()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_an_option_says_which_line_names_the_columns(fake: Any, csv_file: Any) -> None:
    path = str(csv_file("sku,month,units,revenue,place\nfigures of May,,,,\n" + PLAIN))
    assert run("fake", path)[0] == 1
    assert run("fake", path, "--option", "header_line=3")[0] == 0
    assert len(facts()) == 2
    code, answer = run("fake", path, "--option", "header_line=9")
    assert (code, answer["error"]["code"]) == (1, "header_line_missing")


@pytest.mark.parametrize("option", ["separator=;;", "separator='", "encoding=foo", "apply_when_clean=no"])
def test_an_option_that_cannot_be_is_an_error_that_names_it(option: str, fake: Any, csv_file: Any) -> None:
    code, answer = run("fake", csv_file(PLAIN), "--option", option)
    assert (code, answer["error"]["code"]) == (1, "option_unknown")
    assert answer["error"]["details"]["name"] == option.partition("=")[0]
    assert not Import.objects.exists()


def test_an_option_answers_what_can_be_read_two_ways(fake: Any, csv_file: Any) -> None:
    path = csv_file("month;sku;units\n2026-01;A;1.234\n")
    code, answer = run("fake", path)
    assert (code, answer["error"]["code"]) == (1, "decimal_ambiguous")
    assert answer["error"]["details"]["example"] == "1.234"
    assert facts() == []
    assert run("fake", path, "--option", "decimal=,")[0] == 0
    assert [str(row[3]) for row in facts()] == ["1234.0000"]
