"""What reports tell, in the language of who reads the page."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from reporting.words.exposure import field_label

register = template.Library()
register.filter(field_label)


@register.filter
def field_labels(keys: Iterable[str]) -> list[str]:
    return [field_label(key) for key in keys]
