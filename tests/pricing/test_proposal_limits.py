"""Proposals and who is limited to some channels: what they read, and what they may not decide for all."""

from __future__ import annotations

import csv
import io
import json
from contextlib import nullcontext
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import Proposal
from pricing.selectors.proposals import proposals_waiting
from pricing.services.proposal_edits import proposal_edit
from pricing.services.proposals import (
    proposal_approve,
    proposal_reject,
    proposal_repeat,
    proposal_submit,
    proposal_withdraw,
)
from products.models import Product, ProductFigures, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

from .test_proposals import drafted, proposed, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def sold(product: Product, by_channel: dict[Any, int]) -> None:
    """So many units in the last month, at 10 each, and their sum over all channels."""
    month, measure = month_add(month_start(today()), -1), measure_factory()
    said = {"product": product, "measure": measure, "month": month, "days": 30}
    for channel, volume in by_channel.items():
        SalesMonth.objects.create(**said, channel=channel, volume=volume, revenue=volume * 10)
    total = sum(by_channel.values())
    ProductFigures.objects.create(
        product=product, measure=measure, data_month=month, volume_12m=total, revenue_12m=total * 10
    )


def test_volume_and_revenue_are_of_the_readers_channels() -> None:
    """And so is their order: it would tell which product sells most elsewhere."""
    shops, web = channel_factory(), channel_factory()
    mine = price_list_factory()
    products = [product_factory(code=code) for code in ("A", "B", "C")]
    for product, by_channel in zip(products, ({shops: 310, web: 7}, {shops: 32, web: 5600}), strict=False):
        sold(product, by_channel)
    for product in products:
        price_factory(product=product, price_list=mine, start_date=soon(-9))
    proposal = proposed(price_list=mine, product_ids=[product.pk for product in products])
    address = proposal.get_absolute_url()
    for user, figures, all_of_b in (
        (
            user_factory(channels=[shops]),
            {"A": ["310", "3100"], "B": ["32", "320"], "C": ["", ""]},
            False,
        ),
        (user_factory(), {"B": ["5632", "56320"], "A": ["317", "3170"], "C": ["", ""]}, True),
    ):
        client = client_of(user)
        file = b"".join(client.get(f"{address}export/csv/").streaming_content).decode("utf-8-sig")
        found = {row["Code"]: row for row in csv.DictReader(io.StringIO(file))}
        assert list(found) == list(figures)
        names = ("Volume, 12 months", "Revenue, 12 months")
        assert {code: [row[name] for name in names] for code, row in found.items()} == figures
        assert ("5,632" in tight(client.get(address))) is all_of_b


def test_who_is_limited_to_channels_decides_on_their_lists_alone() -> None:
    """Everybody's and one of what is above are read, not proposed on, decided, repeated or withdrawn."""
    shops = channel_factory()
    account = channel_factory(parent=shops, kind="account")
    lists = [price_list_factory(code=code) for code in ("all",)]
    lists += [price_list_factory(code=row.code, channel=row) for row in (shops, account)]
    limited, whole = user_factory(channels=[account]), user_factory()
    client = client_of(limited)
    for price_list, may in zip(lists, (False, False, True), strict=True):
        waiting, over, ahead = (proposed(whole, price_list=price_list) for _ in range(3))
        proposal_reject(user=user_factory(), proposal=over, note="No")
        proposal_approve(user=user_factory(), proposal=ahead)
        over.refresh_from_db()
        page = client.get(waiting.get_absolute_url())
        assert ('value="approve"' in page.content.decode()) is may
        assert ('id="again"' in client.get(over.get_absolute_url()).content.decode()) is may
        assert ("Withdraw these prices" in client.get(ahead.get_absolute_url()).content.decode()) is may
        assert ("/proposals/new/" in client.get(f"/pricing/?list={price_list.code}").content.decode()) is may
        said = {"price_list": price_list.code, "start_date": str(soon()), "reason": "Dearer"}
        said["prices"] = [{"product": ahead.prices.get().product.code, "amount": "12"}]
        product = waiting.prices.get().product_id
        refused, draft = proposed(whole, price_list=price_list), drafted(whole, price_list=price_list)
        mine = drafted(whole, price_list=price_list)
        # Who was limited since.
        Proposal.objects.filter(pk__in=[mine.pk, draft.pk]).update(author=limited)
        own = mine.prices.get()
        amounts = {(own.product_id, own.component, own.tier): D(13)}
        of: dict[str, Any] = {"price_list": price_list, "product_ids": [product], "start_date": soon(30)}
        asked = [
            partial(proposal_approve, proposal=waiting),
            partial(proposal_reject, proposal=refused, note="No"),
            partial(proposal_repeat, proposal=over, start_date=soon(20), reason="Yes"),
            partial(proposal_withdraw, proposal=ahead, note="No"),
            partial(proposal_edit, proposal=mine, amounts=amounts),
            partial(proposal_submit, proposal=draft),
            lambda user, of=of: drafted(user, **of),
        ]
        for act in asked:
            before = Proposal.objects.count()
            with nullcontext() if may else pytest.raises(DomainError) as refusal:
                act(user=limited)
            if refusal is not None:
                assert (refusal.value.code, refusal.value.status) == ("limited", 403)
                assert Proposal.objects.count() == before
        answer = client.post("/api/v1/price-proposals/", json.dumps(said), content_type="application/json")
        assert answer.status_code == (201 if may else 403)
    form = client.get("/pricing/proposals/new/").context["form"]
    assert [row.code for row in form.fields["price_list"].queryset] == [account.code]
    assert form.fields["of"].queryset.count() == 3
    waits = {row.price_list_id for row in proposals_waiting(user_factory(channels=[account]))}
    assert waits == {lists[2].pk} != {row.price_list_id for row in proposals_waiting(user_factory())}
    other = client_of(user_factory(channels=[channel_factory()]))
    assert "Others pay by every price list you see" in other.get("/pricing/proposals/new/").content.decode()
