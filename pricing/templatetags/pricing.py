"""Words of the marketing mix for templates."""

from django import template

from pricing.promotion_words import effect_reason

register = template.Library()
register.filter("effect_reason", effect_reason)
