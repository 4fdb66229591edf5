"""The language of the policy table: who may do what at which address.

Every URL name of the application has one :class:`Rule` in the file of its room (``tests/policy/<room>.py``, a
list ``RULES``). A URL without a rule fails the walk, and so does a rule without a URL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PUBLIC = "everybody, signed in or not"
SIGNED_IN = "everybody who signed in"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Args = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Rule:
    """``get``, ``post``… name the right a method asks for (or PUBLIC, SIGNED_IN); ``None``: 405.

    ``args(world)`` are the URL's arguments for an object inside the limits of the world's people; ``foreign``
    for one outside them (another line or channel, somebody else's): 404. ``data`` is what a write posts; it
    may be incomplete, as an answer that says so is not a refusal. ``query`` is added to a GET.
    ``whole`` marks what concerns everybody: people with limits may read, and get 403 where they write;
    with ``whole_read`` they may not read it either.
    ``all_channels`` marks what is shown over all channels: people limited to some get 403. ``api``: a refusal
    is 401 or 403, never the sign-in page. ``ok`` are the answers to who may. ``ours`` is false for views of a
    package, which answer other methods as they like.
    """

    name: str
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    args: Args | None = None
    foreign: Args | None = None
    data: Callable[[Any], Mapping[str, Any]] | Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    whole_read: bool = False
    all_channels: bool = False
    api: bool = False
    ours: bool = True
    ok: frozenset[int] = frozenset({200, 201, 202, 204, 302, 400, 409, 422})

    def right(self, method: str) -> str | None:
        right: str | None = getattr(self, method.lower())
        return right

    def allows(self, user: Any, method: str) -> bool:
        """Whether a signed-in person may, as far as rights go."""
        right = self.right(method)
        if right in {PUBLIC, SIGNED_IN}:
            return True
        return user.has_perm(right) and (not self.api or user.has_perm("accounts.api"))
