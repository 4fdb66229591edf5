"""Whether a decision needs a second person."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, QuerySet

from products.models import FourEyesRule, ProductLine

from .lines import LineTree


@dataclass(frozen=True)
class FourEyes:
    """``reason``: ``always``, ``above`` (it reaches the threshold or is not known), ``below`` or ``off``.

    ``rule`` is what says so; ``None`` means nobody set anything, which is *always*.
    """

    reason: str
    rule: FourEyesRule | None

    @property
    def needed(self) -> bool:
        return self.reason in {"always", "above"}


def four_eyes_of(
    line: ProductLine | None, kind: str, amount: Decimal | None, tree: LineTree | None = None
) -> FourEyes:
    """What holds for a decision of this kind worth ``amount`` (sign ignored) in a line.

    The rule of the line or the nearest line above, then the one for everywhere, else always.
    """
    rules = {rule.line_id: rule for rule in FourEyesRule.objects.filter(decision_kind=kind)}
    above: list[int | None] = []
    if line is not None and rules.keys() - {None}:
        above = [node.pk for node in (tree or LineTree()).ancestors(line.pk)]
    rule = next((rules[pk] for pk in [*above, None] if pk in rules), None)
    if rule is None or rule.mode == FourEyesRule.Mode.ALWAYS:
        return FourEyes("always", rule)
    if rule.mode == FourEyesRule.Mode.OFF:
        return FourEyes("off", rule)
    assert rule.threshold_amount is not None  # held by a constraint
    if amount is not None and abs(amount) < rule.threshold_amount:
        return FourEyes("below", rule)
    return FourEyes("above", rule)


def four_eyes_needed(line: ProductLine | None, kind: str, amount: Decimal | None) -> bool:
    """Whether a second person must decide."""
    return four_eyes_of(line, kind, amount).needed


def _exceptions(kind: str) -> QuerySet[FourEyesRule]:
    return FourEyesRule.objects.filter(decision_kind=kind).exclude(mode=FourEyesRule.Mode.ALWAYS)


def four_eyes_off_anywhere(kind: str) -> bool:
    """Whether some line needs no second person, whatever a decision is worth."""
    return _exceptions(kind).filter(mode=FourEyesRule.Mode.OFF).exists()


def four_eyes_always(kind: str) -> Any:
    """Whether no rule says otherwise than that a second person decides, to read with a row."""
    return ~Exists(_exceptions(kind))


def waits_for_other(
    user: Any,
    proposer_id: int | None,
    lines: Callable[[], Iterable[ProductLine | None]],
    kind: str,
    amount: Callable[[], Decimal | None] = lambda: None,
    always: bool | None = None,
) -> bool:
    """Whether this person proposed it and so may not approve it as well: what a page asks before it offers
    that. Its ``lines`` and what it is worth are asked where a rule makes a difference; ``always``: the answer
    of :func:`four_eyes_always`, where it was read with the row."""
    if proposer_id != user.pk:
        return False
    if always or (always is None and not _exceptions(kind).exists()):
        return True
    worth = amount()
    return any(four_eyes_needed(line, kind, worth) for line in lines())


def four_eyes_rules() -> list[FourEyesRule]:
    """All rules with their lines: everywhere first, then by line."""
    rules = FourEyesRule.objects.select_related("line")
    return sorted(rules, key=lambda rule: (rule.line is not None, str(rule.line or ""), rule.decision_kind))
