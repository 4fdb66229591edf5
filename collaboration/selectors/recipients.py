"""To whom an alert goes."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from functools import cache

from accounts.models import User
from accounts.selectors.people import deputies_on
from products.selectors.access import limits_read, visible_line_ids
from products.selectors.lines import LineTree

from .alerts import DEAL, kinds_visible, may_deal

NEEDED = [DEAL, "collaboration.view", "products.view"]


class Recipients:
    """Who answers for products and lines on a day, and may see and deal with the alert. Four statements,
    however many ask."""

    def __init__(self, tree: LineTree, on_date: datetime.date) -> None:
        people = [
            user
            for user in User.objects.filter(is_active=True).prefetch_related("roles")
            if user.has_perms(NEEDED)
        ]
        limits_read(people)
        self.tree, self._deputies = tree, deputies_on(on_date)
        self._lines = {user.pk: visible_line_ids(user) for user in people}
        self.of = cache(self._of)
        self._kinds = {
            user.pk: {kind.key for kind in kinds_visible(user) if may_deal(user, kind)} for user in people
        }

    def _of(self, kind: str, line_id: int, owner_id: int | None = None) -> int | None:
        """The product's own owner, else the nearest line's: the first whom it reaches, themselves or by their
        deputy of the day. ``None``: nobody in particular, it is everybody's who may deal with it."""
        owners = [owner_id, *(line.owner_id for line in self.tree.ancestors(line_id))]
        return next((pk for pk in owners if pk and self._reaches(kind, line_id, pk)), None)

    def of_lines(self, kind: str, line_ids: Collection[int]) -> int | None:
        """The one owner of all of them, or nobody in particular."""
        found = {self.of(kind, pk) for pk in line_ids}
        return found.pop() if len(found) == 1 else None

    def _reaches(self, kind: str, line_id: int, owner_id: int) -> bool:
        deputy = self._deputies.get(owner_id)
        return self._may(kind, line_id, owner_id) or bool(deputy and self._may(kind, line_id, deputy.pk))

    def _may(self, kind: str, line_id: int, person: int) -> bool:
        lines = self._lines.get(person)
        return kind in self._kinds.get(person, ()) and (lines is None or line_id in lines)
