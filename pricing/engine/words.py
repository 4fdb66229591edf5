"""English sentences for the command line. The pages write their own, in every language, from the same
codes."""

_SPREAD = "{spread_pct:.1f} % (standard deviation)"
_REASONS = {
    "own_weeks": "{weeks:.0f} weeks in which the price moved by " + _SPREAD + ".",
    "answered": "Prices seem to have answered demand ({answered_pct:.0f} % sure): probably larger in size "
    "than shown.",
    "no_sales": "Nothing sold at a known price: the value of {whom}.",
    "few_weeks": "{weeks:.0f} weeks seen, {needed:.0f} needed: the value of {whom}.",
    "own_months": "{weeks:.0f} months in which the price moved by " + _SPREAD + ".",
    "few_months": "{weeks:.0f} months seen, {needed:.0f} needed: the value of {whom}.",
    "few_changes": "The price changed {changes:.0f} times, 3 changes needed: the value of {whom}.",
    "price_still": "The price moved by " + _SPREAD + ", too little to learn from: the value of {whom}.",
}
_WHOM = {"category": "its category", "portfolio": "all products"}


def reason_sentence(code: str, method: str, params: dict[str, float]) -> str:
    """What an elasticity rests on, or why it was borrowed, in one English sentence."""
    sentence = _REASONS[code].format(**params, whom=_WHOM.get(method, ""))
    return sentence.replace("1 weeks", "1 week") if params.get("weeks") == 1 else sentence
