"""Alerts, action items, comments, follows, notifications, and Today."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from collaboration.models import ActionItem, Alert, Comment, Decision, DecisionProduct, Notification
from pricing.models import Promotion
from products.models import Product

from .rules import SIGNED_IN, Rule
from .world import World

VIEW, TALK, ACT, DEAL = (f"collaboration.{verb}" for verb in ("view", "comment", "act", "alerts"))
# Somebody else's comment or action item: seen, and refused by the service.
THEIRS = frozenset({200, 204, 302, 400, 403, 409, 422})
TOMORROW = datetime.timedelta(days=1)


def _alert(world: World, name: str) -> dict[str, Any]:
    product = getattr(world, f"{name}_product")
    make = lambda: Alert.objects.create(  # noqa: E731
        kind="failed",
        subject=f"product:{product.pk}",
        product=product,
        fingerprint=name,
        evidence={"code": "crashed", "params": {"message": product.name}, "step": "forecast", "run": 1},
        raised_at=timezone.now(),
        raised_date=timezone.now().date(),
    )
    return {"pk": world.made(f"alert {name}", make).pk}


def _action(world: World, name: str) -> dict[str, Any]:
    product = getattr(world, f"{name}_product")
    make = lambda: ActionItem.objects.create(  # noqa: E731
        title=f"About {product.name}", owner=world.somebody, product=product, created_by=world.somebody
    )
    return {"pk": world.made(f"action {name}", make).pk}


def _comment(world: World, name: str) -> dict[str, Any]:
    product = getattr(world, f"{name}_product")
    make = lambda: Comment.objects.create(  # noqa: E731
        content_type=ContentType.objects.get_for_model(Product),
        object_id=product.pk,
        author=world.somebody,
        text=f"About {product.name}",
    )
    return {"pk": world.made(f"comment {name}", make).pk}


def _notification(world: World) -> dict[str, Any]:
    """Somebody else's: nobody in the walk may see it."""
    make = lambda: Notification.objects.create(  # noqa: E731
        user=world.somebody, kind="run_done", key="one", url="/"
    )
    return {"pk": world.made("notification", make).pk}


def _decision(world: World, name: str) -> dict[str, Any]:
    """A promotion of the product, everywhere."""
    product = getattr(world, f"{name}_product")

    def make() -> DecisionProduct:
        promotion = Promotion.objects.create(
            name=product.name,
            mechanic="one_plus_one",
            store_start=timezone.now().date(),
            store_end=timezone.now().date(),
            author=world.somebody,
        )
        promotion.rows.create(product=product)
        decision = Decision.objects.create(
            kind="promotion",
            reference=promotion.pk,
            why=product.name,
            effective_date=promotion.store_start,
            proposed_by=world.somebody,
            decided_by=world.somebody,
            decided_at=timezone.now(),
        )
        what = {"name": product.name, "mechanic": "one_plus_one"}
        return decision.products.create(product=product, what=what)

    return {"pk": world.made(f"decision {name}", make).pk}


def decisions(world: World) -> dict[str, Any]:
    _decision(world, "own"), _decision(world, "foreign")
    return {}


def decisions_file(world: World) -> dict[str, Any]:
    return decisions(world) | {"kind": "csv"}


def about(name: str, make: Any, api: bool = False, **rest: Any) -> Rule:
    prefix = "api" if api else "collaboration"
    return Rule(
        f"{prefix}:{name}",
        args=lambda world: make(world, "own"),
        foreign=lambda world: make(world, "foreign"),
        api=api,
        **rest,
    )


def of_product(name: str, **rest: Any) -> Rule:
    return Rule(
        f"collaboration:{name}",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
        **rest,
    )


def of_product_by_key(name: str, **rest: Any) -> Rule:
    return Rule(
        f"collaboration:{name}",
        args=lambda world: {"kind": "product", "pk": world.own_product.pk},
        foreign=lambda world: {"kind": "product", "pk": world.foreign_product.pk},
        **rest,
    )


def until(world: World) -> dict[str, Any]:
    return {"version": 1, "until": (timezone.now().date() + 2 * TOMORROW).isoformat()}


CLOSE = {"version": 1, "reason": "known"}
REOPEN = {"version": 1}

RULES = [
    Rule("reporting:today", get=SIGNED_IN),
    Rule("collaboration:alerts", get=VIEW),
    about("alert", _alert, get=VIEW),
    about("alert_snooze", _alert, get=DEAL, post=DEAL, data=until),
    about("alert_close", _alert, get=DEAL, post=DEAL, data=CLOSE),
    about("alert_reopen", _alert, post=DEAL, data=REOPEN),
    Rule("collaboration:decisions", get=VIEW, args=decisions),
    Rule("collaboration:decisions_export", get="exchange.export", args=decisions_file),
    Rule("api:decision-list", get=VIEW, args=decisions, api=True),
    about("decision-detail", _decision, get=VIEW, api=True),
    Rule("collaboration:actions", get=VIEW),
    Rule("collaboration:action_new", get=ACT, post=ACT, data={"title": "Do it"}),
    about("action", _action, get=ACT, post=ACT, data={"title": "Do it", "version": 1}),
    about("action_done", _action, post=ACT, data={"done": "1"}),
    about("action_remove", _action, post=ACT, ok=THEIRS),
    of_product_by_key("action_new_about", get=ACT, post=ACT, data={"title": "Do it"}),
    of_product("follow", post=VIEW, data={"on": "1"}),
    of_product_by_key("comment_add", post=TALK, data={"text": "Well"}),
    about("comment", _comment, get=TALK, post=TALK, data={"text": "Better"}, ok=THEIRS),
    about("comment_withdraw", _comment, post=TALK, ok=THEIRS),
    Rule("collaboration:mention", get=TALK, query={"q": "some"}),
    Rule("collaboration:notifications", get=VIEW),
    Rule("collaboration:notifications_read", post=VIEW),
    Rule(
        "collaboration:notification", get=VIEW, args=_notification, foreign=_notification, ok=frozenset({404})
    ),
    Rule("api:alert-list", get=VIEW, api=True),
    about("alert-detail", _alert, api=True, get=VIEW),
    about("alert-snooze", _alert, api=True, post=DEAL, data=until),
    about("alert-close", _alert, api=True, post=DEAL, data=CLOSE),
    about("alert-reopen", _alert, api=True, post=DEAL, data=REOPEN),
    Rule("api:action-item-list", get=VIEW, post=ACT, data={"title": "Do it"}, api=True),
    about(
        "action-item-detail",
        _action,
        api=True,
        get=VIEW,
        patch=ACT,
        delete=ACT,
        data={"done": True},
        ok=THEIRS,
    ),
]
