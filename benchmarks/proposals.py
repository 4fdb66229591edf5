"""New prices of 5,000 products in one proposal, by the clock: draft with its job, page, propose, approve.

Goal: ten seconds together. Each product has prices, an elasticity and a year sold, so that approval works out
what is expected of it; a bound that asks for a reason holds every price.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.test import Client

from accounts.models import Role, User
from benchmarks.company import company_make
from benchmarks.tools import Bench, Took, clock, median, quiet, tell
from benchmarks.what_if import priced_company
from core import jobs
from core.organisation import today
from pricing.models import Bound, PriceList, Proposal
from pricing.services.price_rules import Rule
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_submit
from products.models import Product, ProductLine


def run(bench: Bench) -> None:
    products = bench.size(5_000, 60)
    author = company_make(products=products)
    priced_company(author)
    approver = User.objects.create(email="approver@example.com", name="Approver")
    approver.roles.set(Role.objects.filter(code="product-manager"))
    law = {"start_date": today(), "least": 0, "most": 1, "beyond": "reason", "source": "The law"}
    for line in ProductLine.objects.all():
        Bound.objects.create(line=line, currency="EUR", **law)
    rounds = [_round(author, approver, turn) for turn in range(bench.rounds)]
    tell(f"{products:,} prices, each beyond a bound with a reason; median of {bench.rounds}: clock, CPU")
    for name in rounds[0]:
        wall, cpu = (median([getattr(one[name], of) for one in rounds]) for of in ("wall", "cpu"))
        tell(f"   {name}: {wall:.1f} s, {cpu:.1f} s")
    together = median([sum(took.wall for took in one.values()) for one in rounds])
    tell(f"   together {together:.1f} s by the clock (goal ≤ 10 s)")


def _round(author: User, approver: User, turn: int) -> dict[str, Took]:
    """Each of another day, as a price is approved once a day."""
    found: dict[str, Took] = {}
    client = Client(headers={"Host": "localhost"})
    client.force_login(author)
    quiet()

    with clock() as found["draft, with its job"]:
        proposal = _drafted(author, turn)
    with clock() as found["look"]:
        page = client.get(proposal.get_absolute_url())
    if page.status_code != 200 or page.content.count(b"<tr") < 10:
        raise RuntimeError(f"the draft answered {page.status_code} without rows")
    with clock() as found["propose"]:
        proposal_submit(user=author, proposal=proposal)
    with clock() as found["approve"]:
        proposal_approve(user=approver, proposal=proposal)
    return found


def _drafted(author: User, turn: int) -> Proposal:
    proposal = proposal_draft(
        user=author,
        price_list=PriceList.objects.get(code="sell"),
        start_date=today() + datetime.timedelta(days=30 + turn),
        reason="Costs went up",
        exception="Agreed",
        rule=Rule("percentage", Decimal("0.03")),
        product_ids=list(Product.objects.values_list("pk", flat=True)),
    )
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)
    return proposal
