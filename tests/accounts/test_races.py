"""Two at once: the database decides, and nobody's rule is broken by timing."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from accounts import services
from accounts.errors import DomainError
from accounts.models import Deputy, Role, User
from accounts.selectors import administrators_left
from accounts.services import invitations, users
from tests.factories import user_factory
from tests.races import second_answer

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Start all together; the code of each refusal, ``""`` for what went through."""
    start, answers = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int) -> None:
        try:
            start.wait(10)
            acts[number]()
        except DomainError as error:
            answers[number] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(answers)


def slow(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Lets a moment pass after this step, while the transaction is open: the other one comes in between."""
    step = getattr(owner, name)

    def slowly(*args: Any, **options: Any) -> Any:
        answer = step(*args, **options)
        time.sleep(0.5)
        return answer

    monkeypatch.setattr(owner, name, slowly)


def demote(by: User, whom: User) -> Callable[[], Any]:
    viewer = list(Role.objects.filter(code="viewer"))
    given = {"name": whom.name, "email": whom.email, "language": whom.language, "roles": viewer}
    return lambda: services.user_update(by=by, user=whom, version=None, **given)


def test_two_administrators_who_take_each_others_right_leave_one(monkeypatch):
    slow(monkeypatch, users, "administrator_stays")
    ada, bo = user_factory("administrator"), user_factory("administrator")
    refused = at_once(demote(ada, bo), demote(bo, ada))
    assert refused in (["", "last_administrator"], ["", "not_allowed"])
    assert administrators_left() == 1


def test_one_owner_has_one_deputy_at_a_time(monkeypatch):
    slow(monkeypatch, QuerySet, "first")
    anna, day = user_factory(), datetime.date(2026, 12, 1)

    def name(deputy: User) -> Callable[[], Any]:
        return lambda: services.deputy_set(by=anna, owner=anna, deputy=deputy, start_date=day, end_date=day)

    assert at_once(name(user_factory()), name(user_factory())) == ["", "deputy_overlaps"]
    assert Deputy.objects.count() == 1


def test_a_link_sets_one_password(monkeypatch):
    slow(monkeypatch, invitations, "validate_password")
    invited = services.user_invite(
        by=user_factory("administrator"),
        email="kees@example.com",
        name="Kees",
        language="en",
        roles=[],
        link=lambda token: token,
    )
    words = ("three quiet yellow boats", "seven loud purple trains")
    answers = at_once(
        *(
            lambda word=word: services.invitation_accept(token=invited.link, password=word)  # type: ignore[misc]
            for word in words
        )
    )
    assert answers == ["", "invitation_invalid"]


def test_of_two_who_invite_one_address_the_second_is_told():
    ada, bo = user_factory("administrator"), user_factory("administrator")
    given = {"email": "kees@example.com", "name": "Kees", "language": "en", "roles": [], "link": str}
    told = second_answer(*(lambda by=by: services.user_invite(by=by, **given) for by in (ada, bo)))  # type: ignore[misc]
    assert (told.code, told.field) == ("email_taken", "email")
    assert User.objects.get(email="kees@example.com").invited_by == ada


def test_two_roles_of_one_name_have_codes_of_their_own():
    ada = user_factory("administrator")
    given = {"by": ada, "name_en": "Buyer", "name_nl": "Inkoper", "rights": []}
    second = second_answer(*[lambda: services.role_create(**given)] * 2)
    assert second.code == "buyer-2"


def test_the_same_edit_twice_has_one_winner():
    ada, kees = user_factory("administrator"), user_factory("viewer", name="Kees")

    def rename(name: str) -> Callable[[], Any]:
        given = {"email": kees.email, "language": kees.language, "roles": list(kees.roles.all())}
        return lambda: services.user_update(by=ada, user=kees, version=1, name=name, **given)

    assert at_once(rename("Kees A"), rename("Kees B")) == ["", "version_conflict"]
    kees.refresh_from_db()
    assert kees.version == 2
