"""What the demo company sells, how it counts that, and where."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from accounts.models import User
from core.months import month_add, month_end, month_start
from core.organisation import today
from products.models import Channel, Family, Measure, Product, ProductLine, Segment, Supplier
from products.services.codes import product_code_add, unit_factor_set
from products.services.line import line_create
from products.services.product import product_create
from products.services.relations import bundle_part_set, family_member_set, succession_set
from products.services.structure import channel_create, family_create, measure_create, named_create

from .catalogue import (
    CHANNELS,
    FAMILIES,
    FINAL_AFTER,
    FRESH,
    LINES,
    MEASURES,
    REVIEWED,
    SEGMENT_OF,
    SEGMENTS,
    SUPPLIER_OF,
    SUPPLIERS,
    Item,
    items,
)
from .sales import first_month, top_line


def structure_create(people: dict[str, User]) -> None:
    """Measures, lines, channels, suppliers, segments and families."""
    anna = people["Anna"]
    for code, name_en, name_nl, unit_en, unit_nl, kind in MEASURES:
        measure_create(
            user=anna,
            code=code,
            name_en=name_en,
            name_nl=name_nl,
            unit_en=unit_en,
            unit_nl=unit_nl,
            kind=kind,
        )
    measures = {measure.code: measure for measure in Measure.objects.all()}
    lines: dict[str, ProductLine] = {}
    for code, name, above, owner, unit, reporting_unit, counted, (price, customer, volume) in LINES:
        lines[code] = line_create(
            user=anna,
            code=code,
            name=name,
            parent=lines.get(above),
            owner=people.get(owner),
            unit=unit,
            reporting_unit=reporting_unit,
            price_word=price,
            customer_word=customer,
            volume_word=volume,
            final_after_months=FINAL_AFTER.get(code),
            review_months=REVIEWED.get(code),
            forecast_step="week" if code == FRESH else "",
            measures=[measures[each] for each in counted],
        )
    channels: dict[str, Channel] = {}
    for code, name, kind, above in CHANNELS:
        channels[code] = channel_create(
            user=anna, code=code, name=name, kind=kind, parent=channels.get(above)
        )
    for code, name in SUPPLIERS:
        named_create(user=anna, model=Supplier, code=code, name=name)
    for code, name in SEGMENTS:
        named_create(user=anna, model=Segment, code=code, name=name)
    for code, name, line in FAMILIES:
        family_create(user=anna, code=code, name=name, line=lines[line])


def products_create(anna: User, last: datetime.date) -> None:
    """With their codes, families, successors and parts."""
    lines = {line.code: line for line in ProductLine.objects.all()}
    families = {family.code: family for family in Family.objects.all()}
    suppliers = {supplier.code: supplier for supplier in Supplier.objects.all()}
    segments = {segment.code: segment for segment in Segment.objects.all()}
    for place, item in enumerate(items()):
        food = top_line(item.line) == "food"
        first = first_month(item, last)
        product = product_create(
            user=anna,
            code=item.code,
            name=item.name,
            kind="good" if food else "service",
            line=lines[item.line],
            supplier=suppliers.get(_said_of(item.code, SUPPLIER_OF)),
            segment=segments.get(_said_of(item.code, SEGMENT_OF)),
            launched=first if item.course.months < 60 else month_add(first, -30),
            ended=month_end(month_add(first, item.course.months - 1))
            if item.course.kind == "ended"
            else None,
            temporary=item.temporary,
        )
        if item.family:
            start = product.launched or first
            family_member_set(user=anna, product=product, family=families[item.family], start_date=start)
        if food:
            product_code_add(user=anna, product=product, source="GTIN", code=f"871{place:010d}")
            _litres(anna, product, item)
    _related(anna)


def _said_of(code: str, by_beginning: dict[str, str]) -> str:
    return next((said for begins, said in by_beginning.items() if code.startswith(begins)), "")


def _litres(anna: User, product: Product, item: Item) -> None:
    found = re.search(r"(\d+(?:,\d+)?) L$", item.name)
    if found:
        factor = Decimal(found[1].replace(",", "."))
        unit_factor_set(user=anna, product=product, unit="liter", factor=factor)


def _related(anna: User) -> None:
    known = {product.code: product for product in Product.objects.all()}
    old, new = known["SAP-090"], known["SAP-100"]
    succession_set(user=anna, predecessor=old, successor=new, start_date=month_start(old.ended or today()))
    box = known["BOX-ONT"]
    for code, quantity, share in (("HVM-200", 1, "0.3"), ("JAM-450", 1, "0.3"), ("SAP-020", 2, "0.4")):
        bundle_part_set(
            user=anna,
            bundle=box,
            part=known[code],
            start_date=box.launched or today(),
            quantity=Decimal(quantity),
            revenue_share=Decimal(share),
        )
