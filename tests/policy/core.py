"""Search, settings, language, health and the API's description."""

from __future__ import annotations

from .rules import PUBLIC, SIGNED_IN, Rule
from .world import MARK

RULES = [
    Rule("core:search", get=SIGNED_IN, query={"q": "own"}),
    Rule("core:suggest", get=SIGNED_IN, query={"q": MARK[:4]}),
    Rule("core:settings", get="core.settings", post="core.settings", data={"name": "Changed"}),
    Rule("core:livez", get=PUBLIC, ok=frozenset({200})),
    Rule("core:readyz", get=PUBLIC, ok=frozenset({200, 503})),
    Rule("core:metrics", get=PUBLIC, ok=frozenset({404})),
    Rule("set_language", post=PUBLIC, data={"language": "en"}),
    Rule("api", get="accounts.api"),
    Rule("schema", get=SIGNED_IN, api=True),
]
