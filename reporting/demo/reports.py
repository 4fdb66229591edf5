"""The demo company's reports: for management, which sends itself each month, for finance and for a retailer,
each published once. The retailer is to know its author, which waits for finance; five links show it."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import translation

from accounts.models import User
from core.models import Organisation
from core.organisation import organisation_forget, today
from products.models import Channel, Product, ProductLine
from reporting.models import Report, Share
from reporting.reports.templates import COSTS_COMPARED
from reporting.services.grants import grant_ask
from reporting.services.reports import Part, report_create, report_publish
from reporting.services.schedules import schedule_set
from reporting.services.share_opening import share_ask, share_open
from reporting.services.shares import share_create, shares_act

from .people import PASSWORD


def reports_create(people: dict[str, User]) -> None:
    sanne, emma = people["Sanne"], people["Emma"]
    products = {product.code: product for product in Product.objects.all()}
    juices = ProductLine.objects.get(code="juice")
    with translation.override("en"):
        compared = COSTS_COMPARED.choice
    made: list[tuple[User, dict[str, Any], list[Part]]] = [
        (
            sanne,
            {"title": "Maandbericht Sappen", "audience": "internal", "lines": [juices]},
            [
                Part("summary", "De zomer was goed; de **adviesprijs** van januari is nog niet bekend."),
                Part("key_figures"),
                Part("plan"),
                Part("lifecycle"),
                Part("accuracy"),
                Part("promotions"),
                Part("decisions"),
            ],
        ),
        (
            emma,
            {"title": "Cost and margin, oat drinks", "language": "en", "audience": "finance"}
            | {"products": [products["HVM-200"], products["HVM-210"]]},
            [
                Part("cost_report", choice=compared),
                *(Part("margins"), Part("margin_bridge"), Part("margin"), Part("key_figures")),
            ],
        ),
        (
            sanne,
            {"title": "Categoriebericht Boerhof", "audience": "external"}
            | {
                "products": [products["SAP-100"], products["HVM-210"]],
                "channels": [Channel.objects.get(name="Boerhof")],
                "all_suppliers": True,
            },
            [
                Part(
                    "sales",
                    "Samen:\n\n- sap is in de zomer het sterkst\n- Barista groeit",
                ),
                Part("category"),
                Part("prices"),
                Part("place"),
            ],
        ),
    ]
    for author, values, parts in made:
        report = report_create(user=author, values={"language": "nl", **values}, parts=parts)
        report_publish(user=author, report=report)
        if report.lines.exists():
            told = [emma, people["Pieter"]]
            when = {"every": "month", "day": 1, "attach_pdf": True}
            schedule_set(user=author, report=report, values={**when, "users": told})
    reason = "Boerhof belt met vragen: dan weten ze wie ze moeten hebben."
    grant_ask(user=sanne, report=report, field="author", reason=reason)
    _share(sanne, report)


def _share(author: User, report: Report) -> None:
    """One that was read, by phone too, and brought a question; one with a password, one that is over, one
    that rests, one revoked."""
    Organisation.objects.update(sharing=True)
    organisation_forget()
    links: list[tuple[str, str, dict[str, Any]]] = [
        ("Karin Prins, inkoop Boerhof", "karin@boerhof.example", {"downloads": True}),
        ("Mark de Boer, categorie Boerhof", "mark@boerhof.example", {"password": PASSWORD}),
        ("Els Willems, logistiek Boerhof", "els@boerhof.example", {"note": "alleen tot de beurs"}),
        ("Tom Kuiper, directie Boerhof", "tom@boerhof.example", {}),
        ("Oud adres van Karin", "k.prins@boerhof.example", {}),
    ]
    made: list[Share] = []
    for label, email, more in links:
        values = {"label": label, "email": email, **more}
        made.append(share_create(user=author, report=report, values=values)[0])
    for address, client in (("203.0.113.0/24", "browser"), ("198.51.100.0/24", "phone")):
        share_open(share=made[0], address=address, client=client)
    share_ask(share=made[0], text="Verwachten jullie in december weer zo'n piek bij de sappen?")
    then = today() - datetime.timedelta(days=40)
    Share.objects.filter(pk=made[2].pk).update(granted_on=then, expires_on=then + datetime.timedelta(days=30))
    shares_act(user=author, ids=[made[3].pk], act="pause")
    shares_act(user=author, ids=[made[4].pk], act="revoke")
