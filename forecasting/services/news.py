"""Writing what the night found new about products, for Today."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from core.upsert import upsert
from forecasting.models import ProductNews


@transaction.atomic(savepoint=False)
def news_write(*, product_ids: Collection[int], rows: Sequence[ProductNews]) -> None:
    """These rows are all there is to know about these products; other rows of theirs go."""
    kept = {row.product_id for row in rows}
    ProductNews.objects.filter(product_id__in=[pk for pk in product_ids if pk not in kept]).delete()
    upsert(rows, key=("product",))
