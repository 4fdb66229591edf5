"""Stages on clean shapes, what must change no stage, and that later months never change an earlier answer."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from forecasting.engine import EVIDENCE_CODES, REASON_CODES, STAGES, StagePath, lifecycle
from forecasting.engine.stages import train
from forecasting.engine.stages.definition import true_stages
from forecasting.engine.stages.evaluate import figures, judge
from forecasting.engine.stages.features import FEATURES
from forecasting.engine.stages.network import MODEL, MODEL_VERSION, answers, load
from forecasting.engine.stages.polli_cook import polli_cook, polli_cook_sigma

from .cases import judge_cases, table
from .shapes import START, bumpy, life, series

PAGE = (Path(__file__).parents[3] / "docs/algorithms/lifecycle.md").read_text(encoding="utf-8")
CLIMB = ((6, 0.1), (24, 1.0))
PLATEAU = (*CLIMB, (36, 1.02))
FALL = (*PLATEAU, (36, 0.35))
RELAUNCH = (*FALL, (7, 0.8))


def path(*parts: tuple[int, float], noise: float = 0.04) -> StagePath:
    return lifecycle(series(bumpy(life(*parts), noise=noise)), launch=START)


@pytest.mark.parametrize(
    ("parts", "stage"),
    [
        (((5, 0.05),), "introduction"),
        (((6, 0.1), (15, 0.6)), "growth"),
        (PLATEAU, "maturity"),
        (FALL, "decline"),
        (RELAUNCH, "revival"),
    ],
)
def test_clean_shapes(parts: tuple[tuple[int, float], ...], stage: str) -> None:
    last = path(*parts).last
    assert last.stage == stage
    assert max(last.probabilities) == last.probabilities[STAGES.index(stage)]
    assert sum(last.probabilities) == pytest.approx(1, abs=1e-9)
    assert min(last.probabilities) > 0
    assert last.stage_start is not None
    assert START <= last.stage_start <= last.month
    assert last.months_to_next_lo is not None
    assert last.months_to_next is not None
    assert last.months_to_next_hi is not None
    assert 1 <= last.months_to_next_lo <= last.months_to_next <= last.months_to_next_hi <= 36
    assert set(last.evidence_params) == set(EVIDENCE_CODES[last.evidence or ""])


def test_the_stages_come_in_order_and_each_once() -> None:
    shown = [stage for stage in path(*FALL).stages if stage]
    runs = [a for a, b in zip(shown, [None, *shown], strict=False) if a != b]
    assert runs == ["introduction", "growth", "maturity", "decline"]


@pytest.mark.parametrize(("factor", "months"), [(0.75, 6), (0.75, 12), (0.85, 15), (1.12, 12)])
def test_a_customer_lost_or_won_changes_no_stage(factor: float, months: int) -> None:
    kept = 0
    for seed in range(1, 11):
        units = bumpy(life(*PLATEAU), seed=seed, noise=0.03)
        units[-months:] = np.round(units[-months:] * factor)
        kept += set(lifecycle(series(units), launch=START).stages[-months:]) == {"maturity"}
    assert kept >= 9


def test_a_decline_that_starts_at_once_is_still_found() -> None:
    units = bumpy(life(*PLATEAU, (14, 0.6)))
    assert lifecycle(series(units), launch=START).last.stage == "decline"


def test_a_dip_after_growth_changes_no_stage() -> None:
    level = life(*CLIMB, (5, 0.86), (5, 0.98), (14, 1.0))
    shown = lifecycle(series(bumpy(level)), launch=START).stages
    assert "decline" not in shown
    assert shown[-1] == "maturity"


def test_a_stock_out_and_a_promotion_change_no_stage() -> None:
    units = bumpy(life(*PLATEAU))
    out, promo = np.zeros(len(units)), np.zeros(len(units))
    units[-3:], out[-3:] = 0, 1
    units[-9:-6], promo[-9:-6] = units[-9:-6] * 3, 1
    flagged = lifecycle(series(units), launch=START, stockout=out, promo=promo)
    assert flagged.last.stage == "maturity"
    assert set(flagged.stages[-12:]) == {"maturity"}
    assert flagged.last.probabilities[2] > 0.5


def test_months_added_later_never_change_an_earlier_answer() -> None:
    units = bumpy(life(*RELAUNCH), noise=0.2)
    promo = (np.arange(len(units)) % 11 == 5).astype(float)
    whole = lifecycle(series(units), launch=START, promo=promo)
    for n in (5, 23, 24, 25, 31, 60, 90):
        part = lifecycle(series(units[:n]), launch=START, promo=promo[:n])
        assert part.stages == whole.stages[:n]
        assert (part.probabilities == whole.probabilities[:n]).all()
        for smoothed in (True, False):
            month = START + n - 1
            assert part.at(month, smoothed=smoothed) == whole.at(month, smoothed=smoothed)


def test_the_unit_does_not_matter() -> None:
    units = bumpy(life(*FALL), noise=0.2)
    one, thousand = (lifecycle(series(units * k), launch=START) for k in (1, 1000))
    assert one.stages == thousand.stages
    np.testing.assert_allclose(one.probabilities, thousand.probabilities, atol=1e-9)


def test_a_product_without_sales_for_half_a_year_is_in_decline() -> None:
    units = np.concatenate([bumpy(life(*PLATEAU)), np.zeros(9)])
    last = lifecycle(series(units)).last
    assert (last.stage, last.evidence, last.evidence_params) == ("decline", "not_sold", {"months": 9})


def test_months_that_are_missing_are_no_months_without_sales() -> None:
    known = bumpy(life(*PLATEAU))
    unknown = lifecycle(series(np.concatenate([known, np.full(9, np.nan)]))).last
    assert (unknown.evidence, unknown.evidence_params) == ("not_known", {"months": 9})
    assert unknown.stage == lifecycle(series(known)).last.stage


def test_too_little_has_a_reason() -> None:
    for units, reason in (([], "no_sales"), (np.zeros(9), "no_sales"), ([0.0, 5.0], "too_short")):
        last = lifecycle(series(units)).last
        assert (last.stage, last.reason, last.probabilities) == (None, reason, ())
        assert set(last.reason_params) == set(REASON_CODES[reason])


def test_flags_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="3 values"):
        lifecycle(series([1.0, 2.0, 3.0]), promo=[0, 1])


def test_net_returns_and_missing_months_do_not_crash() -> None:
    units = bumpy(life(*PLATEAU))
    units[[3, 20]] = -50
    units[[10, 40]] = np.nan
    assert lifecycle(series(units)).last.stage == "maturity"


def test_on_simulated_lives_the_figures_hold() -> None:
    found = figures(*judge(lives=250, seed=99))
    # Hardly any month of a whole life is a revival: too few here to judge it by.
    assert min(found[f"F1 {stage}"] for stage in STAGES[:4]) > 0.45
    assert found["log-loss"] < 0.9
    assert found["calibration error"] < 0.06
    assert 0.75 < found["months to next, 80 % range covers"] < 0.9
    assert found["start of stage, median error in months"] <= 5
    assert found["changes a year, shown"] < 2 * found["changes a year, true"]
    assert found["there and back within six months, a year"] < 0.1
    assert found["changes found within six months"] > 0.35


def test_the_model_is_what_the_command_would_train_today() -> None:
    """Change the simulator, the features or the version, and train again."""
    assert MODEL.stat().st_size < 500_000
    with np.load(MODEL, allow_pickle=False) as file:
        assert str(file["version"]) == MODEL_VERSION
        assert tuple(file["features"]) == FEATURES
        assert (int(file["lives"]), int(file["seed"])) == (train.LIVES, train.SEED)
        np.testing.assert_allclose(file["check"], train.fingerprint(train.SEED), atol=1e-4)
    assert f"| version | {MODEL_VERSION} |" in PAGE
    assert f"{train.LIVES:,} simulated lives" in PAGE


def test_training_is_the_same_each_time_and_learns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(train, "_EPOCHS", 12)
    monkeypatch.setattr(train, "_BATCH", 64)
    monkeypatch.setattr(train, "_WARM", 20)
    for name in ("a.npz", "b.npz"):
        train.train(lives=120, seed=5, target=tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    months = train.samples(lives=60, seed=6)
    shares = answers(months.rows, load(tmp_path / "a.npz")).probabilities
    by_chance = np.bincount(months.stage, minlength=5)[months.stage] / len(months.stage)
    assert np.log(shares[np.arange(len(shares)), months.stage]).mean() > np.log(by_chance).mean() + 0.15


def test_the_start_shown_does_not_wander_from_night_to_night() -> None:
    walked = path(*FALL, noise=0.08)
    starts = [walked.at(walked.start + t).stage_start for t in range(30, len(walked.stages))]
    stages = walked.stages[30:]
    moved = sum(a != b for (a, b), (k, m) in zip(pairwise(starts), pairwise(stages), strict=True) if k == m)
    assert moved <= 4


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_a_fall_is_never_said_to_exceed_all_there_is(noise: float) -> None:
    level = life(*PLATEAU, (12, 0.05), (6, 0.05))
    walked = lifecycle(series(bumpy(level, noise=noise)), launch=START)
    said = [walked.at(START + t) for t in range(len(level))]
    falls = [r.evidence_params["slope_pct_year"] for r in said if r.evidence == "falling"]
    assert falls
    assert min(falls) < -70
    assert all(-100 < fall < 0 for fall in falls)


def test_the_definition_on_a_known_level() -> None:
    level = np.concatenate(
        [life(*FALL), np.linspace(0.36, 0.8, 8), np.full(12, 0.8), np.linspace(0.78, 0.2, 30)]
    )
    relaunch = len(life(*FALL)) - 1
    stages = true_stages(level, relaunch=relaunch)
    runs = [int(a) for a, b in zip(stages, [-2, *stages], strict=False) if a != b]
    assert [STAGES[k] for k in runs] == [
        "introduction",
        "growth",
        "maturity",
        "decline",
        "revival",
        "maturity",
        "decline",
    ]
    assert stages[relaunch] == STAGES.index("revival")


def test_what_must_last_is_dated_from_its_first_month() -> None:
    level = np.concatenate([life(*CLIMB), np.ones(24), 0.96 ** np.arange(1, 25), np.full(30, 0.5)])
    stages = true_stages(level)
    decline = int(np.argmax(stages == STAGES.index("decline")))
    assert level[decline] < 0.9 <= level[decline - 1]


def test_a_whole_market_is_judged_by_a_slower_clock() -> None:
    level = np.concatenate([life((120, 1.0)), np.ones(120), 0.96 ** (np.arange(1, 241) / 12)])
    said = [STAGES[int(true_stages(level, clock=clock)[-1])] for clock in (1.0, 4.0)]
    assert said == ["maturity", "decline"]


def _market(*figures: float) -> StagePath:
    """A history of yearly figures spread over their months."""
    return lifecycle(series(np.repeat(np.array(figures) * 1000.0, 12)))


def test_decades_of_growth_are_growth_and_a_slow_fade_may_be_a_decline() -> None:
    growing = [100 * 1.12**k for k in range(30)]
    assert _market(*growing).last.stage == "growth"
    peak = growing[-1]
    fading = _market(*growing, *[peak] * 8, *(peak * 0.93**k for k in range(1, 13))).last
    assert fading.probabilities[STAGES.index("decline")] > 0.5


@pytest.mark.parametrize("cut", [70, 97, 140])
def test_a_long_history_keeps_its_earlier_answers_too(cut: int) -> None:
    units = bumpy(life((40, 1.0), (40, 0.95), (60, 0.3), (20, 0.5)), noise=0.12)
    whole, part = lifecycle(series(units)), lifecycle(series(units[:cut]))
    assert part.stages == whole.stages[:cut]
    assert (part.probabilities == whole.probabilities[:cut]).all()


def test_well_known_histories_are_judged_as_the_page_says() -> None:
    for name, count, right, right_by_rule, loss in table(list(judge_cases())):
        said = re.search(rf"^\| {name} \| (\d+) \| (\d+) \| (\d+) \| (\d\.\d\d) \|$", PAGE, re.M)
        assert said, name
        assert [int(cell) for cell in said.groups()[:3]] == [count, right, right_by_rule]
        assert float(said[4]) == pytest.approx(loss, abs=6e-3)


def test_a_rare_stage_is_named_before_it_is_the_likeliest() -> None:
    before_its_time = set()
    for seed in range(1, 9):
        walked = lifecycle(series(bumpy(life(*RELAUNCH), seed=seed, noise=0.15)), launch=START)
        for t in range(2, len(walked.stages)):
            answer = walked.at(walked.start + t, smoothed=False)
            named = answer.probabilities[STAGES.index(answer.stage or "")]
            if named < max(answer.probabilities):
                assert named >= max(answer.probabilities) / 1.5 - 1e-4
                before_its_time.add(answer.stage)
    assert before_its_time
    assert before_its_time <= {"introduction", "revival"}


def test_polli_and_cook_by_the_page() -> None:
    changes = [float(x.replace("−", "-")) for x in _row("changes a year, %")]
    assert polli_cook_sigma(changes) == pytest.approx(float(_row("sigma about zero")[0]), abs=5e-3)
    assert polli_cook_sigma(changes) / 2 == pytest.approx(float(_row("cut")[0]), abs=5e-3)
    assert polli_cook(changes) == _row("stages")


def _row(label: str) -> list[str]:
    found = re.search(rf"^\| {re.escape(label)} \|(.+)\|$", PAGE, re.M)
    assert found, label
    return found[1].replace("|", " ").split()
