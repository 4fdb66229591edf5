"""Sparklines: history, forecast and its band as inline SVG from the server, so that lists need no script."""

from collections.abc import Sequence
from html import escape

Values = Sequence[float | None]
MARGIN = 2.0


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Join points by lines; None lifts the pen, a point between two gaps becomes a dot."""
    parts: list[str] = []
    pen_down = False
    for position, point in enumerate(points):
        if point is None:
            pen_down = False
            continue
        alone = not pen_down and (position + 1 == len(points) or points[position + 1] is None)
        parts.append(f"{'L' if pen_down else 'M'}{point[0]:.1f},{point[1]:.1f}{'h.01' if alone else ''}")
        pen_down = True
    return "".join(parts)


def sparkline_svg(
    *,
    history: Values,
    forecast: Values = (),
    low: Values = (),
    high: Values = (),
    label: str,
    width: int = 132,
    height: int = 30,
    tone: str = "",
    marked: Sequence[int] = (),
) -> str:
    """Draw one sparkline; empty text when there is nothing to draw.

    All values are in one unit, oldest first, None for a missing month; `forecast`, `low`, `high` follow the
    last month of `history` and are equally long (the band may be left out). `tone` "pos" or "neg" colours the
    last actual's dot. With `marked` the dots stand at these places of `history` instead.
    The scale runs from the smallest to the largest value shown, as a sparkline tells shape and not size.
    """
    known = [float(value) for value in (*history, *forecast, *low, *high) if value is not None]
    if not known:
        return ""
    bottom, top = min(known), max(known)
    span = (top - bottom) or 1.0
    steps = max(1, len(history) + len(forecast) - 1)

    def point(step: int, value: float | None) -> tuple[float, float] | None:
        if value is None:
            return None
        x = MARGIN + step * (width - 2 * MARGIN) / steps
        share = 0.5 if top == bottom else (float(value) - bottom) / span
        return x, height - MARGIN - share * (height - 2 * MARGIN)

    past = [point(step, value) for step, value in enumerate(history)]
    join = past[-1:] if past and past[-1] is not None else []
    shift = len(history)
    ahead = [*join, *(point(shift + step, value) for step, value in enumerate(forecast))]
    parts: list[str] = []
    if low and high:
        edge_high = [*join, *(point(shift + step, value) for step, value in enumerate(high))]
        edge_low = [*join, *(point(shift + step, value) for step, value in enumerate(low))]
        ring = [spot for spot in (*edge_high, *reversed(edge_low)) if spot is not None]
        parts.append(f'<path class="b" d="M{"L".join(f"{x:.1f},{y:.1f}" for x, y in ring)}Z"/>')
    if forecast:
        parts.append(f'<path class="f" d="{_path(ahead)}"/>')
    parts.append(f'<path class="h" d="{_path(past)}"/>')
    last = next((spot for spot in reversed(past) if spot is not None), None)
    dots = [past[place] for place in marked if place < len(past)] if marked else [last]
    for spot in dots:
        if spot is not None:
            dot = f"d {tone}".strip()
            parts.append(f'<circle class="{dot}" cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="2"/>')
    return (
        f'<svg class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
