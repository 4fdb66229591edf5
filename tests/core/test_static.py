"""What browsers get: vendored files as pinned, one set of colours, a strict policy, small scripts."""

import gzip
import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
CSS = (STATIC / "css/pmtool.css").read_text()
THEME = json.loads((STATIC / "charts/theme.json").read_text())
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.fixture
def vendor():
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "tools/vendor.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    yield module
    del sys.modules["vendor"]


def test_vendored_files_are_as_pinned(vendor):
    assert vendor.problems() == []


def test_a_changed_a_missing_and_a_strange_file_are_seen(vendor, tmp_path, monkeypatch):
    copy = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, copy)
    monkeypatch.setattr(vendor, "VENDOR", copy)
    (copy / "htmx/htmx.min.js").write_text("alert(1)")
    (copy / "vega/vega.min.js").unlink()
    (copy / "extra.js").write_text("")
    assert vendor.problems() == [
        "htmx/htmx.min.js was changed",
        "vega/vega.min.js is missing",
        "extra.js is in no manifest entry",
    ]


def token(name):
    return re.search(rf"--pm-{name}: light-dark\((#\w+), (#\w+)\)", CSS).groups()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("history", ("style", "history", "color")),
        ("forecast", ("style", "forecast", "color")),
        ("band80", ("style", "band80", "color")),
        ("band95", ("style", "band95", "color")),
        ("event", ("style", "event", "color")),
        ("introduction", ("range", "stages", 0)),
        ("growth", ("range", "stages", 1)),
        ("maturity", ("range", "stages", 2)),
        ("decline", ("range", "stages", 3)),
        ("revival", ("range", "stages", 4)),
        ("pos", ("range", "goodbad", 0)),
        ("neg", ("range", "goodbad", 1)),
        ("line", ("axisX", "domainColor")),
        ("ink-2", ("axis", "labelColor")),
    ],
)
def test_a_meaning_has_one_colour_on_pages_and_in_charts(name, path):
    for mode, colour in zip(("light", "dark"), token(name), strict=True):
        found = THEME[mode]
        for key in path:
            found = found[key]
        assert found == colour


def test_own_css_is_small():
    assert len("".join(CSS.split())) < 30_000


def packed(*names):
    return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)


def test_scripts_stay_within_their_budget():
    own = [f"js/{path.name}" for path in (STATIC / "js").glob("*.js")]
    everywhere = packed("vendor/tabler/tabler.min.js", "vendor/htmx/htmx.min.js", *own)
    charts = packed(*(f"vendor/{name}/{name}.min.js" for name in ("vega", "vega-lite", "vega-embed")))
    assert everywhere < 80 * 1024
    assert everywhere + charts < 400 * 1024


FORBIDDEN = {
    "inline style": r"\sstyle\s*=",
    "handler in an attribute": r"\son[a-z]+\s*=\s*[\"']",
    "hx-on": r"hx-on",
    "script in an address": r"javascript:",
    "script in the page": r"<script(?![^>]*\b(src|type=\"application/json\"))[^>]*>",
    "style in the page": r"<style\b",
    "another origin": r"(src|href|action)=\"(https?:)?//",
    "an id with the marks of numbers that people read": r"\{\{ ?([\w.]+\.)?pk ?\}\}",
    "a bar with them": r"<progress.*\b(value|max)=\"\{\{ ?[\w.]+ ?\}\}",
    "a drawing with them": (
        r"\b(x|y|x1|x2|y1|y2|cx|cy|r|width|height|viewBox|data-days)=\"[^\"]*\{\{ ?[\w.]+ ?\}\}"
    ),
    "a version with them": r"name=\"version\" value=\"\{\{ ?[\w.]+ ?\}\}",
}


def offences(text):
    return [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, flags=re.IGNORECASE)]


def test_templates_keep_to_the_strict_policy():
    assert len(TEMPLATES) > 100
    found = {str(path.relative_to(ROOT)): offences(path.read_text()) for path in TEMPLATES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="x">',
        '<a onclick="x">',
        '<a hx-on:click="x">',
        "<script>x</script>",
        '<img src="//x.nl/a">',
        '<p id="{{ a.pk }}">',
        '<progress {% if a.b > 1 %}value="{{ a.b }}" {% endif %}>',
        '<rect y="0" width="{{ a.b }}" height="4"/>',
        '<input name="version" value="{{ a.version }}">',
    ],
)
def test_the_check_above_sees_what_the_policy_forbids(markup):
    assert offences(markup) != []


def htmx_attributes(text):
    """Their names without what is said after a colon (`hx-boost:inherited`)."""
    return set(re.findall(r"[\s\"'](hx-[a-z-]+)(?=[:=\"'])", text))


def test_htmx_knows_every_attribute_that_is_used():
    """One that it does not know does nothing: a filter of what is sent would send everything."""
    known = set(re.findall(r"hx-[a-z-]+", (STATIC / "vendor/htmx/htmx.min.js").read_text()))
    known |= {f"hx-{verb}" for verb in ("get", "post", "put", "patch", "delete")}
    code = [path for room in ROOT.glob("*/apps.py") for path in room.parent.rglob("*.py")]
    used = {name for path in [*TEMPLATES, *code] for name in htmx_attributes(path.read_text())}
    assert {"hx-get", "hx-boost", "hx-trigger"} <= used
    assert used - known == set()


def test_a_table_that_scrolls_is_no_landmark():
    """It would stand in the list of landmarks beside its card, by the same name."""
    assert [path.name for path in TEMPLATES if 'role="region"' in path.read_text()] == []


def test_every_icon_that_is_named_exists():
    sprite = (STATIC / "vendor/icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r"""{% icon (?:[\w.]+\|default:)?["']([\w-]+)["']""", path.read_text())
    }
    assert used
    assert used <= known


def test_names_are_hashed_without_a_missing_reference(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    css = (tmp_path / names["css/pmtool.css"]).read_text()
    assert Path(names["vendor/inter/inter-latin.woff2"]).name in css
