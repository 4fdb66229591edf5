"""Rules for decisions by two people, and holding to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pghistory
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.models import User
from accounts.versions import check, row_lock, row_save, version_check
from core import registries
from products.models import FourEyesRule, ProductLine
from products.selectors.four_eyes import four_eyes_of


def four_eyes_set(
    *,
    by: User,
    line: ProductLine | None,
    kind: str,
    mode: str,
    threshold_amount: Decimal | None = None,
    version: int | None = None,
) -> FourEyesRule | None:
    """Set the rule of a line (``None``: everywhere); ``mode`` *inherit* takes it away again.

    ``version`` is that of the rule the editor saw, 0 where there was none; ``None`` asks for no check.
    """
    right_require(by, "core.settings")
    if kind not in registries.decision_kinds:
        raise DomainError("kind_unknown", _("There is no such kind of decision."), "kind")
    amount = threshold_amount if mode == FourEyesRule.Mode.ABOVE else None
    if mode == FourEyesRule.Mode.ABOVE and (amount is None or amount < 0):
        raise DomainError("threshold_missing", _("Above which amount?"), "threshold_amount")
    with transaction.atomic():
        found = FourEyesRule.objects.filter(line=line, decision_kind=kind).first()
        current = row_lock(found) if found else None
        stored = current.version if current else 0
        said = current.get_mode_display() if current else _("as the line above")
        if current is None or mode == "inherit":
            version_check(stored, version, {"mode": (mode, said)})
        if mode == "inherit":
            if current:
                current.delete()
            return None
        if current is None:
            current = FourEyesRule(line=line, decision_kind=kind, mode=mode, threshold_amount=amount)
            check(current)
            current.save()
        else:
            row_save(current, version=version, values={"mode": mode, "threshold_amount": amount})
    return current


@contextmanager
def decided(
    *, proposer: User, decider: User, line: ProductLine | None, kind: str, amount: Decimal | None
) -> Iterator[None]:
    """Around what writes a decision: refused when one person does both where two are needed.

    Where one person may, the audit trail says why.
    """
    rule = four_eyes_of(line, kind, amount)
    if proposer.pk != decider.pk:
        yield
        return
    if rule.needed:
        message = _("Somebody else must decide this: you proposed it yourself.")
        raise DomainError("four_eyes", message, status=403)
    with pghistory.context(four_eyes=rule.reason):
        yield
