"""One small company with two of everything: inside and outside the limits of its people."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from accounts.models import Role, User
from products.models import Channel, Family, Product, ProductLine
from tests.factories import channel_factory, family_factory, line_factory, product_factory, user_factory

MARK = "ZQXFOREIGN"
"""In the name and code of everything outside the limits: an answer that holds it has leaked."""


class World:
    """What rules build their arguments from; everything is made when first asked for.

    ``user(role)`` is limited to the own line and channel, ``in_line(role)`` to the line only; ``whole(role)``
    has no limits. ``made(key, make)`` keeps an object of a room's own: the rule's file says how to make it.
    """

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def made(self, key: str, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @cached_property
    def roles(self) -> list[str]:
        """The shipped ones; of those with the same rights one, as nothing asks for more than rights."""
        shipped = Role.objects.filter(shipped=True)
        return list({frozenset(role.rights): role.code for role in shipped}.values())

    @cached_property
    def own_line(self) -> ProductLine:
        return line_factory(code="own-line", name="Own line")

    @cached_property
    def foreign_line(self) -> ProductLine:
        return line_factory(code=f"{MARK.lower()}-line", name=f"{MARK} line")

    @cached_property
    def own_channel(self) -> Channel:
        return channel_factory(code="OWN-C", name="Own channel")

    @cached_property
    def foreign_channel(self) -> Channel:
        return channel_factory(code=f"{MARK}-C", name=f"{MARK} channel")

    @cached_property
    def own_product(self) -> Product:
        return product_factory(code="OWN-P", name="Own product", line=self.own_line)

    @cached_property
    def foreign_product(self) -> Product:
        return product_factory(code=f"{MARK}-P", name=f"{MARK} product", line=self.foreign_line)

    @cached_property
    def own_family(self) -> Family:
        return family_factory(code="OWN-F", name="Own family", line=self.own_line)

    @cached_property
    def foreign_family(self) -> Family:
        return family_factory(code=f"{MARK}-F", name=f"{MARK} family", line=self.foreign_line)

    def user(self, role: str) -> User:
        """A person with this role, limited to the own line and channel."""
        limits = {"lines": [self.own_line], "channels": [self.own_channel]}
        return self.made(f"user {role}", lambda: user_factory(role, name=f"Limited {role}", **limits))

    def in_line(self, role: str) -> User:
        """A person with this role, limited to the own line only."""
        make = lambda: user_factory(role, name=f"Line's {role}", lines=[self.own_line])  # noqa: E731
        return self.made(f"in line {role}", make)

    def whole(self, role: str) -> User:
        """A person with this role who sees everything."""
        return self.made(f"whole {role}", lambda: user_factory(role, name=f"Whole {role}"))

    @cached_property
    def somebody(self) -> User:
        """A colleague whom nobody of the roles is."""
        return user_factory("viewer", name="Somebody else")
