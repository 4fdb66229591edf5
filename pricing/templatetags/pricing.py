"""Words of the marketing mix for templates."""

from django import template

from pricing.words.promotions import earnings_reason, effect_reason, promotion_label

register = template.Library()
register.filter("effect_reason", effect_reason)
register.filter("earnings_reason", earnings_reason)
register.filter("promotion_label", promotion_label)
