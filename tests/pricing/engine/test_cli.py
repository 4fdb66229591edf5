"""The engine from the shell: whole files, bad cells named, output whole or not at all."""

import csv
import datetime
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pricing.engine.cli import ELASTICITY_COLUMNS, OPTIONAL, SCENARIO_COLUMNS, main
from pricing.engine.codes import METHODS, REASONS
from pricing.engine.evaluate_distribution import spread
from pricing.engine.history import History
from pricing.engine.simulate import simulate
from pricing.engine.words import reason_sentence

ROOT = Path(__file__).parents[3]
BARE = ("product_id", "week", "units", "price")


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines_of(histories: list[History], *, columns: tuple[str, ...], dated: bool = False) -> list[str]:
    def cell(history: History, i: int, column: str) -> str:
        if column == "product_id":
            return history.id
        if column == "week":
            week = int(history.week[i])
            return (
                (datetime.date(2024, 1, 1) + datetime.timedelta(weeks=week)).isoformat()
                if dated
                else str(week)
            )
        if column == "category":
            return history.category
        value = getattr(history, column)[i]
        return "" if np.isnan(value) else f"{value:.12g}"

    return [
        ",".join(columns),
        *(",".join(cell(h, i, c) for c in columns) for h in histories for i in range(len(h.week))),
    ]


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [one.told for one in spread(simulate(12, seed=5), seed=5)]


def test_elasticities_of_a_file(
    histories: list[History], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", lines_of(histories[::-1], columns=(*BARE, *OPTIONAL)))
    assert main(["elasticity", str(source), str(tmp_path / "out.csv")]) == 0
    answer = rows(tmp_path / "out.csv")
    assert tuple(answer[0]) == ELASTICITY_COLUMNS
    assert [r["product_id"] for r in answer] == [h.id for h in histories[::-1]]
    for r in answer:
        assert float(r["lo95"]) <= float(r["lo80"]) <= float(r["elasticity"]) <= float(r["hi80"])
        assert float(r["hi80"]) <= float(r["hi95"]) < 0
        assert r["method"] in METHODS
        assert r["reason"]
    assert "elasticity: 12 of 12" in capsys.readouterr().err


def test_only_four_columns_are_needed_and_weeks_may_be_dates(
    histories: list[History], tmp_path: Path
) -> None:
    for name, dated in (("numbers", False), ("dates", True)):
        source = write(tmp_path / f"{name}.csv", lines_of(histories, columns=BARE, dated=dated))
        assert main(["elasticity", str(source), str(tmp_path / f"{name}_out.csv")]) == 0
    numbers, dates = rows(tmp_path / "numbers_out.csv"), rows(tmp_path / "dates_out.csv")
    for a, b in zip(numbers, dates, strict=True):
        assert float(a["elasticity"]) == pytest.approx(float(b["elasticity"]), abs=0.15)
        assert a["method"] == b["method"]


def test_scenarios_of_a_file(
    histories: list[History], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = (*BARE, *OPTIONAL)
    source = write(tmp_path / "in.csv", lines_of(histories, columns=columns))
    asked = [(h.id, m) for m in (0.9, 1.0, 1.1) for h in histories[:5]]
    questions = write(tmp_path / "q.csv", ["product_id,multiplier,weeks", *(f"{p},{m},13" for p, m in asked)])
    costs = [
        f"{h.id},{int(h.week[-1]) + k},{0.6 * h.regular[-1]:.4f}" for h in histories[:5] for k in range(1, 14)
    ]
    cost = write(tmp_path / "c.csv", ["product_id,week,unit_cost", *costs])
    target = tmp_path / "out.csv"
    assert main(["scenario", str(source), str(questions), str(target), "--cost", str(cost)]) == 0
    answer = rows(target)
    assert tuple(answer[0]) == SCENARIO_COLUMNS
    assert [(r["product_id"], float(r["multiplier"])) for r in answer] == asked
    for h in histories[:5]:
        own = [r for r in answer if r["product_id"] == h.id]
        assert [r["recommended"] for r in own].count("1") == 1
        best = max(own, key=lambda r: float(r["profit"]))
        assert best["recommended"] == "1"
        assert float(own[0]["units"]) > float(own[1]["units"]) > float(own[2]["units"])
        for r in own:
            assert float(r["units_lo80"]) < float(r["units"]) < float(r["units_hi80"])
            margin = float(r["multiplier"]) * h.last_regular - 0.6 * h.regular[-1]
            assert float(r["profit"]) == pytest.approx(float(r["units"]) * margin, rel=2e-3)
    assert "scenario: 5 of 5" in capsys.readouterr().err


def test_without_any_cost_nothing_is_recommended(
    histories: list[History], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", lines_of(histories[:1], columns=BARE))
    questions = write(tmp_path / "q.csv", ["product_id,multiplier,weeks", f"{histories[0].id},1,4"])
    assert main(["scenario", str(source), str(questions), str(tmp_path / "out.csv")]) == 0
    (row,) = rows(tmp_path / "out.csv")
    assert (row["profit"], row["recommended"]) == ("", "0")
    assert float(row["units"]) > 0
    assert "no cost is known" in capsys.readouterr().err


def test_prices_far_from_those_seen_are_widened_said_and_not_recommended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"A,{w},{20 + w % 3},{10 + 0.5 * (w // 5 % 2)},7" for w in range(60)]
    source = write(tmp_path / "in.csv", ["product_id,week,units,price,unit_cost", *lines])
    questions = write(
        tmp_path / "q.csv", ["product_id,multiplier,weeks", *(f"A,{m},13" for m in (1, 1.5, 0.5))]
    )
    assert main(["scenario", str(source), str(questions), str(tmp_path / "out.csv")]) == 0
    here, dear, _ = rows(tmp_path / "out.csv")
    assert here["recommended"] == "1"
    assert float(dear["units_hi80"]) / float(dear["units_lo80"]) > 1.5 * float(here["units_hi80"]) / float(
        here["units_lo80"]
    )
    assert "A: more than 20 % beyond the prices seen, widened and not recommended: 1.5, 0.5" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A,2,many,3", "line 3, column units: 'many' is not a number"),
        ("A,2,1e400,3", "line 3, column units: '1e400' is not a finite number"),
        ("A,2,5,0", "line 3, column price: '0' is not above 0"),
        ("A,2,5,-1", "line 3, column price: '-1' is not above 0"),
        ("A,2024-01-08,5,3", "line 3, column week: '2024-01-08' is not a whole number like the first period"),
        (",2,5,3", "line 3, column product_id: '' is empty"),
        ("A,1,5,3", "line 3, column week: the same period as line 2"),
        ("A,2,5", "line 3: 3 cells, not 4"),
    ],
)
def test_a_bad_cell_is_named_and_nothing_written(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", ["product_id,week,units,price", "A,1,5,3", line])
    assert main(["elasticity", str(source), str(tmp_path / "out.csv")]) == 1
    said = capsys.readouterr().err
    assert f"in.csv: {message}" in said
    assert "nothing was written" in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("B,1,13", "line 2, column product_id: 'B' is not in the sales file"),
        ("A,,13", "line 2, column multiplier: '' is empty"),
        ("A,-1,13", "line 2, column multiplier: '-1' is not above 0"),
        ("A,1,0", "line 2, column weeks: '0' is not a whole number from 1 to 520"),
        ("A,1,2.5", "line 2, column weeks: '2.5' is not a whole number from 1 to 520"),
    ],
)
def test_a_bad_question_is_named(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", ["product_id,week,units,price", "A,1,5,3"])
    questions = write(tmp_path / "q.csv", ["product_id,multiplier,weeks", line])
    assert main(["scenario", str(source), str(questions), str(tmp_path / "out.csv")]) == 1
    assert f"q.csv: {message}" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_missing_column_or_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.csv", ["product_id,week,units", "A,1,5"])
    assert main(["elasticity", str(source), str(tmp_path / "out.csv")]) == 1
    assert "in.csv: line 1: no column price" in capsys.readouterr().err
    assert main(["elasticity", str(tmp_path / "none.csv"), str(tmp_path / "out.csv")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_a_product_that_never_sold_is_answered_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.csv", ["product_id,week,units,price", "A,1,0,3", "A,2,,3"])
    questions = write(tmp_path / "q.csv", ["product_id,multiplier,weeks", "A,1,13"])
    assert main(["elasticity", str(source), str(tmp_path / "out.csv")]) == 0
    (row,) = rows(tmp_path / "out.csv")
    assert (row["observations"], row["method"]) == ("0", "portfolio")
    assert row["reason"].startswith("Nothing sold")
    assert main(["scenario", str(source), str(questions), str(tmp_path / "s.csv")]) == 0
    (row,) = rows(tmp_path / "s.csv")
    assert (row["units"], row["recommended"]) == ("", "0")
    assert "A: nothing sold at a known price: no scenario" in capsys.readouterr().err


def test_the_process_itself_and_its_exit_code(histories: list[History], tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", lines_of(histories[:2], columns=BARE))
    command = [sys.executable, "-m", "pricing.engine", "elasticity", str(source), str(tmp_path / "o.csv")]
    env = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "o.csv")) == 2
    source.write_text("product_id,week,units,price\nA,1,many,2\n", encoding="utf-8")
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "line 2, column units: 'many' is not a number" in done.stderr


def test_every_reason_has_a_sentence() -> None:
    params = {"weeks": 30, "spread_pct": 1.2, "needed": 26, "changes": 2, "answered_pct": 70}
    for reason in REASONS:
        for method in METHODS:
            assert "{" not in reason_sentence(reason, method, params)
