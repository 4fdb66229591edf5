"""The marketing mix."""

from __future__ import annotations

from typing import Any

from .pricing_costs import COST_RULES
from .pricing_effects import EFFECT_RULES
from .pricing_offer import OFFER_RULES
from .pricing_place import PLACE_RULES
from .pricing_prices import PRICE_RULES
from .pricing_promotions import PROMOTION_RULES
from .pricing_terms import TERM_RULES
from .rules import Rule
from .world import World


def own(world: World) -> dict[str, Any]:
    return {"code": world.own_product.code}


def foreign(world: World) -> dict[str, Any]:
    return {"code": world.foreign_product.code}


RULES = [
    Rule("pricing:mix", get="pricing.view", args=own, foreign=foreign),
    *COST_RULES,
    *OFFER_RULES,
    *PLACE_RULES,
    *PRICE_RULES,
    *PROMOTION_RULES,
    *EFFECT_RULES,
    *TERM_RULES,
]
