"""Tags and filters of every page: formats, icons, stages, sparklines, sortable heads, form fields, charts."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core import formats
from core.charts.model import stage_word
from core.jobs import job_stalled
from core.models import Job
from core.organisation import organisation_get
from core.sparkline import sparkline_svg

register = template.Library()


def _readable(text: str) -> str:
    """Give a missing value words for those who listen."""
    if text != formats.MISSING:
        return text
    return format_html(
        '<span class="dim"><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span></span>',
        text,
        _("no data"),
    )


@register.filter
def number(value: Any, decimals: int | None = None) -> str:
    """`{{ 1234.5|number }}` → 1.234,5; `|number:0` rounds."""
    return _readable(formats.number(value, decimals))


@register.filter
def volume(value: Any, unit: str = "") -> str:
    """`{{ volume|volume:unit }}` → 1.234 pakken."""
    return _readable(formats.volume(value, unit))


def _currency(said: str) -> str:
    return said or organisation_get().currency


@register.filter
def money(value: Any, currency: str = "") -> str:
    """`{{ amount|money }}` → € 1.234,56: in the organisation's currency, or one that is said."""
    return _readable(formats.money(value, _currency(currency)))


@register.filter
def money_whole(value: Any, currency: str = "") -> str:
    """`{{ amount|money_whole }}` → € 1.235, likewise."""
    return _readable(formats.money(value, _currency(currency), 0))


@register.filter
def thousands(value: Any, decimals: int = 0) -> str:
    """`{{ amount|thousands }}` → 1.235 for 1,234,560; the column head says `{% scale_label "k" %}`."""
    return _readable(formats.money(value, "", decimals, scale="k"))


@register.filter
def percent(value: Any, decimals: int | None = 1) -> str:
    """`{{ 0.412|percent }}` → 41,2%; `percent:None` with as many decimals as it needs."""
    return _readable(formats.percent(value, decimals))


@register.filter
def share(value: Any) -> str:
    """`{{ 0.0025|share }}` → < 1%."""
    return _readable(formats.share(value))


@register.filter
def index(value: Any) -> str:
    """`{{ 104.3|index }}` → 104."""
    return _readable(formats.index(value))


@register.filter
def month(value: Any) -> str:
    """`{{ date|month }}` → nov 2026."""
    return _readable(formats.month(value))


@register.filter
def week(value: Any) -> str:
    """`{{ date|week }}` → wk 47."""
    return _readable(formats.week(value))


@register.filter
def day(value: Any) -> str:
    """`{{ date|day }}` → 12-11-2026 (not `date`, which is Django's own)."""
    return _readable(formats.day(value))


@register.filter
def moment(value: Any) -> str:
    """`{{ datetime|moment }}` → 12-11-2026 14:05."""
    return _readable(formats.moment(value))


@register.filter
def ago(value: Any) -> str:
    """`{{ datetime|ago }}` → 3 minuten geleden, with the exact moment as title."""
    if value is None:
        return _readable(formats.MISSING)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        formats.moment(value),
        formats.ago(value),
    )


@register.simple_tag
def scale_label(scale: str = "", currency: str = "") -> str:
    """`{% scale_label "k" %}` → x € 1.000, likewise."""
    return formats.scale_label(scale, _currency(currency))


@register.simple_tag
def delta(
    value: Any, kind: str = "percent", good: str = "up", decimals: int | None = None, unit: str = ""
) -> str:
    """`{% delta 0.041 %}` → ▲ +4,1% in the colour of good; see `core.formats.delta` for the arguments."""
    if kind == "money":
        unit = _currency(unit)
    return show_delta(formats.delta(value, kind, good, decimals, unit))


@register.simple_tag
def show_delta(change: formats.Delta) -> str:
    """`{% show_delta figure.change %}`: a `core.formats.Delta` that a view made."""
    if change.css == "missing":
        return _readable(formats.MISSING)
    return format_html(
        '<span class="delta {}"><span aria-hidden="true">{}</span> {}</span>',
        change.css,
        change.arrow,
        change.text,
    )


@register.simple_tag
def stalled(job: Job | None) -> str:
    """`{% stalled job %}`: why nobody is at a job, where it is not simply waiting its turn."""
    why = job_stalled(job) if job else ""
    said = {
        "no_worker": _(
            "Nothing has been done in the background for two minutes, so this waits. It goes on by itself; "
            "if it stays so, tell your administrator."
        ),
        "worker_died": _("The work on it broke off. It starts over by itself within a minute."),
        "crashed": _("It went wrong, and is tried again in a moment."),
    }
    return format_html('<p class="problem" role="status">{}</p>', said[why]) if why in said else ""


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """`{% icon "bell" "icon-sm" %}`; with `label` it is an image of its own, otherwise decoration."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="{}" {}><use href="{}#{}"/></svg>',
        f"icon {css}".strip(),
        spoken,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def stage_badge(stage: str | None, note: str = "") -> str:
    """`{% stage_badge product.stage %}`: glyph and word; nothing is said of a product without a stage."""
    if not stage:
        return _readable(formats.MISSING)
    return format_html(
        '<span class="stage s-{}"><svg viewBox="0 0 18 14" aria-hidden="true"><use href="{}#{}"/></svg>'
        "{}{}</span>",
        stage,
        static("vendor/icons.svg"),
        stage,
        stage_word(stage),
        format_html(' <span class="dim">{}</span>', note) if note else "",
    )


@register.simple_tag
def sparkline(
    history: Any,
    forecast: Any = (),
    low: Any = (),
    high: Any = (),
    tone: str = "",
    width: int = 132,
    height: int = 30,
) -> str:
    """`{% sparkline history forecast low high %}`: lists with None for gaps, see `core.sparkline`."""
    label = _("%(past)s months of history and %(ahead)s months of forecast") % {
        "past": len(history),
        "ahead": len(forecast),
    }
    svg = sparkline_svg(
        history=history,
        forecast=forecast,
        low=low,
        high=high,
        label=label,
        width=width,
        height=height,
        tone=tone,
    )
    return mark_safe(svg) if svg else _readable(formats.MISSING)  # noqa: S308 - numbers; the label is escaped


@register.simple_tag(takes_context=True)
def sort_header(
    context: Any,
    key: str,
    label: str,
    small: str = "",
    numeric: bool = False,
    css: str = "",
    param: str = "sort",
) -> str:
    """A `<th>` that sorts by `key` through the address: `?sort=key` or `?sort=-key`; other parameters stay.

    `sort` in the context (a key, or `core.pages.Sort`) tells the order now shown. Numbers start with the
    largest, words with A. The page number is dropped, as it means nothing in another order.
    """
    query: QueryDict = context["request"].GET.copy()
    chosen = context.get("sort", query.get(param, ""))
    current = chosen if isinstance(chosen, str) else f"{'-' if chosen.descending else ''}{chosen.field}"
    is_up, is_down = current == key, current == f"-{key}"
    ascending = is_down or (not is_up and not numeric)
    query[param] = key if ascending else f"-{key}"
    query.pop("page", None)
    aria = "ascending" if is_up else "descending" if is_down else ""
    mark = icon("arrow-up" if is_up else "arrow-down", "icon-sm") if aria else ""
    return format_html(
        '<th scope="col" class="{}"{}><a class="pm-sort" href="?{}">{}{}</a>{}</th>',
        f"{'num ' if numeric else ''}{css}".strip(),
        format_html(' aria-sort="{}"', aria) if aria else "",
        query.urlencode(),
        mark,
        label,
        format_html("<small>{}</small>", small) if small else "",
    )


def _widget_class(widget: forms.Widget) -> str:
    """Return Tabler's class for a widget."""
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


@register.inclusion_tag("core/_field.html")
def field(
    bound: BoundField,
    prefix: str = "",
    suffix: str = "",
    label: str = "",
    css: str = "",
    autofocus: bool = False,
    optional: str = "",
) -> dict[str, Any]:
    """`{% field form.price prefix="€" suffix="per pak" %}`: label, control, help and errors as one.

    `optional` says when a field is needed that may stay empty otherwise, in place of "(optional)"."""
    widget = bound.field.widget
    classes = [_widget_class(widget), widget.attrs.get("class", ""), "is-invalid" if bound.errors else ""]
    # on the widget and not on the call: each choice of a group is rendered from it (a form has its own copy)
    widget.attrs["class"] = " ".join(dict.fromkeys(" ".join(classes).split()))
    if autofocus:
        widget.attrs["autofocus"] = True
    return {
        "bound": bound,
        "control": bound.as_widget(),
        "label": label or bound.label,
        "prefix": prefix,
        "suffix": suffix,
        "css": css,
        "optional": optional,
        "is_check": isinstance(widget, forms.CheckboxInput),
        "is_group": isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple),
        "error_id": f"{bound.auto_id}_error",
        "help_id": f"{bound.auto_id}_helptext",
    }


@register.inclusion_tag("core/_error_summary.html")
def error_summary(form: forms.BaseForm, title: str = "") -> dict[str, Any]:
    """`{% error_summary form %}`: how many fields are wrong, and where; silent while all is well.

    `title` replaces "not saved yet" where nothing is saved, as at the sign-in.
    """
    wrong = [bound for bound in form if bound.errors]
    return {"form": form, "title": title, "wrong": wrong, "count": len(wrong) + bool(form.non_field_errors())}


@register.filter
def meter_width(rate: Any) -> str:
    """`{{ 0.88|meter_width }}` → 88.0, for an SVG bar on a viewBox 100 wide; missing is 0 wide."""
    found = formats.exact(rate)
    return "0" if found is None else f"{min(max(float(found), 0.0), 1.0) * 100:.1f}"


@register.filter
def spoken(value: Any) -> str:
    """Escape a table cell that may be a number in text or None."""
    return _readable(formats.MISSING) if value is None else conditional_escape(value)
