"""The main chart: valid Vega-Lite, styles of the theme by name, and what it was given and nothing else."""

import datetime as dt
import json
from pathlib import Path

import pytest
from django.utils import translation

from core.charts import Actual, Expected, StageSpan, volume_forecast_chart
from core.charts.marks import EVENT_SHAPES
from core.months import month_add
from core.registries import Event

START = dt.date(2024, 1, 1)
THEME = json.loads((Path(__file__).parents[2] / "static/charts/theme.json").read_text())


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def sample(**changes):
    history = [Actual(month_add(START, step), 100.0 + step) for step in range(22)]
    history[5] = Actual(history[5].month, None)
    history += [Actual(month_add(START, 22), 90.0, True), Actual(month_add(START, 23), 80.0, True)]
    values = {
        "id": "sales",
        "title": "How much do we sell?",
        "history": history,
        "forecast": [
            Expected(month_add(START, 22 + step), 120.0, 100.0, 140.0, 90.0, 150.0) for step in range(18)
        ],
        "events": [
            Event(kind, month_add(START, 2 + 3 * place), kind) for place, kind in enumerate(EVENT_SHAPES)
        ],
        "stages": [
            StageSpan("growth", dt.date(2020, 1, 1), dt.date(2025, 3, 1)),
            StageSpan("maturity", dt.date(2025, 3, 1), None, expected=True),
        ],
        "unit_label": "packs per month",
        "measure_label": "volume",
    }
    return volume_forecast_chart(**{**values, **changes})


def styles(spec):
    return {layer["mark"]["style"] for layer in spec["layer"]}


def layer(spec, style):
    return next(one for one in spec["layer"] if one["mark"]["style"] == style)


def rows(chart):
    return {row["month"]: row for row in chart.spec["data"]["values"]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"forecast": []},
        {"history": []},
        {"events": [], "stages": []},
        {"currency": "GBP"},
        {"history": [Actual(START, 3.0)]},
        {"history": [Actual(START, 3.0, True)], "forecast": []},
    ],
)
def test_the_spec_is_valid_vega_lite(changes):
    from altair.vegalite.v6.schema import core as schema

    text = json.dumps(sample(**changes).spec)
    # "stages" is a range of our own theme; the schema lists only the names that every theme has
    schema.TopLevelSpec.from_dict(json.loads(text.replace('"range": "stages"', '"range": "category"')))


def test_amounts_are_in_the_currency_that_is_said(english):
    cells = {cell for row in sample(currency="GBP").table.rows for cell in row[1:] if cell}
    assert all("£" in cell for cell in cells)


def test_the_schema_would_refuse_an_unknown_mark():
    from altair.vegalite.v6.schema import core as schema
    from jsonschema import ValidationError

    spec = sample().spec
    spec["layer"][0]["mark"]["type"] = "scribble"
    with pytest.raises(ValidationError):
        schema.TopLevelSpec.from_dict(spec)


def test_every_style_is_in_both_themes():
    for mode in ("light", "dark"):
        assert styles(sample().spec) <= set(THEME[mode]["style"])


def test_the_spec_names_no_colour():
    assert "#" not in json.dumps(sample().spec)


def test_a_gap_is_null_and_not_zero():
    row = rows(sample())["2024-06-01"]
    assert row["actual"] is None
    assert row["text"] == "—"


def test_forecast_and_bands_leave_from_the_last_final_month():
    row = rows(sample())["2025-10-01"]
    assert row["forecast"] == row["lo80"] == row["hi95"] == row["actual"] == 121.0


def test_provisional_months_are_hatched_and_told_apart_from_final_ones():
    chart = sample()
    row = rows(chart)["2025-11-01"]
    assert "actual" not in row
    assert (row["provisional"], row["forecast"]) == (90.0, 120.0)
    assert row["text"] == "90 (provisional)"
    assert {"hatch", "provisional"} <= styles(chart.spec)
    assert {"hatch", "provisional"}.isdisjoint(styles(sample(history=[Actual(START, 1.0)]).spec))


def test_where_no_month_is_final_there_is_no_final_line_and_nothing_to_hatch_beside_it():
    months = [Actual(month_add(START, n), 10.0 + n, provisional=True) for n in range(2)]
    assert styles(sample(history=months, forecast=[]).spec) & {"hatch", "history", "provisional"} == {
        "provisional"
    }


def test_the_forecast_leaves_from_a_provisional_month_that_it_follows():
    later = [Expected(month_add(START, 24 + step), 120.0, 100.0, 140.0, 90.0, 150.0) for step in range(18)]
    found = rows(sample(forecast=later))
    assert "forecast" not in found["2025-10-01"]
    assert found["2025-10-01"]["provisional"] == found["2025-10-01"]["actual"] == 121.0
    last = found["2025-12-01"]
    assert last["provisional"] == last["forecast"] == last["lo80"] == last["hi95"] == 80.0


def test_the_table_holds_every_month_once_and_in_order():
    chart = sample()
    assert len(chart.table.rows) == 40
    assert chart.table.rows[5][1] is None
    assert chart.table.rows[22] == ["Nov\u00a02025", "90 (provisional)", "120", "100 – 140", "90 – 150"]
    assert {len(row) for row in chart.table.rows} == {len(chart.table.headers)}


def test_large_values_are_scaled_and_the_axis_says_so():
    chart = sample(history=[Actual(START, 120_000.0)], forecast=[])
    assert rows(chart)["2024-01-01"]["actual"] == 120.0
    encodings = [one["encoding"] for one in chart.spec["layer"] if "y" in one.get("encoding", {})]
    titles = [encoding["y"].get("axis", {}).get("title") for encoding in encodings]
    assert "x 1,000 packs per month" in titles


def test_a_stage_is_cut_at_the_edges_of_the_chart():
    spans = layer(sample().spec, "stage")["data"]["values"]
    assert [(span["from"], span["to"]) for span in spans] == [
        ("2024-01-01", "2025-03-01"),
        ("2025-03-01", "2027-04-01"),
    ]
    assert (spans[1]["name"], spans[1]["word"]) == ("maturity expected", "maturity")


def test_events_outside_the_months_are_left_out():
    events = [Event("price", dt.date(2020, 1, 1), "old"), Event("price", dt.date(2024, 5, 3), "new")]
    marks = layer(sample(events=events).spec, "event-mark")["data"]["values"]
    assert [mark["text"] for mark in marks] == ["new"]


def test_marks_that_would_cover_one_another_are_one_that_tells_both():
    day = dt.date(2024, 5, 3)
    events = [
        Event("launch", day, "launch", "Juice: launched"),
        Event("stage", day + dt.timedelta(days=6), "growth", "The figures moved."),
        Event("price", dt.date(2025, 6, 1), "price"),
    ]
    marks = layer(sample(events=events).spec, "event-mark")["data"]["values"]
    assert [mark["kind"] for mark in marks] == ["launch", "price"]
    assert [mark["short"] for mark in marks] == ["launch, growth", "price"]
    assert marks[0]["text"] == "Juice: launched; The figures moved."
    near = [*events[:2], Event("price", day + dt.timedelta(days=150), "price")]
    marks = layer(sample(events=near).spec, "event-mark")["data"]["values"]
    assert [mark["short"] for mark in marks] == ["launch", "price"], "room for the first word alone"
    marks = layer(sample(events=events).spec, "event-mark")["data"]["values"]
    assert marks[0]["label"].replace("\u00a0", " ") == "3 May 2024, 9 May 2024"


def test_a_word_stands_where_there_is_room_for_it():
    """Right of its mark, left of it where the next mark or the edge is too near, else nowhere."""
    events = [
        Event("price", dt.date(2024, 5, 3), "new price"),
        Event("promotion", dt.date(2025, 6, 1), "summer action"),
        Event("price", dt.date(2025, 7, 15), "back"),
        Event("price", dt.date(2025, 9, 1), "end of the action"),
        Event("end", dt.date(2027, 4, 1), "end"),
    ]
    spec = sample(events=events).spec
    marks = layer(spec, "event-mark")["data"]["values"]
    assert [mark["side"] for mark in marks] == ["right", "left", "", "right", "left"]
    assert [mark["short"] for mark in marks][2] == ""
    words = [one for one in spec["layer"] if one["mark"]["style"] == "event-label"]
    assert [one["mark"].get("align") for one in words] == [None, "right"]


def test_user_text_stays_in_data_values():
    spec = sample(events=[Event("price", dt.date(2024, 5, 1), "datum.evil", "javascript:alert(1)")]).spec
    for one in spec["layer"]:
        one.get("data", {}).pop("values", None)
    spec["data"].pop("values")
    assert "evil" not in json.dumps(spec)
    assert "alert" not in json.dumps(spec)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="at least one month"):
        sample(history=[], forecast=[])


def test_a_forecast_without_history_draws_no_empty_layer():
    ahead = [Expected(dt.date(2026, 12, 1), 10, 8, 12, 6, 14)]
    chart = volume_forecast_chart(
        id="c", title="t", history=[], forecast=ahead, unit_label="pack", measure_label="volume"
    )
    styles = [layer["mark"]["style"] for layer in chart.spec["layer"]]
    assert styles == ["band95", "band80", "forecast", "hit"]


def test_a_table_writes_all_its_volumes_with_the_same_decimals():
    month = dt.date(2026, 10, 1)
    chart = sample(
        history=[Actual(month, 98.7, False)],
        forecast=[Expected(dt.date(2026, 11, 1), 217.0, 60.3, 781.0, 40.2, 990.4)],
    )
    assert [row[1:] for row in chart.table.rows] == [
        ["99", None, None, None],
        [None, "217", "60 – 781", "40 – 990"],
    ]
    small = sample(history=[Actual(month, 8.7, False), Actual(dt.date(2026, 11, 1), 12, False)], forecast=[])
    assert [row[1] for row in small.table.rows] == ["8.7", "12.0"]
