"""Walks every URL × role × method × own and foreign object, whole pages and htmx fragments. Of roles of whom
the same is said whenever rights are asked on the way to an answer, one gets it for all.

No sight: 404. Sight without the right: 403. Guests: the sign-in page, from the API 401. Who is refused has
changed nothing, and no answer to a person with limits holds anything from outside them.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django import shortcuts
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils.functional import cached_property
from django.utils.html import escape

import tests.policy
from accounts.models import User
from core import registries
from core.context_processors import Frame
from core.hidden import SHARED
from core.views import errors
from tests.factories import user_factory
from tests.policy.rules import METHODS, PUBLIC, SIGNED_IN, Rule
from tests.policy.world import MARK, World

pytestmark = pytest.mark.django_db
WRITES = METHODS[1:]
POLICY = {
    *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"),
    *("font-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'"),
    *("base-uri 'none'", "object-src 'none'"),
}
# What the view pg_stat_xact_user_tables adds up, without all else it asks of each table's indexes.
_WRITTEN = """
    SELECT relname, rows FROM pg_class, LATERAL (SELECT pg_stat_get_xact_tuples_inserted(oid)
        + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid)) written(rows)
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND rows > 0 AND relname <> %s
"""
SESSIONS = "django_session"  # every request may move its session's end


def urls(resolver: Any = None, prefix: str = "", route: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every URL; one without a name goes by its route."""
    for entry in (resolver or get_resolver()).url_patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from urls(entry, inner, here)
        elif isinstance(entry, URLPattern):
            yield (prefix + entry.name if entry.name else f"route:{here}"), here


ROOMS: dict[str, list[Rule]] = {
    module.name: rules
    for module in pkgutil.iter_modules(tests.policy.__path__)
    if (rules := getattr(importlib.import_module(f"tests.policy.{module.name}"), "RULES", []))
}
RULES = [rule for rules in ROOMS.values() for rule in rules]


def test_every_url_has_a_rule_and_every_rule_a_url():
    names, ruled = {name for name, _route in urls()}, {rule.name for rule in RULES}
    asked = Counter((rule.name, *sorted(rule.query.items())) for rule in RULES)
    assert not names - ruled, "URLs that tests/policy/<room>.py says nothing about"
    assert not ruled - names, "rules for URLs that do not exist"
    assert max(asked.values()) == 1, f"more rules than one for a URL: {asked.most_common(3)}"


@pytest.fixture
def world() -> World:
    return World()


def address(rule: Rule, args: Mapping[str, Any]) -> str:
    return (
        "/" + rule.name.removeprefix("route:") if "route:" in rule.name else reverse(rule.name, kwargs=args)
    )


CLIENTS = {False: Client(), True: Client(headers={"HX-Request": "true"})}


def ask(rule: Rule, method: str, url: str, body: Mapping[str, Any], session: str, htmx: bool) -> Any:
    """One request as from a browser of its own; no session: a guest."""
    client = CLIENTS[htmx]
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: session} if session else {})
    if method == "GET":
        return client.get(url, dict(rule.query))
    if rule.api:
        return client.generic(method, url, _json(body), content_type="application/json")
    return getattr(client, method.lower())(url, dict(body))


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, default=str).encode()


def sign_in(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def written() -> dict[str, int]:
    """Rows written in this transaction so far, by table; also those of a savepoint that was rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [SESSIONS])
        return dict(cursor.fetchall())


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def limits(user: Any) -> str:
    """What a person of the world is limited to, as their name says."""
    return user.name.split()[0] if user else ""


def is_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and answer.url.startswith(reverse(settings.LOGIN_URL))


ALL = "all of them"


class Heard:
    """What is asked about the rights of ``person``, by key, on the way to an answer, and what was said.

    The frame around a page is the same around each: what it asks counts at a person's first page.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.person: int | None = None
        self.said: dict[str, Any] = {}
        self._framed: set[int] = set()
        self._in_frame = False
        monkeypatch.setattr(User, "has_perm", self._has_perm())
        monkeypatch.setattr(User, "rights", self._rights())
        for name in ("_entries", "_parts"):
            monkeypatch.setattr(Frame, name, self._quiet(name, getattr(Frame, name).func))

    def _note(self, user: Any, code: str, answer: Any) -> Any:
        if user.pk == self.person and not self._in_frame:
            self.said[code] = answer
        return answer

    def _has_perm(self) -> Any:
        return lambda user, code, obj=None: self._note(user, code, code in rights_of(user))

    def _rights(self) -> property:
        """Whoever reads them as a whole may do anything with them."""
        return property(
            lambda user: self._note(user, ALL, rights_of(user)),
            lambda user, rights: user.__dict__.update(rights=rights),
        )

    def _quiet(self, name: str, read: Callable[[Any], Any]) -> Any:
        def quietly(frame: Any) -> Any:
            person, before = frame._user.pk, self._in_frame
            self._in_frame = person in self._framed
            try:
                return read(frame)
            finally:
                self._in_frame = before
                if name == "_parts" and person == self.person:
                    self._framed.add(person)

        found = cached_property(quietly)
        found.__set_name__(Frame, name)
        return found


def rights_of(user: Any) -> frozenset[str]:
    if "rights" not in user.__dict__:
        user.__dict__["rights"] = _RIGHTS(user)
    return user.__dict__["rights"]


_RIGHTS = User.rights.func


class Asked:
    """Collects what is wrong with a URL, so that one run tells it all.

    ``one_page``: the first person who may got the same templates with htmx as without, so the view has no
    fragment, and nobody else asks for one.
    """

    def __init__(self, rule: Rule, world: World, heard: Heard) -> None:
        self.rule, self.world, self.wrong = rule, world, []
        self.one_page: bool | None = None
        self._templates: list[str] = []
        self._heard = heard
        self._said: dict[Any, list[dict[str, Any]]] = defaultdict(list)

    def _known(self, case: Any, user: Any) -> bool:
        """Whether this was asked by somebody of whom all the same would be said."""
        rights = rights_of(user) if user else frozenset()
        return any(
            all(answer == (rights if code == ALL else code in rights) for code, answer in said.items())
            for said in self._said[case]
        )

    def _ask(
        self, case: Any, user: Any, method: str, url: str, body: Any, session: str, htmx: bool
    ) -> tuple[Any, bytes]:
        """The answer and all there is in it."""
        self._heard.person, self._heard.said = user and user.pk, {}
        answer = ask(self.rule, method, url, body, session, htmx)
        content = body_of(answer)
        self._said[case].append(self._heard.said)
        self._heard.person = None
        return answer, content

    def _protected(self, said: str, answer: Any) -> None:
        """Every answer carries the strict policy, whatever its status."""
        policy = answer.headers.get("Content-Security-Policy", "")
        if {part.strip() for part in policy.split(";")} != POLICY:
            self.wrong.append(f"{said}came with the policy {policy!r}")

    def _prepare(self, user: Any) -> tuple[Mapping[str, Any], str]:
        """What to post and as whom, made before anything is counted or taken back."""
        data = self.rule.data
        session = self.world.made(f"session {user.pk}", lambda: sign_in(user)) if user else ""
        return data(self.world) if callable(data) else data, session

    def refused(
        self, who: str, user: Any, method: str, url: str, status: set[int], htmx: bool = False
    ) -> None:
        """The answer is one of these and nothing was written."""
        body, session = self._prepare(user)
        case = (limits(user), method, url, htmx, *status)
        if (htmx and self.one_page) or self._known(case, user):
            return
        before = written()
        answer, _content = self._ask(case, user, method, url, body, session, htmx)
        found = 401 if is_sign_in(answer) else answer.status_code
        said = f"{who}: {method} {url} {'(htmx) ' if htmx else ''}"
        self._protected(said, answer)
        if found not in status:
            self.wrong.append(f"{said}gave {found}, not {status}")
        if (after := written()) != before:
            self.wrong.append(f"{said}was refused and wrote {dict(after.items() - before.items())}")

    def leads_to_a_page(self, user: Any, url: str) -> None:
        """Who opens what takes forms only ends, on the way up, at a page."""
        at, seen = url, [url]
        while (rule := _rule_of(at)).get is None and len(seen) < 5:
            at = ask(rule, "GET", at, {}, self._prepare(user)[1], htmx=False).headers["Location"]
            seen.append(at)
        if rule.get is None:
            self.wrong.append(f"GET {' → '.join(seen)} leads to no page")

    def allowed(
        self, who: str, user: Any, method: str, url: str, *, limited: bool, htmx: bool = False
    ) -> None:
        """The answer is what the rule says, and holds nothing foreign; what it wrote is taken back."""
        body, session = self._prepare(user)
        case = (limits(user), method, url, htmx, limited)
        if (htmx and self.one_page) or self._known(case, user):
            return
        with transaction.atomic():
            answer, content = self._ask(case, user, method, url, body, session, htmx)
            transaction.set_rollback(True)
        templates = [template.name for template in answer.templates]
        if htmx and self.one_page is None:
            self.one_page = templates == self._templates
        self._templates = templates
        said = f"{who}: {method} {url} {'(htmx) ' if htmx else ''}"
        self._protected(said, answer)
        sent_away = is_sign_in(answer) and self.rule.right(method) != PUBLIC
        if answer.status_code not in self.rule.ok or sent_away:
            self.wrong.append(f"{said}gave {answer.status_code} {answer.headers.get('Location', '')}")
        if limited and (at := content.upper().find(MARK.encode())) >= 0:
            self.wrong.append(f"{said}leaks …{content[max(0, at - 80) : at + 60]!r}…")


def _rule_of(url: str) -> Rule:
    name = resolve(url).view_name
    return next(rule for rule in RULES if rule.name == name)


@pytest.fixture
def _refusals_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is the same whatever was asked, but for the address: each person's page is drawn once."""
    drawn: dict[Any, bytes] = {}

    def render(request: Any, template: str, context: Any = None, status: int = 200) -> HttpResponse:
        key = (request.user.pk, template, str(context))
        if key not in drawn:
            content = shortcuts.render(request, template, context).content
            drawn[key] = content.replace(escape(request.get_full_path()).encode(), b"")
        return HttpResponse(drawn[key], status=status)

    monkeypatch.setattr(errors, "render", render)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_refusals_drawn_once")
@pytest.mark.parametrize("room", ROOMS)
def test_who_may(room: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One world a room: what it holds for one rule stays for the next, and must not leak there either."""
    heard = Heard(monkeypatch)
    world.foreign_product, world.foreign_family, world.foreign_channel  # noqa: B018  they must not be found
    wrong = []
    for rule in ROOMS[room]:
        cache.clear()  # the rate limits of one rule are not those of the next
        wrong += _walked(rule, world, heard)
    assert not wrong, "\n".join(wrong)


def _walked(rule: Rule, world: World, heard: Heard) -> list[str]:
    """What is wrong with one URL."""
    url = address(rule, rule.args(world) if rule.args else {})
    foreign = address(rule, rule.foreign(world)) if rule.foreign else None
    asked = Asked(rule, world, heard)
    for method in METHODS:
        right = rule.right(method)
        if right is None and rule.ours:
            leads_on = method == "GET" and not rule.api and not url.startswith(SHARED)
            asked.refused(
                "administrator", world.whole("administrator"), method, url, {302 if leads_on else 405}
            )
            if leads_on:
                asked.leads_to_a_page(world.whole("administrator"), url)
        elif right == PUBLIC:
            asked.allowed("guest", None, method, url, limited=True)
        elif right is not None:
            asked.refused("guest", None, method, url, {401})
            if foreign:
                asked.refused("guest", None, method, foreign, {401})
        if right is not None:
            _people(asked, rule, method, url, foreign)
    return asked.wrong


def _people(asked: Asked, rule: Rule, method: str, url: str, foreign: str | None) -> None:
    """Every role, with and without limits; those that may come first."""
    world, fragments = asked.world, (False, True) if method == "GET" and not rule.api else (False,)
    people = {role: world.in_line(role) if rule.all_channels else world.user(role) for role in world.roles}
    for role, limited in sorted(people.items(), key=lambda each: not rule.allows(each[1], method)):
        for htmx in fragments:
            if not rule.allows(limited, method):
                asked.refused(role, limited, method, url, {403}, htmx)
                if foreign:
                    asked.refused(role, limited, method, foreign, {403, 404}, htmx)
                continue
            if rule.whole_read or (rule.whole and method in WRITES):
                asked.refused(f"limited {role}", limited, method, url, {403}, htmx)
                asked.allowed(role, world.whole(role), method, url, limited=False, htmx=htmx)
            else:
                asked.allowed(f"limited {role}", limited, method, url, limited=True, htmx=htmx)
            if rule.all_channels:
                asked.refused(f"channel's {role}", world.user(role), method, url, {403}, htmx)
            if foreign:
                asked.refused(f"limited {role}", limited, method, foreign, {404}, htmx)


def test_somebody_may_reach_every_url(world: World) -> None:
    """A right that no shipped role has would let the walk pass without ever being allowed."""
    rights = set().union(*(world.whole(role).rights for role in world.roles)) | {PUBLIC, SIGNED_IN}
    nobody = {
        rule.name: rule.right(method)
        for rule in RULES
        for method in METHODS
        if rule.right(method) and rule.right(method) not in rights
    }
    assert not nobody


@pytest.mark.long
@pytest.mark.timeout(300)
def test_what_no_text_of_the_database_can_hold_is_refused_everywhere(world: World) -> None:
    """A NUL in a query, a form's nonce and each field of what the API takes; behind a shared link no query is
    read."""
    people = [(user, sign_in(user)) for user in map(world.whole, world.roles)]
    wrong = []
    for rule in RULES:
        url = address(rule, rule.args(world) if rule.args else {})
        for method in METHODS[:-1]:  # nothing is read of what is deleted
            session = next((session for user, session in people if rule.allows(user, method)), "")
            if not rule.right(method):
                continue
            if method == "GET":
                asked = [({"q": "\0"}, replace(rule, query={**rule.query, "q": "\0"}))]
            elif rule.api:
                body = rule.data(world) if callable(rule.data) else rule.data
                asked = [({**body, name: "\0"}, rule) for name in body]
            else:
                asked = [({"nonce": "\0"}, rule)]
            for body, each in asked:
                status = ask(each, method, url, body, session, htmx=False).status_code
                if status != 400 and not (method == "GET" and url.startswith(SHARED)):
                    wrong.append(f"{method} {url} {body!r} gave {status}")
    assert not wrong, "\n".join(wrong)


def test_nor_is_it_taken_in_a_path_a_cookie_or_an_address_that_came_along() -> None:
    client = Client()
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: "12345678\0"})
    assert client.get("/").status_code == 400
    client = Client()
    client.force_login(user_factory("product-manager"))
    assert client.get("/products/%00/").status_code == 400
    assert client.get("/products/columns/", {"query": "q=%00&line=%00"}).status_code == 302
    assert client.get("/pricing/proposals/new/", {"all": "1", "query": "q=%00"}).status_code == 200


def test_a_write_is_noticed_even_when_it_was_taken_back(world: World) -> None:
    """What the walk rests on when it says that nothing was written."""
    world.own_line.refresh_from_db()
    before = written()
    with transaction.atomic():
        world.own_line.name = "Changed"
        world.own_line.save()
        transaction.set_rollback(True)
    changed = dict(written().items() - before.items())
    assert set(changed) == {"products_productline", "products_productlineevent"}


def test_all_that_is_asked_about_rights_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the walk rests on when it lets one role answer for another."""
    heard, user = Heard(monkeypatch), user_factory("viewer")
    framed = {entry.permission for entry in registries.menu if entry.permission}
    client = Client()
    client.force_login(user)
    heard.person = user.pk
    client.get(reverse("products:list"))
    assert heard.said["products.view"] is True
    assert framed <= heard.said.keys()
    heard.said = {}
    client.get(reverse("products:list"))
    assert heard.said["products.view"] is True
    assert not framed <= heard.said.keys()
    assert user_factory("administrator").rights
    assert ALL not in heard.said
    assert user.rights == heard.said[ALL]
