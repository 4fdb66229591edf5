"""Charts of a report as SVG and PNG: ``python -m reporting.renderers.drawings FOLDER KIND`` draws every spec
of a folder's ``charts.json``.

A process of its own, as it holds a JavaScript engine: what goes wrong in it has a limit in time and takes
nobody along. Specs have their data inside; nothing is fetched.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from core.reports.blocks import ReportChart

BASE = Path(__file__).parent.parent.parent
THEME, FONTS = BASE / "static" / "charts" / "theme.json", BASE / "static" / "vendor" / "inter-pdf"
SECONDS = 60
WIDTH, SCALE = 860, 2
"""Of a drawing, in pixels; a PNG has more of them."""
KEY, LETTER, LEGEND = 20, 6.6, 26
"""A key of the legend, a letter beside it, and the height of its line, in pixels."""
STYLES = {"h": "history", "f": "forecast", "p": "forecast", "n": "naive", "b80": "band80", "b95": "band95"}
"""The styles of the theme that keys of a legend stand for; others are named alike."""


def charts_drawn(charts: Sequence[ReportChart], language: str, kind: str, folder: Path) -> Iterator[Path]:
    """Each chart as a file in the folder, in their order, as soon as it is there; ``kind``: svg or png.
    Raises RuntimeError."""
    asked = [{"spec": chart.spec, "legend": list(chart.legend), "language": language} for chart in charts]
    (folder / "charts.json").write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", "reporting.renderers.drawings", str(folder), kind]
    with (
        (folder / "errors").open("w+") as errors,
        subprocess.Popen(
            command,
            cwd=BASE,
            env={**os.environ, "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        limit = threading.Timer(SECONDS, process.kill)
        limit.start()
        try:
            for line in process.stdout or ():
                yield folder / line.strip()
        finally:
            limit.cancel()
        if process.wait():
            errors.seek(0)
            raise RuntimeError(f"drawing: {errors.read()[-2000:]}")


def main(folder: str, kind: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for place, asked in enumerate(json.loads((Path(folder) / "charts.json").read_text(encoding="utf-8"))):
        (Path(folder) / f"{place}.{kind}").write_bytes(chart_drawn(kind, **asked))
        print(f"{place}.{kind}", flush=True)


def chart_drawn(
    kind: str, spec: Mapping[str, Any], legend: Sequence[Mapping[str, str]], language: str
) -> bytes:
    """The drawing below its legend; holds the JavaScript engine."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    theme = json.loads(THEME.read_text(encoding="utf-8"))
    svg = with_legend(_svg(spec, theme, language), legend, theme["light"])
    return svg.encode() if kind == "svg" else vl_convert.svg_to_png(svg, scale=SCALE)


def _svg(spec: Mapping[str, Any], theme: Mapping[str, Any], language: str) -> str:
    """As static/js/charts.js does it, light and on white."""
    import vl_convert

    fitted = dict(spec)
    if fitted.get("width") == "container":
        fitted["width"] = WIDTH
    if fitted.get("usermeta", {}).get("fitWidth"):
        fitted["vconcat"] = [{**view, "width": WIDTH} for view in fitted["vconcat"]]
    config = json.loads(json.dumps(theme["light"]).replace("Inter Variable", "Inter"))
    locale = theme["locale"].get(language, {})
    svg: str = vl_convert.vegalite_to_svg(
        fitted,
        config={**config, "background": "#ffffff"},
        allowed_base_urls=[],
        format_locale=locale.get("number"),
        time_format_locale=locale.get("time"),
    )
    return svg


def with_legend(svg: str, legend: Sequence[Mapping[str, str]], theme: Mapping[str, Any]) -> str:
    """The drawing below its legend, which pages set beside the drawing."""
    if not legend:
        return svg
    width, height = (float(svg.split(f' {name}="', 1)[1].split('"', 1)[0]) for name in ("width", "height"))
    keys, left, top = [], 0.0, 4.0
    for key in legend:
        wide = KEY + 7 + LETTER * len(key["label"]) + 18
        if left and left + wide > width:
            left, top = 0.0, top + LEGEND - 6
        keys.append(f'<g transform="translate({left:g},{top:g})">{_key(key, theme)}</g>')
        left += wide
    below = top + LEGEND - 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height + below:g}" '
        f'viewBox="0 0 {width:g} {height + below:g}">'
        f'<rect width="{width:g}" height="{height + below:g}" fill="#ffffff"/>'
        f'{"".join(keys)}<g transform="translate(0,{below:g})">{svg}</g></svg>'
    )


def _key(key: Mapping[str, str], theme: Mapping[str, Any]) -> str:
    style = theme["style"].get(STYLES.get(key["css"], key["css"]), theme["style"]["history"])
    dash = "" if key["css"] == "p" else " ".join(map(str, style.get("strokeDash", ())))
    line = f'fill="none" stroke="{style["color"]}" stroke-width="2" stroke-dasharray="{dash or "none"}"'
    shape = {
        "line": f'<path d="M0 5H20" {line}/>',
        "hatch": f'<path d="M0 10L5 0M5 10L10 0M10 10L15 0M15 10L20 0" {line} opacity="0.5"/>',
        "ring": f'<circle cx="10" cy="5" r="4" {line}/>',
    }.get(key["shape"], f'<path d="M0 0H20V10H0z" fill="{style["color"]}"/>')
    color = theme["axis"]["labelColor"]
    words = (
        f'<text x="{KEY + 7}" y="9" font-family="Inter" font-size="12" fill="{color}">{escape(key["label"])}'
    )
    return f"{shape}{words}</text>"


if __name__ == "__main__":
    main(*sys.argv[1:])
