"""Alerts: raised once per state, settled, snoozed, closed and undone."""

from __future__ import annotations

from decimal import Decimal
from unittest.mock import MagicMock

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.errors import DomainError, VersionConflict
from accounts.models import Deputy
from collaboration.models import Alert, Follow, Notification
from collaboration.selectors.alerts import (
    alerts_mine,
    alerts_mixed,
    alerts_open,
    alerts_ranked,
    alerts_visible,
    open_now,
)
from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import alert_close, alert_reopen, alert_snooze, alerts_wake
from core.organisation import today
from products.models import LineLimit
from products.selectors.lines import LineTree
from tests.factories import channel_factory, line_factory, product_factory, user_factory

from .conftest import EVIDENCE, candidate, in_days, settle

pytestmark = pytest.mark.django_db


def test_an_unchanged_state_alerts_once(product):
    assert settle(candidate(product)).raised == 1
    again = settle(candidate(product))
    assert (again.raised, again.unchanged) == (0, 1)
    alert = Alert.objects.get()
    assert (alert.state, alert.stake_amount, alert.raised_date) == ("open", Decimal(5000), today())


def test_the_numbers_of_an_open_alert_follow_the_data(product):
    settle(candidate(product))
    raised_at = Alert.objects.get().raised_at
    settle(candidate(product, stake=7000, evidence=EVIDENCE | {"now": 130}))
    alert = Alert.objects.get()
    assert (alert.stake_amount, alert.evidence["now"], alert.raised_at) == (Decimal(7000), 130, raised_at)


def test_another_state_is_another_alert_and_the_old_one_is_gone(product):
    settle(candidate(product))
    outcome = settle(candidate(product, "2026-10:down"))
    assert (outcome.raised, outcome.gone) == (1, 1)
    assert dict(Alert.objects.values_list("fingerprint", "state")) == {
        "2026-10:up": "gone",
        "2026-10:down": "open",
    }


def test_what_was_gone_and_is_back_alerts_anew(product):
    settle(candidate(product))
    settle()
    assert Alert.objects.get().state == Alert.State.GONE
    assert settle(candidate(product), local_date=in_days(1)).raised == 1
    alert = Alert.objects.get()
    assert (alert.state, alert.raised_date) == ("open", in_days(1))


def test_a_closed_alert_stays_closed_while_its_state_holds(product):
    user = user_factory()
    settle(candidate(product))
    alert = Alert.objects.get()
    alert_close(alert_id=alert.pk, version=alert.version, reason=" A competitor left. ", user=user)
    assert settle(candidate(product)).raised == 0
    alert.refresh_from_db()
    assert (alert.state, alert.reason, alert.closed_by) == ("closed", "A competitor left.", user)
    # The state ends and comes back: that is news again; why it was closed stays readable in between.
    settle()
    alert.refresh_from_db()
    assert (alert.state, alert.reason) == ("gone", "A competitor left.")
    assert settle(candidate(product)).raised == 1
    alert.refresh_from_db()
    assert (alert.state, alert.reason, alert.closed_by) == ("open", "", None)


@pytest.mark.parametrize(
    ("stake", "own", "raised"), [(999, 0, 0), (1000, 0, 1), (1999, 2000, 0), (2000, 2000, 1), (None, 0, 1)]
)
def test_below_the_threshold_nothing_is_raised(product, stake, own, raised):
    outcome = settle(candidate(product, stake=stake, min_amount=Decimal(own)))
    assert (outcome.raised, outcome.below_threshold) == (raised, 1 - raised)
    assert Alert.objects.count() == raised


def test_failures_and_the_like_have_no_threshold(product):
    assert settle(candidate(product, stake=0), kind="failed", ignore_threshold=True).raised == 1


def test_only_the_subjects_a_run_looked_at_are_settled(product):
    other = product_factory()
    settle(candidate(product), candidate(other))
    settle(subjects=[f"product:{product.pk}"])
    assert Alert.objects.get(product=product).state == "gone"
    assert Alert.objects.get(product=other).state == "open"


def test_many_alerts_take_as_few_statements_as_one(product):
    def statements(count: int) -> int:
        found = [candidate(product_factory(line=product.line)) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            settle(*found)
        return len(queries)

    few = statements(1)
    assert statements(40) <= few + 1
    assert few <= 12


def test_snoozed_comes_back_on_its_day_even_if_no_night_runs(product, monkeypatch):
    user = user_factory()
    settle(candidate(product, recipient_id=user.pk))
    alert = Alert.objects.get()
    alert_snooze(alert_id=alert.pk, version=alert.version, until=in_days(2))
    assert not alerts_mine(user).filter(open_now()).exists()
    assert settle(candidate(product)).raised == 0
    assert alerts_wake() == 0
    later = in_days(2)
    for place in ("collaboration.selectors.alerts.today", "collaboration.services.alerts.today"):
        monkeypatch.setattr(place, lambda: later)
    assert alerts_mine(user).filter(open_now()).exists()
    assert alerts_wake() == 1
    alert.refresh_from_db()
    assert (alert.state, alert.snoozed_until) == ("open", None)


@pytest.mark.parametrize("days", [0, -1, 367])
def test_snooze_needs_a_day_ahead_within_a_year(product, days):
    settle(candidate(product))
    alert = Alert.objects.get()
    with pytest.raises(DomainError) as refused:
        alert_snooze(alert_id=alert.pk, version=alert.version, until=in_days(days))
    assert refused.value.field == "until"
    assert Alert.objects.get().state == "open"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 401])
def test_closing_needs_a_reason(product, reason):
    settle(candidate(product))
    alert = Alert.objects.get()
    with pytest.raises(DomainError) as refused:
        alert_close(alert_id=alert.pk, version=alert.version, reason=reason, user=user_factory())
    assert refused.value.field == "reason"
    assert Alert.objects.get().state == "open"


def test_the_loser_of_a_race_hears_what_happened(product):
    settle(candidate(product))
    alert = Alert.objects.get()
    alert_snooze(alert_id=alert.pk, version=alert.version, until=in_days(7))
    with pytest.raises(VersionConflict) as conflict:
        alert_close(alert_id=alert.pk, version=alert.version, reason="late", user=user_factory())
    assert conflict.value.status == 409
    assert Alert.objects.get().state == "snoozed"


def test_undo_opens_it_again(product):
    settle(candidate(product))
    alert = Alert.objects.get()
    closed = alert_close(alert_id=alert.pk, version=alert.version, reason="known", user=user_factory())
    opened = alert_reopen(alert_id=alert.pk, version=closed.version)
    assert (opened.state, opened.reason, opened.closed_at) == ("open", "", None)
    with pytest.raises(DomainError):
        alert_reopen(alert_id=alert.pk, version=opened.version)


def test_what_is_gone_can_not_be_closed(product):
    settle(candidate(product))
    settle()
    alert = Alert.objects.get()
    with pytest.raises(DomainError) as refused:
        alert_close(alert_id=alert.pk, version=alert.version, reason="known", user=user_factory())
    assert refused.value.status == 409


def test_the_database_holds_the_rules(product):
    settle(candidate(product))
    for broken in ({"state": "closed"}, {"state": "snoozed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Alert.objects.update(**broken)


# -- whose ------------------------------------------------------------------------------------------------


def test_alerts_go_to_the_owner_or_who_is_deputy_today(product):
    owner, deputy, other = user_factory(), user_factory(), user_factory()
    settle(candidate(product, recipient_id=owner.pk))
    assert [alerts_open(person).count() for person in (owner, deputy, other)] == [1, 0, 0]
    row = Deputy.objects.create(owner=owner, deputy=deputy, start_date=today(), end_date=today())
    fresh = [type(person).objects.get(pk=person.pk) for person in (deputy, other)]
    assert [alerts_open(person).count() for person in fresh] == [1, 0]
    row.delete()
    assert alerts_open(type(deputy).objects.get(pk=deputy.pk)).count() == 0


def test_what_nobody_owns_is_everybodys_who_deals_with_alerts(product):
    settle(candidate(product))
    assert alerts_open(user_factory()).count() == 1
    viewer = user_factory("viewer")
    assert alerts_open(viewer).count() == 0
    assert alerts_visible(viewer).count() == 1


def test_what_the_owner_may_not_see_reaches_the_nearest_who_may(product):
    head, owner, deputy = user_factory(), user_factory(channels=[channel_factory()]), user_factory()
    top, middle = line_factory(owner=head), line_factory(owner=user_factory("viewer"))
    line = product.line
    line.parent, middle.parent = middle, top
    middle.save()
    line.save()

    def told(kind: str = "moved", own: int | None = owner.pk) -> int | None:
        return Recipients(LineTree(), today()).of(kind, line.pk, own)

    assert (told(), told("failed"), told(own=None)) == (head.pk, owner.pk, head.pk)
    sales = user_factory("sales")
    assert (told(own=sales.pk), told("stage", sales.pk)) == (sales.pk, head.pk)
    stands_in = Deputy.objects.create(owner=owner, deputy=deputy, start_date=today(), end_date=today())
    assert told() == owner.pk
    settle(candidate(product, recipient_id=told()))
    assert [alerts_open(type(each).objects.get(pk=each.pk)).count() for each in (owner, deputy)] == [0, 1]
    LineLimit.objects.create(user=deputy, line=line_factory())
    assert told() == head.pk
    stands_in.delete()
    for nobody in ({"is_active": False}, {"role": "costs only"}):
        top.owner = user_factory(**nobody)
        top.save()
        assert told() is None


def test_people_cost_as_many_queries_as_one(product, django_assert_num_queries):
    tree, day = LineTree(), today()
    for _ in range(3):
        user_factory(lines=[product.line], channels=[channel_factory()])
    with django_assert_num_queries(4):
        recipients = Recipients(tree, day)
        assert recipients.of_lines("moved", tree.lines) is None


def test_whom_an_alert_reaches_is_worked_out_once(product, monkeypatch):
    product.line.owner = user_factory()
    product.line.save()
    recipients = Recipients(LineTree(), today())
    asked = MagicMock(wraps=recipients._reaches)
    monkeypatch.setattr(recipients, "_reaches", asked)
    assert {recipients.of("moved", product.line_id) for _ in range(5)} == {product.line.owner.pk}
    assert asked.call_count == 1


def test_only_alerts_about_ones_own_lines(product):
    inside = user_factory(lines=[product.line])
    outside = user_factory(lines=[line_factory()])
    settle(candidate(product))
    assert alerts_visible(inside).count() == 1
    assert alerts_visible(outside).count() == 0


def test_figures_over_all_channels_are_not_for_people_limited_to_some(product):
    limited = user_factory(channels=[channel_factory()])
    settle(candidate(product))
    evidence = {"code": "crashed", "params": {}, "step": "forecast", "run": 1}
    settle(candidate(product, evidence=evidence), kind="failed", ignore_threshold=True)
    assert list(alerts_visible(limited).values_list("kind", flat=True)) == ["failed"]


def test_who_may_not_see_forecasts_sees_no_alert_about_them(product):
    person = user_factory(rights=["products.view", "collaboration.view", "collaboration.alerts"])
    settle(candidate(product))
    assert not alerts_visible(person).exists()


def test_followers_are_told_once_but_not_the_owner(product):
    owner, follower = user_factory(), user_factory()
    blind = user_factory(channels=[channel_factory()])
    for person in (owner, follower, blind):
        Follow.objects.create(user=person, product=product)
    settle(candidate(product, recipient_id=owner.pk))
    settle(candidate(product, recipient_id=owner.pk))
    assert list(Notification.objects.values_list("user", "kind")) == [(follower.pk, "followed")]


def test_ranked_by_money_at_stake(product):
    for stake in (2000, 9000, None, 4000):
        settle(candidate(product_factory(), f"{stake}", stake), subjects=[])
    amounts = [int(a.stake_amount) for a in alerts_visible(user_factory())]
    assert amounts == [9000, 4000, 2000, 0]


@pytest.mark.parametrize("role", ["product-manager", "viewer"])
def test_ranked_by_money_at_stake_for_who_deals_with_them_and_who_only_sees_them(product, role):
    user = user_factory(role)
    for stake in (2000, 9000, 4000):
        settle(candidate(product_factory(), f"{stake}", stake), subjects=[])
    for rows in (alerts_ranked(user, Alert.objects.all()), alerts_mixed(user, Alert.objects.all(), (2, 3))):
        assert [int(alert.stake_amount) for alert in rows] == [9000, 4000, 2000]


def test_who_follows_reads_what_is_the_matter_with_its_numbers(product, client):
    follower = user_factory(language="nl")
    Follow.objects.create(user=follower, product=product)
    evidence = {
        "year": 2026,
        "expected": 1_240_000,
        "budget": 1_500_000,
        "rate": -0.173,
        "in_revenue": False,
        "unit": {"nl": "pakken", "en": "packs"},
        "name": {"nl": "sell-out", "en": "sell-out"},
    }
    settle(candidate(product, evidence=evidence), kind="budget")
    client.force_login(follower)
    page = client.get("/notifications/").content.decode().replace("\u00a0", " ")
    assert f"{product.name}, dat je volgt: onder budget. " in page
    assert "1,24 mln pakken (sell-out)" in page
    assert "−17,3%" in page
    Notification.objects.update(params={"product": product.name, "kind": "budget"})
    page = client.get("/notifications/").content.decode()
    assert f"{product.name}, dat je volgt: Wijkt af van budget." in page, "one from before"
