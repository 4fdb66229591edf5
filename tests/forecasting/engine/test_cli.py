"""The engine from the shell: whole files, bad cells named, output whole or not at all."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from forecasting.engine.cli import FORECAST_COLUMNS, STAGE_COLUMNS, main
from forecasting.engine.codes import EVIDENCE_CODES, METHODS, REASON_CODES
from forecasting.engine.words import evidence_sentence, reason_sentence

from .shapes import bumpy, life, sales

ROOT = Path(__file__).parents[3]


def months(n: int, first: int = 24240) -> list[str]:
    return [f"{o // 12}-{o % 12 + 1:02d}" for o in range(first, first + n)]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def sales_file(tmp_path: Path) -> Path:
    lines = ["series_id,period,value"]
    for name, n in (("B", 40), ("A", 14)):
        lines += [f"{name},{m},{v}" for m, v in zip(months(n), sales(n), strict=True)]
    return write(tmp_path / "in.csv", lines)


def test_forecast_of_a_file(sales_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.csv"
    assert main(["forecast", str(sales_file), str(target), "--frequency", "monthly", "--horizon", "18"]) == 0
    answer = rows(target)
    assert tuple(answer[0]) == FORECAST_COLUMNS
    assert [(r["series_id"], r["step"]) for r in answer] == [(s, str(k)) for s in "BA" for k in range(1, 19)]
    assert answer[0]["period"] == "2023-05"
    assert answer[18]["period"] == "2021-03"
    assert {r["method"] for r in answer[:18]} == {"theta_ets"}
    assert all(float(r["lo95"]) <= float(r["lo80"]) <= float(r["mean"]) <= float(r["hi80"]) for r in answer)
    assert "forecast: 2 of 2" in capsys.readouterr().err


def test_the_process_itself_and_its_exit_code(sales_file: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "forecasting.engine",
        "forecast",
        str(sales_file),
        str(tmp_path / "o.csv"),
    ]
    env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "o.csv")) == 36
    sales_file.write_text("series_id,period,value\nA,2020-01,many\n", encoding="utf-8")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "line 2, column value: 'many' is not a number" in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A,2020-01,many", "line 3, column value: 'many' is not a number"),
        ("A,2020-01,1e400", "line 3, column value: '1e400' is not a finite number"),
        ("A,2020-01,NaN", "line 3, column value: 'NaN' is not a finite number"),
        ("A,January,5", "line 3, column period: 'January' is not"),
        ("A,2020-13,5", "line 3, column period: '2020-13' is not a date"),
        (",2020-01,5", "line 3, column series_id: '' is empty"),
        ("A,2019-01,6", "line 3, column period: the same period as line 2"),
        ("A,2020-01", "line 3: 2 cells, not 3"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_written(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", ["series_id,period,value", "A,2019-01,5", line])
    target = write(tmp_path / "out.csv", ["as before"])
    assert main(["forecast", str(source), str(target)]) == 1
    assert message in capsys.readouterr().err
    assert target.read_text() == "as before\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize(
    ("command", "header"),
    [("forecast", "series_id,period,value"), ("lifecycle", "series_id,month,units")],
)
def test_all_that_is_wrong_is_named_in_one_go_in_the_order_of_the_file(
    command: str, header: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ["A", "A,2019-01,5", "A,2019-02,many", "A,2019-01,6", "A,2019-02,7", "B,2019-13,1", "B,2019-01,1"]
    source = write(tmp_path / "in.csv", [header, *bad])
    assert main([command, str(source), str(tmp_path / "out.csv")]) == 1
    told = [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()[:-1]]
    key = header.split(",")[1]
    assert [each.partition(":")[0] for each in told] == [
        "line 2",
        f"line 4, column {header.split(',')[2]}",
        f"line 5, column {key}",
        f"line 6, column {key}",
        f"line 7, column {key}",
    ]
    assert told[2].endswith("the same period as line 3")
    assert told[3].endswith("the same period as line 4")
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_is_not_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content, message in (
        (b"", "no column series_id, period, value"),
        (b"series_id,period\nA,2020-01\n", "no column value"),
        (b"series_id,period,value\n", "no rows"),
        (b"series_id,period,value\n\xff\xfe,2020-01,1\n", "not a UTF-8 CSV"),
    ):
        (tmp_path / "in.csv").write_bytes(content)
        assert main(["forecast", str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]) == 1
        assert message in capsys.readouterr().err
    assert main(["forecast", str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 1


@pytest.mark.parametrize(
    ("frequency", "periods", "following"),
    [
        ("monthly", ["2020-01-31", "2020-02-29", "2020-03-31"], ["2020-04-30", "2020-05-31"]),
        ("monthly", ["2020-01-01", "2020-02-01"], ["2020-03-01", "2020-04-01"]),
        ("monthly", ["201911", "201912", "202001"], ["202002", "202003"]),
        ("weekly", ["2020-12-17", "2020-12-31"], ["2021-01-07", "2021-01-14"]),
        ("quarterly", ["2020-01", "2020-04"], ["2020-07", "2020-10"]),
        ("quarterly", ["2020-03-31", "2020-06-30"], ["2020-09-30", "2020-12-31"]),
        ("yearly", ["2019", "2020"], ["2021", "2022"]),
        ("yearly", ["2019-12-31", "2020-12-31"], ["2021-12-31", "2022-12-31"]),
    ],
)
def test_periods_go_on_as_they_were_written(
    frequency: str, periods: list[str], following: list[str], tmp_path: Path
) -> None:
    source = write(tmp_path / "in.csv", ["series_id,period,value", *(f"A,{p},10" for p in periods)])
    call = ["forecast", str(source), str(tmp_path / "out.csv"), "--frequency", frequency, "--horizon", "2"]
    assert main(call) == 0
    assert [r["period"] for r in rows(tmp_path / "out.csv")] == following


def test_stages_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    level = life((6, 0.1), (24, 1.0), (30, 1.02))
    lines = ["series_id,month,units,promo,stockout_share"]
    lines += [f"A,{m},{v:.0f},0," for m, v in zip(months(len(level)), bumpy(level), strict=True)]
    source = write(tmp_path / "in.csv", [*lines, "N,2020-01,0,0,"])
    asked = [
        "series_id,asof,kind",
        "A,2024-12,final",
        "A,2021-06,replay",
        "N,2020-01,final",
        "A,2021-07,replay",
    ]
    requests = write(tmp_path / "requests.csv", asked)
    meta = write(tmp_path / "meta.csv", ["series_id,launch_month", "A,2020-01", "N,"])
    call = ["lifecycle", str(source), str(tmp_path / "out.csv"), "--asof", str(requests), "--meta", str(meta)]
    assert main(call) == 0
    answer = rows(tmp_path / "out.csv")
    assert tuple(answer[0]) == STAGE_COLUMNS
    assert [f"{r['series_id']},{r['asof']},{r['kind']}" for r in answer] == asked[1:]
    assert [r["stage"] for r in answer] == ["maturity", "growth", "", "growth"]
    assert answer[0]["evidence"].endswith(".")
    assert answer[2]["evidence"] == "Nothing sold yet."
    # By what was known then: the same answers when the file ends there.
    short = write(tmp_path / "short.csv", lines[: 1 + 18])
    write(requests, [asked[0], asked[2]])
    assert (
        main(["lifecycle", str(short), str(tmp_path / "s.csv"), "--asof", str(requests), "--meta", str(meta)])
        == 0
    )
    assert rows(tmp_path / "s.csv") == [answer[1]]
    # Without requests: one answer a series, its last month.
    assert main(["lifecycle", str(source), str(tmp_path / "out.csv")]) == 0
    assert [(r["series_id"], r["asof"]) for r in rows(tmp_path / "out.csv")] == [
        ("A", "2025-01"),
        ("N", "2020-01"),
    ]


def test_bad_requests_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.csv", ["series_id,month,units", "A,2020-01,5"])
    requests = write(tmp_path / "requests.csv", ["series_id,asof,kind", "B,2020-01,final", "A,2020-01,later"])
    assert main(["lifecycle", str(source), str(tmp_path / "out.csv"), "--asof", str(requests)]) == 1
    err = capsys.readouterr().err
    assert "requests.csv: line 2, column series_id: 'B' is not in the sales file" in err
    assert "requests.csv: line 3, column kind: 'later' is neither final nor replay" in err
    assert not (tmp_path / "out.csv").exists()


def test_every_code_has_words_with_its_numbers() -> None:
    for code, names in EVIDENCE_CODES.items():
        assert evidence_sentence(code, dict.fromkeys(names, 12.0)).endswith(".")
    for code, names in REASON_CODES.items():
        assert reason_sentence(code, dict.fromkeys(names, 12.0)).endswith(".")
    assert all(METHODS.values())


def test_the_engine_imports_no_django_and_its_codes_no_numbers() -> None:
    check = (
        "import sys, forecasting.engine.codes; assert 'numpy' not in sys.modules, 'numpy';"
        "import forecasting.engine.cli, forecasting.engine.stages.train, forecasting.engine.models.core;"
        "assert 'statsforecast' not in sys.modules, 'statsforecast';"
        "forecasting.engine.warm_up(); assert 'statsforecast' in sys.modules;"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'django'], 'django'"
    )
    env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_read_or_written_is_said_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.csv"
    source.write_text("series_id,period,value\na,2026-01,1\n")
    assert main(["forecast", str(source), str(tmp_path / "nowhere" / "out.csv")]) == 1
    assert "nowhere: there is no such folder" in capsys.readouterr().err
    assert main(["forecast", str(tmp_path), str(tmp_path / "out.csv")]) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_one_period_is_not_many() -> None:
    assert reason_sentence("too_short", {"periods": 1, "needed": 2}) == "1 period of history, 2 needed."
    assert evidence_sentence("not_sold", {"months": 11}) == "Nothing was sold in the last 11 months."
