"""Sparklines: gaps stay gaps, a flat line is drawn, nothing is drawn from nothing."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from core.sparkline import sparkline_svg

values = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=40)


def path(svg, css):
    return re.search(rf'class="{css}" d="([^"]*)"', svg).group(1)


def test_a_gap_lifts_the_pen():
    svg = sparkline_svg(history=[1, 2, None, 3, 4], label="x")
    assert path(svg, "h").count("M") == 2


def test_a_month_between_two_gaps_is_seen():
    svg = sparkline_svg(history=[1, 2, None, 3, None, 4, 5], label="x")
    assert "h.01" in path(svg, "h")


def test_the_forecast_leaves_from_the_last_actual():
    svg = sparkline_svg(history=[1, 2], forecast=[3, 4], low=[2, 2], high=[4, 6], label="x")
    start = path(svg, "f").removeprefix("M").split("L")[0]
    assert path(svg, "h").endswith(start)
    assert path(svg, "b").startswith(f"M{start}")


def test_no_value_draws_nothing():
    assert sparkline_svg(history=[None, None], label="x") == ""


def test_equal_values_lie_in_the_middle():
    svg = sparkline_svg(history=[5, 5, 5], label="x", height=30)
    assert re.findall(r",(\d+\.\d)", path(svg, "h")) == ["15.0"] * 3


def test_the_label_is_escaped():
    assert "<script>" not in sparkline_svg(history=[1], label="<script>")


@given(history=values, forecast=values)
def test_every_point_lies_inside_and_the_svg_is_well_formed(history, forecast):
    svg = sparkline_svg(history=history, forecast=forecast, label="x", width=132, height=30)
    if not svg:
        assert all(value is None for value in (*history, *forecast))
        return
    ElementTree.fromstring(svg)
    for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", svg):
        assert 0 <= float(x) <= 132
        assert 0 <= float(y) <= 30
