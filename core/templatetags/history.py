"""`{% history product %}`: who changed it, when, before and after."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model

from core.history import history_of

register = template.Library()


@register.inclusion_tag("core/_history.html")
def history(obj: Model, limit: int = 30, empty_text: Any = "") -> dict[str, Any]:
    """The object's history; for rooms whose views cannot import ``core.history``, and for short views."""
    return {"history": history_of(obj, limit), "empty_text": empty_text}
