"""Posting twice does once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.errors import DomainError

from .jobs import KEPT
from .models import IdempotencyKey


def key_said(nonce: str, said: object) -> str:
    """The key of what is said on a page with this nonce: said twice it is done once, and who goes back to the
    page and says something else is heard."""
    return nonce and f"{nonce}-{hashlib.sha256(repr(said).encode()).hexdigest()[:16]}"


def once(user: Any, scope: str, key: str, act: Callable[[], Any]) -> Any:
    """``act()``'s answer (JSON) under this key; the second caller waits for the first and gets its answer.

    Row and effect are one transaction: an act that fails leaves no key behind. No key: simply ``act()``.
    """
    if not key:
        return act()
    if len(key) > 80:
        raise DomainError("idempotency_key_too_long", "Idempotency-Key: at most 80 characters")
    with transaction.atomic():
        IdempotencyKey.objects.bulk_create(
            [IdempotencyKey(user=user, scope=scope, key=key)], ignore_conflicts=True
        )
        row = IdempotencyKey.objects.select_for_update().get(user=user, scope=scope, key=key)
        if row.answer is None:
            row.answer = {"answer": act()}
            row.save(update_fields=["answer"])
        return row.answer["answer"]


def answers_purge() -> int:
    """Delete answers that were given longer than ``KEPT`` ago; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
