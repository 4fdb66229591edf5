"""What the price sensitivity of products is measured from, as one hash each, without reading it: the same
hash, the same series (:mod:`pricing.selectors.price_series`)."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection, Mapping

from django.db import connection

from core.arrays import array_text
from core.lookups import many
from core.organisation import organisation_get
from pricing.models import PriceList
from pricing.selectors.price_series import answering_measures
from pricing.selectors.volumes import final_until
from pricing.selectors.yearly import customers_of
from products.models import Product
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

_SAID = """
    SELECT p.id, p.line_id, concat_ws('|', coalesce(m.said, 0), coalesce(f.said, 0),
        coalesce(c.said, 0), coalesce(o.said, 0), coalesce(d.said, 0), coalesce(g.said, 0))
    FROM products_product p
    LEFT JOIN (
        SELECT product_id, sum(hash_record_extended(row(measure_id, channel_id, month, volume), 0)) AS said
        FROM products_salesmonth WHERE product_id = ANY(%(products)s) GROUP BY 1
    ) m ON m.product_id = p.id
    LEFT JOIN (
        SELECT product_id,
               sum(hash_record_extended(row(measure_id, channel_id, period, start_date, volume), 0)) AS said
        FROM products_salesfact WHERE product_id = ANY(%(products)s) AND period <> 'M' GROUP BY 1
    ) f ON f.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(hash_record_extended(
            row(price_list_id, component, tier, state, start_date, amount), 0)) AS said
        FROM pricing_price WHERE product_id = ANY(%(products)s) GROUP BY 1
    ) c ON c.product_id = p.id
    LEFT JOIN (
        SELECT own.product_id, sum(hash_record_extended(row(
            own, promotion, (
                SELECT array_agg(channel_id ORDER BY channel_id) FROM pricing_promotionchannel there
                WHERE there.promotion_id = promotion.id)), 0)) AS said
        FROM pricing_promotionproduct own JOIN pricing_promotion promotion ON promotion.id = own.promotion_id
        WHERE own.product_id = ANY(%(products)s) GROUP BY 1
    ) o ON o.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(hash_record_extended(
            row(channel_id, month, numeric_rate, weighted_rate, points), 0)) AS said
        FROM pricing_distributionmonth WHERE product_id = ANY(%(products)s) GROUP BY 1
    ) d ON d.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(hash_record_extended(
            row(measure_id, kind, first, last, state, sure, gone_at IS NULL), 0)) AS said
        FROM forecasting_finding WHERE product_id = ANY(%(products)s) GROUP BY 1
    ) g ON g.product_id = p.id
    WHERE p.id = ANY(%(products)s)
"""


def price_signs(
    complete: Mapping[tuple[int, int], datetime.date], product_ids: Collection[int]
) -> dict[int, str]:
    """By product a SHA-256 of its sales, prices, what reference customers use, promotions, distribution and
    gaps, and of how they are read; ``complete`` is the last whole month by line and measure."""
    from pricing.engine import ENGINE_VERSION

    tree = LineTree()
    lists = PriceList.objects.order_by("pk").values_list(
        "pk", "code", "kind", "currency", "channel", "segment", "with_vat"
    )
    channels = sorted((pk, sorted(path)) for pk, path in channel_chains().items())
    whole = [ENGINE_VERSION, list(lists), organisation_get().currency, channels]
    lines = set(Product.objects.filter(pk__any=many(product_ids)).values_list("line_id", flat=True))
    # Of each line a list as it is written, up to what is said of the product.
    of_line, customers = {}, customers_of(lines, tree)
    for line_id in lines:
        uses = [sorted(customer.uses.items()) for customer in customers[line_id]]
        measures = [
            (measure.pk, measure.kind, measure.code, final_until(tree, complete, line_id, measure))
            for measure in answering_measures(tree, line_id)
        ]
        of_line[line_id] = repr([*whole, line_id, (uses, measures)])[:-1]
    with connection.cursor() as cursor:
        cursor.execute(_SAID, {"products": array_text(product_ids)})
        return {
            pk: hashlib.sha256(f"{of_line[line_id]}, {said!r}]".encode()).hexdigest()
            for pk, line_id, said in cursor.fetchall()
        }
