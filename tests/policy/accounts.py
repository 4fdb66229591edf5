"""People, roles and one's own account."""

from __future__ import annotations

import datetime
from typing import Any

from accounts.models import ApiToken, Deputy, Role
from accounts.services.invitations import invitation_token
from tests.factories import user_factory

from .rules import PUBLIC, SIGNED_IN, Rule
from .world import World

MANAGE = "accounts.manage"
DAY = datetime.timedelta(days=1)


def person(world: World) -> dict[str, Any]:
    return {"pk": world.somebody.pk}


def left(world: World) -> dict[str, Any]:
    return {"pk": world.made("left", lambda: user_factory("viewer", is_active=False)).pk}


def role(_world: World) -> dict[str, Any]:
    return {"code": "viewer"}


def new_role(_world: World) -> dict[str, Any]:
    return {"name_en": "New", "name_nl": "Nieuw", "rights": ["accounts.api"]}


def somebodys_deputy(world: World) -> dict[str, Any]:
    today = datetime.date(2026, 11, 24)
    make = lambda: Deputy.objects.create(  # noqa: E731
        owner=world.somebody, deputy=user_factory(), start_date=today, end_date=today
    )
    return {"pk": world.made("deputy", make).pk}


def persons_deputy(world: World) -> dict[str, Any]:
    """Whoever may end it takes it away for the next."""
    day = datetime.date(2026, 12, 24)
    deputy = world.made("stand-in", user_factory)
    row, _made = Deputy.objects.get_or_create(
        owner=world.somebody, deputy=deputy, start_date=day, end_date=day
    )
    return {"pk": world.somebody.pk, "deputy": row.pk}


def somebodys_token(world: World) -> dict[str, Any]:
    make = lambda: ApiToken.objects.create(user=world.somebody, name="x", expiry=DAY)[0]  # noqa: E731
    return {"digest": world.made("token", make).pk}


def invitation(world: World) -> dict[str, Any]:
    return {"token": world.made("invitation", lambda: invitation_token(user_factory("viewer")))}


def changed_role(_world: World) -> dict[str, Any]:
    return {"name_en": "Reader", "name_nl": "Lezer", "version": Role.objects.get(code="viewer").version}


# A deputy and a token are one's own: for everybody else, the objects here are foreign ones.
MINE = frozenset({404})

RULES = [
    Rule("accounts:people", get=MANAGE, query={"q": "a", "inactive": "1"}),
    Rule(
        "accounts:invite",
        get=MANAGE,
        post=MANAGE,
        data={"name": "New", "email": "new@example.com", "language": "nl"},
    ),
    Rule("accounts:person", get=MANAGE, post=MANAGE, args=person, data={"name": "Changed"}),
    Rule("accounts:deactivate", post=MANAGE, args=person),
    Rule("accounts:reactivate", post=MANAGE, args=left),
    Rule("accounts:link", post=MANAGE, args=person),
    Rule("accounts:person_deputy_add", post=MANAGE, args=person),
    Rule("accounts:person_deputy_end", post=MANAGE, args=persons_deputy),
    Rule("accounts:roles", get=MANAGE),
    Rule("accounts:role_new", get=MANAGE, post=MANAGE, data=new_role),
    Rule("accounts:role", get=MANAGE, post=MANAGE, args=role, data=changed_role),
    Rule("accounts:role_delete", post=MANAGE, args=role),
    Rule("accounts:profile", get=SIGNED_IN, post=SIGNED_IN, data={"name": "Changed"}),
    Rule("accounts:deputy_add", post=SIGNED_IN),
    Rule("accounts:deputy_end", post=SIGNED_IN, args=somebodys_deputy, ok=MINE),
    Rule("accounts:token_add", post="accounts.api", data={"name": "x", "expires": "2026-12-01"}),
    Rule("accounts:token_revoke", post=SIGNED_IN, args=somebodys_token, ok=MINE),
    Rule("accounts:invitation", get=PUBLIC, post=PUBLIC, args=invitation),
]
