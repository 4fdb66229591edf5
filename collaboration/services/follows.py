from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collaboration.kinds import alert_kinds
from collaboration.models import Alert, Follow, Notification
from collaboration.selectors.alerts import alerts_visible
from products.models import Product


def follow_set(*, user: Any, product: Product, on: bool) -> None:
    """Follow a product or stop; doing it twice is doing it once."""
    if on:
        Follow.objects.get_or_create(user=user, product=product)
    else:
        Follow.objects.filter(user=user, product=product).delete()


def followers_tell(*, alerts: Sequence[Alert]) -> int:
    """Tell who follows a product that something is the matter with it, as far as they may see it; not its
    owner, who finds it on Today. Three statements a person, four of one who is limited."""
    by_product: dict[int, list[Alert]] = {}
    for alert in alerts:
        if alert.product_id is not None:
            by_product.setdefault(alert.product_id, []).append(alert)
    follows = Follow.objects.filter(product__in=by_product, user__is_active=True).select_related(
        "user", "product"
    )
    people: dict[int, list[Follow]] = {}
    for follow in follows:
        people.setdefault(follow.user_id, []).append(follow)
    told: list[Notification] = []
    for rows in people.values():
        user = rows[0].user
        mine = [a.pk for row in rows for a in by_product[row.product_id] if a.recipient_id != user.pk]
        seen = set(alerts_visible(user).filter(pk__in=mine).values_list("pk", flat=True))
        told += [
            Notification(
                user=user,
                kind="followed",
                key=f"alert:{alert.pk}:{alert.version}",
                params={
                    "product": row.product.name,
                    "kind": alert_kinds.get(alert.kind).key,
                    "evidence": {key: value for key, value in alert.evidence.items() if key != "spark"},
                },
                url=row.product.get_absolute_url(),
            )
            for row in rows
            for alert in by_product[row.product_id]
            if alert.pk in seen
        ]
    return len(Notification.objects.bulk_create(told, ignore_conflicts=True, batch_size=500))
