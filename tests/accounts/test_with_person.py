"""What is read in one query with who is signed in says the same as the tables."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client

from accounts.models import Deputy, Role, User
from accounts.selectors.people import stands_for
from accounts.with_person import person_read
from core.organisation import organisation_forget, organisation_get
from products.selectors.access import visible_line_ids
from tests.factories import channel_factory, line_factory, user_factory

pytestmark = pytest.mark.django_db
DAY = datetime.date.today()


def signed_in(user: User) -> User:
    found = person_read(user.pk)
    assert found is not None
    return found


def test_one_query_tells_all_of_a_person_without_limits(django_assert_num_queries):
    owner, deputy = user_factory(), user_factory("finance")
    Deputy.objects.create(owner=owner, deputy=deputy, start_date=DAY, end_date=DAY)
    organisation_forget()
    with django_assert_num_queries(1):
        person = signed_in(deputy)
        assert person.has_perm("pricing.view_costs")
        assert not person.has_perm("accounts.manage")
        assert visible_line_ids(person) is None
        assert stands_for(person, DAY) == {owner.pk, deputy.pk}
        read = organisation_get()
    organisation_forget()
    kept = organisation_get()
    fields = [field.attname for field in kept._meta.concrete_fields]
    assert [getattr(read, name) for name in fields] == [getattr(kept, name) for name in fields]
    assert [type(getattr(read, name)) for name in fields] == [type(getattr(kept, name)) for name in fields]


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_deputies_are_those_of_the_day_asked(days):
    first, second, last = user_factory(), user_factory(), user_factory()
    for owner, deputy in ((first, second), (second, last)):
        Deputy.objects.create(owner=owner, deputy=deputy, start_date=DAY, end_date=DAY)
    day = DAY + datetime.timedelta(days=days)
    for user in (first, second, last):
        assert stands_for(signed_in(user), day) == stands_for(user, day)
    assert stands_for(signed_in(last), DAY) == {first.pk, second.pk, last.pk}


def test_limits_hold_for_who_has_them():
    line, channel = line_factory(), channel_factory()
    line_factory()
    assert visible_line_ids(signed_in(user_factory(lines=[line]))) == {line.pk}
    only_channels = signed_in(user_factory(channels=[channel]))
    assert visible_line_ids(only_channels) is None
    assert only_channels._limits == (None, {channel.pk})


def test_a_right_taken_is_gone_with_the_next_request():
    user, client = user_factory("viewer"), Client()
    client.force_login(user)
    assert client.get("/products/").status_code == 200
    role = Role.objects.get(code="viewer")
    role.rights = []
    role.save()
    assert client.get("/products/").status_code == 403
    user.is_active = False
    user.save()
    assert client.get("/products/").status_code == 302
