"""What a page offers a person can be opened by that person: no link or tab leads to a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from lxml import html

from accounts.models import User
from products.models import Channel, ProductLine
from tests.browser.demo import addresses
from tests.factories import client_of, user_factory

NOT_OPENED = {"set_language", "account_logout", "schema"}


def _person(who: str) -> User:
    roles = ["product-manager", "finance"]
    if who == "by line":
        return user_factory(roles, lines=[ProductLine.objects.get(code="food")])
    if who == "by channel":
        return user_factory(roles, channels=[Channel.objects.order_by("pk")[0]])
    return User.objects.get(email=f"{who}@demo.example")


def _links(answer: Any, path: str) -> Iterator[str]:
    """Where the links in the body of a page and in its navigation lead, inside pmtool."""
    if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
        return
    for link in html.fromstring(answer.content).xpath("//main//a/@href | //nav//a/@href"):
        target = urlsplit(urljoin(path, str(link)))
        if not target.scheme and not target.netloc and not link.startswith("#"):
            yield target._replace(fragment="").geturl()


def _kind(link: str) -> str:
    """What is the same for links to one page, or to one kind of file."""
    try:
        found = resolve(urlsplit(link).path)
    except Resolver404:
        return link
    return f"{found.view_name} {found.kwargs.get('kind', '')}"


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["ruud", "pieter", "emma", "by line", "by channel"])
def test_no_link_that_a_page_offers_is_refused(demo_company: str, db: None, who: str) -> None:
    """One link of a kind is opened, with what that one offers of a kind not met yet; for who is limited most,
    one of each page."""
    client, seen, kinds, refused = client_of(_person(who)), set[str](), set[str](), list[str]()
    client.raise_request_exception = False  # a failure is said with the page that leads to it

    def follow(page: str, answer: Any, *, met: set[str]) -> None:
        for link in _links(answer, page):
            kind = _kind(link)
            if link in seen or kind in met or kind.split()[0] in NOT_OPENED:
                continue
            seen.add(link)
            met.add(kind)
            kinds.add(kind)
            inside = client.get(link)
            if inside.status_code >= 400:
                refused.append(f"{page} offers {link}: {inside.status_code}")
            elif met is not kinds:
                follow(link, inside, met=kinds)

    for page in addresses().values():
        follow(page, client.get(page), met=set() if who == "by channel" else kinds)
    assert len(kinds) > 40
    assert not refused, "\n".join(refused)
