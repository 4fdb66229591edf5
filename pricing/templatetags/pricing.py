"""Words of the marketing mix for templates."""

from django import template

from pricing.words.prices import price_number
from pricing.words.promotions import earnings_reason, effect_reason, promotion_label

register = template.Library()
register.filter("effect_reason", effect_reason)
register.filter("earnings_reason", earnings_reason)
register.filter("price_number", price_number)
register.filter("promotion_label", promotion_label)
