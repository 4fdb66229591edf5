"""Action items, comments, follows and notifications."""

from __future__ import annotations

import datetime

import pytest
from django.utils import translation

from accounts.errors import DomainError, VersionConflict
from accounts.models import Deputy, User
from collaboration.models import ActionItem, Alert, Comment, Follow, Notification
from collaboration.selectors.actions import actions_open, actions_visible
from collaboration.selectors.alerts import alert_rows, alerts_mine, alerts_worded
from collaboration.selectors.talk import Followed, followed, people_mentionable
from collaboration.services.actions import action_create, action_delete, action_set_done, action_update
from collaboration.services.comments import comment_add, comment_edit, comment_withdraw
from collaboration.services.follows import follow_set
from collaboration.services.notifications import notifications_read, notify
from core.context_processors import frame_read
from core.organisation import today
from exchange.listeners import import_arrived
from exchange.models import Import
from exchange.services.imports import import_discard
from tests.factories import line_factory, user_factory

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 12, 1)


def in_menu(user: object) -> list[Followed]:
    return frame_read({"followed": followed(user)})["followed"]


def told() -> list[tuple[int, str]]:
    return sorted(Notification.objects.values_list("user", "kind"))


def test_who_gets_an_action_item_is_told_once_and_who_gave_it_hears_when_done(product):
    giver, owner = user_factory(), user_factory()
    item = action_create(user=giver, title=" Call ", owner=owner, due_date=DAY, target=product)
    assert (item.title, told()) == ("Call", [(owner.pk, "action_given")])
    action_set_done(user=owner, action_id=item.pk, done=True)
    action_set_done(user=owner, action_id=item.pk, done=True)
    assert told() == sorted([(owner.pk, "action_given"), (giver.pk, "action_done")])
    assert not actions_open(owner).exists()
    action_set_done(user=owner, action_id=item.pk, done=False)
    assert actions_open(owner).get() == item


def test_ones_own_action_item_is_no_news(product):
    user = user_factory()
    action_create(user=user, title="Call", owner=user, due_date=None, target=product)
    assert told() == []


def test_an_action_item_goes_to_who_can_see_the_product(product):
    blind = user_factory(lines=[line_factory()])
    with pytest.raises(DomainError) as refused:
        action_create(user=user_factory(), title="Call", owner=blind, due_date=None, target=product)
    assert (refused.value.field, ActionItem.objects.count(), told()) == ("owner", 0, [])


@pytest.mark.parametrize("title", ["", "  ", "x" * 201])
def test_an_action_item_says_what_to_do(title):
    user = user_factory()
    with pytest.raises(DomainError):
        action_create(user=user, title=title, owner=user, due_date=None)


def test_the_loser_of_a_race_sees_both_values(product):
    user = user_factory()
    item = action_create(user=user, title="Call", owner=user, due_date=DAY, target=product)
    action_update(user=user, action_id=item.pk, version=1, title="Write")
    with pytest.raises(VersionConflict) as conflict:
        action_update(user=user, action_id=item.pk, version=1, title="Visit")
    fields = conflict.value.details["fields"]
    assert (fields["title"]["yours"], fields["title"]["theirs"]) == ("Visit", "Write")
    assert ActionItem.objects.get().title == "Write"


def test_a_save_that_changes_nothing_writes_nothing(product):
    user = user_factory()
    item = action_create(user=user, title="Call", owner=user, due_date=DAY, target=product)
    same = action_update(user=user, action_id=item.pk, version=99, title="Call ", due_date=DAY, owner=user)
    assert same.version == 1


def test_only_who_gave_it_takes_it_away():
    giver, owner = user_factory(), user_factory()
    item = action_create(user=giver, title="Call", owner=owner, due_date=None)
    with pytest.raises(DomainError):
        action_delete(user=owner, action_id=item.pk)
    action_delete(user=giver, action_id=item.pk)
    assert not ActionItem.objects.exists()


def test_an_action_item_about_nothing_is_between_two(product):
    giver, owner, other = user_factory(), user_factory(), user_factory()
    item = action_create(user=giver, title="Call", owner=owner, due_date=None)
    assert [item in actions_visible(person) for person in (giver, owner, other)] == [True, True, False]


def test_mentions_tell_who_can_see_the_product(product):
    author, chosen, typed = user_factory(), user_factory(), user_factory(email="Typed@example.com")
    blind, gone = user_factory(lines=[line_factory()]), user_factory(is_active=False)
    comment = comment_add(
        user=author,
        target=product,
        text=f"Look @typed@example.com, @{blind.email}.",
        mention_ids=[chosen.pk, gone.pk, author.pk],
    )
    assert set(comment.mentions.all()) == {chosen, typed, author}
    assert told() == sorted([(chosen.pk, "mentioned"), (typed.pk, "mentioned")])


def test_who_is_named_only_when_a_comment_is_edited_is_told_too(product):
    author, first, later = user_factory(), user_factory(), user_factory()
    blind = user_factory(lines=[line_factory()])
    comment = comment_add(user=author, target=product, text=f"Look @{first.email}")
    text = f"Look @{first.email} @{later.email} @{blind.email}"
    comment_edit(user=author, comment_id=comment.pk, text=text)
    assert set(comment.mentions.all()) == {first, later}
    assert told() == sorted([(first.pk, "mentioned"), (later.pk, "mentioned")])
    assert {row.params["text"] for row in Notification.objects.all()} == {text[:120]}


def test_followers_hear_of_comments_once(product):
    author, follower = user_factory(), user_factory()
    follow_set(user=follower, product=product, on=True)
    follow_set(user=follower, product=product, on=True)
    follow_set(user=author, product=product, on=True)
    comment_add(user=author, target=product, text="Well", mention_ids=[])
    assert told() == [(follower.pk, "commented")]
    comment_add(user=author, target=product, text="Well", mention_ids=[follower.pk])
    assert told() == [(follower.pk, "commented"), (follower.pk, "mentioned")]


def test_only_the_author_changes_a_comment(product):
    author, other = user_factory(), user_factory()
    comment = comment_add(user=author, target=product, text="Well")
    with pytest.raises(DomainError) as refused:
        comment_edit(user=other, comment_id=comment.pk, text="Ill")
    assert refused.value.status == 403
    comment_edit(user=author, comment_id=comment.pk, text=" Better ")
    comment_withdraw(user=author, comment_id=comment.pk)
    with pytest.raises(DomainError):
        comment_edit(user=author, comment_id=comment.pk, text="Again")
    assert Comment.objects.get().text == "Better"


def test_nobodys_news_quotes_what_a_comment_no_longer_says(product):
    author, named = user_factory(), user_factory()
    comment = comment_add(user=author, target=product, text="Secret", mention_ids=[named.pk])
    comment_edit(user=author, comment_id=comment.pk, text="Plain")
    assert [row.params["text"] for row in Notification.objects.all()] == ["Plain"]
    comment_withdraw(user=author, comment_id=comment.pk)
    assert not Notification.objects.exists()


def test_the_followed_products_in_the_menu_are_those_one_may_see(product):
    user = user_factory()
    follow_set(user=user, product=product, on=True)
    assert [row.name for row in in_menu(user)] == [product.name]
    limited = user_factory(lines=[line_factory()])
    Follow.objects.create(user=limited, product=product)
    assert in_menu(limited) == []
    follow_set(user=user, product=product, on=False)
    assert in_menu(user) == []


def test_people_to_mention_keep_the_chosen_ones():
    anna, bert = user_factory(name="Anna"), user_factory(name="Bert")
    user_factory(name="Annabel", is_active=False)
    assert people_mentionable("ann") == ([], [anna])
    assert people_mentionable("be", [anna.pk]) == ([anna], [bert])
    assert people_mentionable("", []) == ([], [])


def test_the_same_event_notifies_once_and_reading_is_ones_own():
    one, other = user_factory(), user_factory()
    for _ in range(2):
        notify(users=[one, other], kind="run_done", key="run:1", params={}, url="/", but_not=other)
    assert told() == [(one.pk, "run_done")]
    assert notifications_read(user=other) == 0
    assert notifications_read(user=one) == 1
    assert notifications_read(user=one) == 0


@pytest.mark.parametrize(
    ("source", "state", "kind"),
    [("page", "ready", "import_ready"), ("page", "applied", "import_done"), ("shell", "applied", None)],
)
def test_who_uploaded_a_file_hears_of_it(source, state, kind):
    user = user_factory()
    row = Import(pk=1, sheet="sales", source=source, state=state, file_name="a.csv", created_by=user)
    import_arrived(row)
    assert told() == ([(user.pk, kind)] if kind else [])


def test_a_file_from_the_watched_folder_waits_as_an_alert_until_it_is_applied(db):
    row = Import.objects.create(
        sheet="sales", source="folder", state="ready", file_name="okt.csv", file_size=1, counts={"refused": 3}
    )
    import_arrived(row)
    importer = user_factory()
    alert = alerts_worded(alerts_mine(importer)).get()
    with translation.override("en"):
        said = alert_rows(importer, [alert])[0].words.plain
    assert said.startswith("okt.csv was read, and 3 of its rows")
    assert not alerts_mine(user_factory(rights=["collaboration.view", "collaboration.alerts"])).exists()
    row.state, row.counts = "applied", {}
    import_arrived(row)
    assert Alert.objects.get().state == "gone"


def test_a_file_that_is_given_up_waits_no_longer(db):
    row = Import.objects.create(
        sheet="sales", source="folder", state="ready", file_name="okt.csv", file="okt.csv", file_size=1
    )
    import_arrived(row)
    assert Alert.objects.get().state == "open"
    import_discard(row=row, user=user_factory("administrator"))
    assert Alert.objects.get().state == "gone"


def test_who_stops_an_import_is_not_told_that_it_failed():
    one, other = user_factory(), user_factory()
    for pk, by in ((1, one), (2, other)):
        row = Import(pk=pk, sheet="sales", source="page", state="failed", file_name="a.csv", created_by=one)
        row.error_code, row.error_params = "stopped", {"who": str(by), "user_id": by.pk}
        import_arrived(row)
    assert told() == [(one.pk, "import_failed")]


def test_who_is_deputy_today_has_the_action_items_and_is_told_what_they_may_see(product):
    giver, owner, deputy, blind = (
        user_factory(),
        user_factory(),
        user_factory(),
        user_factory(lines=[line_factory()]),
    )
    away = Deputy.objects.create(owner=owner, deputy=deputy, start_date=today(), end_date=today())
    about_it = action_create(user=giver, title="Call", owner=owner, due_date=DAY, target=product)
    general = action_create(user=giver, title="Tidy", owner=owner, due_date=None)
    comment_add(user=giver, target=product, text="Look", mention_ids=[owner.pk])
    kinds = ["action_given", "action_given", "mentioned"]
    assert told() == sorted([(person.pk, kind) for person in (owner, deputy) for kind in kinds])
    assert set(actions_open(User.objects.get(pk=deputy.pk))) == {about_it, general}
    assert not actions_open(giver).exists()
    Notification.objects.all().delete()
    Deputy.objects.filter(pk=away.pk).update(deputy=blind)
    comment_add(user=giver, target=product, text="Again", mention_ids=[owner.pk])
    assert told() == [(owner.pk, "mentioned")]
    assert set(actions_open(User.objects.get(pk=blind.pk))) == {general}
    away.delete()
    assert not actions_open(User.objects.get(pk=blind.pk)).exists()
