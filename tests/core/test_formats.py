"""Numbers and dates as people read them, in both languages."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone, translation

from core import formats
from tests.factories import organisation_factory

N = formats.NBSP


@pytest.fixture(params=["nl", "en"])
def language(request):
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def dutch():
    with translation.override("nl"):
        yield


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("write", "nl", "en"),
    [
        (lambda: formats.number(1234.5), "1.234,5", "1,234.5"),
        (lambda: formats.number(1234), "1.234", "1,234"),
        (lambda: formats.number(Decimal("-0.004")), "0", "0"),
        (lambda: formats.number(-1234567.891, 2), "−1.234.567,89", "−1,234,567.89"),
        (lambda: formats.volume(0.25), "0,3", "0.3"),
        (lambda: formats.volume(1234.56, "MWh"), f"1.235{N}MWh", f"1,235{N}MWh"),
        (lambda: formats.money(Decimal("1234.56"), "EUR"), f"€{N}1.234,56", "€1,234.56"),
        (lambda: formats.money(Decimal("-1234.5"), "EUR"), f"€{N}−1.234,50", "−€1,234.50"),
        (lambda: formats.money(5, "CHF"), f"CHF{N}5,00", f"CHF{N}5.00"),
        (lambda: formats.money(1_550_000, "", scale="k", decimals=0), "1.550", "1,550"),
        (lambda: formats.scale_label("k", "EUR"), f"x{N}€{N}1.000", f"x{N}€1,000"),
        (lambda: formats.percent(0.412), "41,2%", "41.2%"),
        (lambda: formats.percent(Decimal("-0.0005")), "−0,1%", "−0.1%"),
        (lambda: formats.share(0.0025), f"<{N}1%", f"<{N}1%"),
        (lambda: formats.share(0.4149), "41%", "41%"),
        (lambda: formats.share(0), "0%", "0%"),
        (lambda: formats.index(104.3), "104", "104"),
        (lambda: formats.month(dt.date(2026, 3, 1)), f"mrt{N}2026", f"Mar{N}2026"),
        (lambda: formats.day(dt.date(2026, 11, 2)), "02-11-2026", f"2{N}Nov{N}2026"),
        (lambda: formats.week(dt.date(2026, 11, 20)), f"wk{N}47", f"wk{N}47"),
    ],
)
def test_a_value_reads_by_language(write, nl, en):
    with translation.override("nl"):
        assert write() == nl
    with translation.override("en"):
        assert write() == en


@pytest.mark.parametrize(
    "write",
    [
        formats.number,
        formats.volume,
        lambda missing: formats.money(missing, "EUR"),
        formats.percent,
        formats.index,
        formats.month,
        formats.week,
        formats.day,
        formats.moment,
        formats.ago,
        lambda missing: formats.delta(missing).text,
        lambda missing: formats.compact(missing),
    ],
)
def test_missing_is_a_dash_and_never_zero(write, language):
    assert write(None) == "—"


@pytest.mark.parametrize("missing", [float("nan"), float("inf"), Decimal("NaN")])
def test_what_is_no_number_is_missing(missing):
    assert formats.number(missing) == "—"


def test_rounding_is_half_away_from_zero(english):
    assert [formats.number(value, 0) for value in (0.5, 1.5, 2.5, -2.5)] == ["1", "2", "3", "−3"]


def test_a_large_number_keeps_three_digits(english):
    assert formats.compact_parts(1_140_000)[0] == "1.14"
    assert formats.compact_parts(48_230_000)[0] == "48.2"
    assert formats.compact_parts(999_999) == ("999,999", "")


@pytest.mark.parametrize(
    ("value", "options", "text", "arrow", "css"),
    [
        (0.041, {}, "+4,1%", "▲", "up"),
        (-0.006, {"kind": "points"}, f"−0,6{N}pp", "▼", "down"),
        (12, {"kind": "number", "good": "down", "unit": "klachten"}, f"+12{N}klachten", "▲", "up bad"),
        (-0.012, {"kind": "points", "good": "down"}, f"−1,2{N}pp", "▼", "down good"),
        (0.0004, {}, "0,0%", "→", "flat"),
        (104, {"kind": "index"}, "104", "▲", "up"),
        (96.2, {"kind": "index"}, "96", "▼", "down"),
        (0.02, {"kind": "money", "good": "down", "unit": "EUR"}, f"€{N}+0,02", "▲", "up bad"),
        (0.1, {"good": "none"}, "+10,0%", "▲", "up plain"),
    ],
)
def test_the_arrow_follows_the_number_and_the_class_says_good_or_bad(value, options, text, arrow, css, dutch):
    change = formats.delta(value, **options)
    assert (change.text, change.arrow, change.css) == (text, arrow, css)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (86400 * 3, "3 days ago")],
)
def test_ago_is_said_in_the_largest_whole_unit(seconds, text, english):
    now = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    assert formats.ago(now - dt.timedelta(seconds=seconds), now) == text


def test_a_moment_is_told_in_the_current_time_zone(dutch):
    with timezone.override("Europe/Amsterdam"):
        assert formats.moment(dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)) == "23-11-2026 00:30"
        assert formats.day(dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)) == "23-11-2026"


def render(source, **values):
    return Template("{% load core %}" + source).render(Context(values))


@pytest.mark.django_db
def test_amounts_are_in_the_organisations_currency_unless_another_is_said(english):
    organisation_factory(currency="GBP")
    source = "{{ 5|money }} {{ 5|money_whole }} {% scale_label 'k' %} {% delta 5 kind='money' %}"
    assert render(source).count("£") == 4
    assert render("{{ 5|money:'USD' }}") == "$5.00"


@pytest.mark.django_db
def test_a_missing_value_has_words_for_those_who_listen(english):
    assert "no data" in render("{{ value|money }}", value=None)
    assert "0" not in render("{{ value|percent }}", value=None)


def test_tags_escape_what_people_wrote(english):
    html = render('{% delta value "number" "up" 0 unit %}', value=3, unit="<b>")
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_stage_has_glyph_and_word(english):
    html = render('{% stage_badge "decline" %}')
    assert "#decline" in html
    assert "decline</span>" in html


def test_sorting_keeps_the_filters_and_drops_the_page(rf, english):
    request = rf.get("/products/", {"line": "food", "page": "3", "sort": "-revenue"})
    html = render('{% sort_header "revenue" "Revenue" numeric=True %}', request=request)
    assert 'aria-sort="descending"' in html
    assert "line=food" in html
    assert "sort=revenue" in html
    assert "page=" not in html
    other = render('{% sort_header "growth" "Growth" numeric=True %}', request=request)
    assert "sort=-growth" in other
    assert "aria-sort" not in other


class PriceForm(forms.Form):
    """A form with every kind of control."""

    price = forms.DecimalField(label="Price", help_text="per pack")
    start = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("a", "now"), ("b", "later")], required=False
    )
    agreed = forms.BooleanField(required=False)


def test_a_field_ties_label_help_and_error_together(english):
    html = render('{% field form.price prefix="€" %}', form=PriceForm({"price": "x"}))
    described = re.search(r'aria-describedby="([^"]+)"', html).group(1).split()
    assert described
    for name in described:
        assert f'id="{name}"' in html
    assert 'aria-invalid="true"' in html
    assert 'for="id_price"' in html


def test_each_choice_of_a_group_looks_like_a_choice(english):
    html = render("{% field form.start %}", form=PriceForm())
    assert html.count("form-check-input") == 2
    assert "<legend" in html


def test_the_summary_counts_and_links_the_wrong_fields(english):
    assert render("{% error_summary form %}", form=PriceForm()).strip() == ""
    html = render("{% error_summary form %}", form=PriceForm({}))
    assert "one field needs attention" in html
    assert 'href="#id_price"' in html


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([98.7, 217], 0),
        ([60.3, None, 99.94], 1),
        ([Decimal("98.7"), 12], 1),
        ([5, 12.0], 0),
        ([-98.7, -217.5], 0),
        ([None, float("nan")], 0),
        ([], 0),
    ],
)
def test_a_column_of_volumes_has_one_number_of_decimals(values, decimals):
    assert formats.volume_decimals(values) == decimals
    written = [formats.number(value, decimals) for value in values if formats.exact(value) is not None]
    assert len({text.partition(",")[2] != "" for text in written}) <= 1
