"""The promotion calendar: looking, and moving a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core import formats
from core.months import month_add
from core.numbers import int_read
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.cards.promotions import calendar_chart
from pricing.models import Promotion, PromotionEffect
from pricing.selectors.promotion_calendar import Bar, CalendarQuery, calendar_build, promotions_whole
from pricing.selectors.promotion_costs import actual_costs
from pricing.selectors.promotion_effects import effects_measured
from pricing.selectors.promotions import channels_seen, currency_of, promotion_get, rows_seen, to_decide
from pricing.services.promotions import promotion_move, promotion_move_undo
from pricing.sheets.promotion_plan import DATES, channels_text
from pricing.sheets.promotions import PromotionsSheet
from pricing.words.promotions import delivery_words, flag_lines, ran_words, row_words, span_words
from products.forms.fields import DayField
from products.models import Product
from products.selectors.access import channels_visible, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

VIEW, EDIT = "pricing.view", "pricing.edit"
# So many promotions of a file are read with what they did at a time.
AT_ONCE = 500
# So many products are named in a row of the table.
NAMED = 3


@with_right(VIEW)
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """What runs when: a timeline by product or channel, and a table of the same."""
    query = CalendarQuery.read(request.GET)
    found = calendar_build(request.user, query)
    lines = visible_line_ids(request.user)
    now = query.share(today())
    context = {
        "query": query,
        "calendar": found,
        "chart": calendar_chart(found, query, today()),
        "table": [_table_row(request.user, bar) for bar in found.listed],
        "ticks": _ticks(query),
        "now": now if 0 <= now <= 100 else None,
        "dates": span_words(query.start, query.end),
        "lines": [line for pk, line in line_tree().lines.items() if lines is None or pk in lines],
        "channels": channels_visible(request.user),
        "states": Promotion.State.choices,
        "scales": [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))],
        "waiting": to_decide(request.user).count(),
        "can_edit": request.user.has_perm(EDIT),
        "can_forbid": request.user.has_perm("pricing.approve"),
        "can_export": request.user.has_perm("exchange.export"),
        "can_import": request.user.has_perm("exchange.import") and request.user.has_perm(EDIT),
    }
    return page_render(
        request, "pricing/promotions.html", context, fragment="pricing/_promotion_calendar.html"
    )


@with_right(VIEW)
@require_safe
def calendar_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The file that the sheet *promotions* reads in again: of the calendar those that the person sees
    whole. Beside what was planned, and not read in, what those that ran did, and cost as far as the person
    may see that."""
    export_asked(request.user, kind)
    query = CalendarQuery.read(request.GET)

    def rows() -> Iterator[list[Any]]:
        found = promotions_whole(request.user, query)
        while several := list(islice(found, AT_ONCE)):
            yield from rows_of(several)

    def rows_of(several: Sequence[Promotion]) -> Iterator[list[Any]]:
        costs, effects = actual_costs(request.user, several), effects_measured(several)
        for row in several:
            where = channels_text(part.channel for part in row.channel_rows.all())
            cost = costs.get(row.pk)
            for place, part in enumerate(row.rows.all()):
                yield [
                    *(row.pk, row.name, str(row.get_mechanic_display()), _percent(row.rate), row.amount),
                    *(row.quantity, currency_of(row), part.product.code, part.product.name, where),
                    *(row.store_start, row.store_end, row.delivery_start, row.delivery_end),
                    *(part.price, part.effective_price, _percent(row.planned_uplift_rate)),
                    *(row.budget_amount, _percent(row.own_share_rate), row.note, row.alternatives),
                    *(row.exception_note, row.exception, str(row.get_state_display()), row.written_by),
                    row.decided_by and str(row.decided_by),
                    # Of all its products: said once, that the column adds up.
                    cost.amount if cost and place == 0 else None,
                    *_did(part.product, effects.get((row.pk, part.product_id))),
                ]

    labels = {field.name: str(field.label) for field in PromotionsSheet.fields}
    columns = [
        ExportColumn(labels["number"], "number"),
        ExportColumn(labels["promotion"], width=30),
        ExportColumn(labels["mechanic"]),
        *(ExportColumn(labels[name], "number") for name in ("rate", "amount", "quantity")),
        *(ExportColumn(labels[name]) for name in ("currency", "product")),
        ExportColumn(_("Name"), width=36),
        ExportColumn(labels["channels"]),
        *(ExportColumn(labels[name], "date") for name in DATES),
        *(ExportColumn(labels[name], "exact") for name in ("price", "effective_price")),
        *(ExportColumn(labels[name], "number") for name in ("planned_uplift", "budget", "own_share")),
        *(ExportColumn(labels[name], width=36) for name in ("note", "alternatives")),
        *(ExportColumn(labels[name], width=36) for name in ("exception_note", "exception")),
        *(ExportColumn(label) for label in (_("State"), _("Written by"), _("Decided by"))),
        ExportColumn(
            _("What it cost us (%(currency)s)") % {"currency": organisation_get().currency}, "amount"
        ),
        *(
            ExportColumn(label, "number")
            for label in (
                _("Measured extra (%)"),
                _("Measured extra, low (80%)"),
                _("Measured extra, high (80%)"),
            )
        ),
        *(ExportColumn(label, "number") for label in (_("Baseline"), _("Sold"), _("Extra units"))),
        ExportColumn(_("Unit")),
    ]
    return export_response(request, name=_("promotions"), columns=columns, rows=rows(), kind=kind)


def _did(product: Product, effect: PromotionEffect | None) -> list[Any]:
    """What was measured of a product: the extra in per cent with its range, and in its unit."""
    if effect is None or effect.baseline is None or effect.sold is None:
        return [None] * 7
    uplifts = (effect.uplift, effect.uplift_lo80, effect.uplift_hi80)
    return [
        *(None if rate is None else round(rate * 100, 1) for rate in uplifts),
        *(effect.baseline, effect.sold, round(effect.sold - effect.baseline, 3)),
        unit_of(line_tree(), product, effect.measure),
    ]


def _percent(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rate * 100


def _table_row(user: Any, bar: Bar) -> dict[str, Any]:
    names = [row.product.name for row in rows_seen(user, bar.promotion)]
    more = f" +{len(names) - NAMED}" if len(names) > NAMED else ""
    return {
        "row": bar.promotion,
        "flags": flag_lines(bar.flags),
        "products": ", ".join(names[:NAMED]) + more,
        "channels": ", ".join(channel.name for channel in channels_seen(user, bar.promotion)),
        **row_words(bar.promotion),
        **dict(zip(("dates", "delivery"), ran_words(bar.promotion), strict=True)),
    }


def _ticks(query: CalendarQuery) -> list[dict[str, Any]]:
    """Where months begin; of a single month its weeks."""
    if query.scale == "month":
        days = [query.start.replace(day=day) for day in (1, 8, 15, 22, 29) if day <= query.days]
        return [{"x": query.share(day), "label": formats.day(day)} for day in days]
    months = [month_add(query.start, n) for n in range(12 if query.scale == "year" else 3)]
    return [{"x": query.share(month), "label": formats.month(month)} for month in months]


def _answer(promotion: Promotion, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"version": promotion.version, "message": message, **more})


def _refusal(error: DomainError) -> JsonResponse:
    return JsonResponse({"message": str(error.message)}, status=error.status if error.status != 400 else 422)


@with_right(EDIT)
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Other dates, by a drag or from the keyboard; answers in JSON what was done and how to take it back."""
    promotion = promotion_get(request.user, pk)
    was_approved = promotion.state == Promotion.State.APPROVED
    try:
        dates = {name: DayField().clean(request.POST.get(name)) for name in ("store_start", "store_end")}
        version = int(request.POST.get("version", ""))
    except (ValidationError, ValueError):
        return JsonResponse({"message": _("These are no dates. Reload the page.")}, status=422)
    try:
        moved, flags = promotion_move(user=request.user, promotion=promotion, version=version, **dates)
    except DomainError as error:
        return _refusal(error)
    said = [
        _("%(name)s now runs %(dates)s.")
        % {"name": moved.name, "dates": span_words(moved.store_start, moved.store_end)}
    ]
    if moved.delivery_start != promotion.delivery_start:
        said.append(_("Delivery moved along: %(dates)s.") % {"dates": delivery_words(moved)})
    if was_approved:
        said.append(_("It has to be approved again."))
    undo = reverse("pricing:promotion_move_undo", args=[pk])
    return _answer(moved, " ".join([*said, *flag_lines(flags)]), undo=undo)


@with_right(EDIT)
@require_POST
def move_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to the dates, and the approval, from before the move."""
    promotion = promotion_get(request.user, pk)
    version = int_read(request.POST.get("version", "")) or 0
    try:
        back = promotion_move_undo(user=request.user, promotion=promotion, version=version)
    except DomainError as error:
        return _refusal(error)
    message = _("%(name)s runs %(dates)s again.") % {
        "name": back.name,
        "dates": span_words(back.store_start, back.store_end),
    }
    return _answer(back, message)
