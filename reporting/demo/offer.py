"""What the demo company's main products stand for: versions that held, one that waits, one begun."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from collaboration.services.decisions import decision_record
from core.months import month_add, month_start
from core.organisation import organisation_get, today
from pricing.models import Positioning, PositioningPoint
from pricing.services.offer import KIND, Point, decision_product, positioning_draft, positioning_propose
from products.models import Product, Segment

Texts = dict[str, str]


def _texts(
    target_group: str, category: str, benefit: str, reasons: str = "", need: str = "", tone: str = ""
) -> Texts:
    found = {"target_group": target_group, "category": category, "benefit": benefit, "reasons": reasons}
    return found | {"need": need, "tone": tone}


BARISTA = _texts(
    "thuisbarista’s die geen zuivel willen",
    "de plantaardige melk",
    "die schuimt als volle melk",
    "ze met koffiebranders is ontwikkeld",
    "café-kwaliteit thuis",
    "nuchter, vakkundig",
) | {"alternative": "huismerk-haverdrank", "difference": "blijft ze glad in hete koffie"}
# Younger than so many months: what it did was held against what was expected.
DECIDED = 18
# What their authors expected of these then.
EXPECTED = {"PIN-600": Decimal("0.08"), "HVM-210": Decimal("0.1")}
# Code, how many months ago it began, why, texts, claims; oldest first.
HELD: list[tuple[str, int, str, Texts, list[Point]]] = [
    (
        *("HVM-210", 40, "Eerste versie bij de introductie"),
        BARISTA
        | {
            "target_group": "mensen die minder zuivel willen",
            "benefit": "die schuimt in koffie",
            "reasons": "",
            "difference": "",
        },
        [Point("attribute", "zonder toegevoegde suiker", "recept")],
    ),
    (
        *("HVM-210", 22, "Koffiedrinkers kopen drie keer zo vaak als anderen"),
        BARISTA | {"reasons": "ze voor koffie is gemaakt", "tone": "vrolijk"},
        [Point("claim", "schuimt als volle melk", "eigen proef, 20 kopjes")],
    ),
    (
        *("HVM-210", 8, "De schuimtest met branders geeft ons het bewijs"),
        BARISTA,
        [
            Point("claim", "schuimt als volle melk", "schuimtest: 8,1 uit 10"),
            Point("attribute", "zonder toegevoegde suiker", "recept"),
        ],
    ),
    (
        *("SAP-100", 30, "Bij het nieuwe recept"),
        _texts(
            "gezinnen met jonge kinderen",
            "het sinaasappelsap",
            "dat naar fruit smaakt en niet naar suiker",
            "er alleen vers geperste sinaasappels in zitten",
            "een ontbijt dat iedereen lust",
            "warm, gewoon",
        ),
        [Point("claim", "100% geperst", "keuring van het lab")],
    ),
    (
        *("PIN-600", 14, "De markt van noten zonder palmolie groeit"),
        _texts(
            "ouders die etiketten lezen",
            "de pindakaas",
            "met maar twee ingrediënten",
            "er alleen pinda’s en zout in zitten",
            "snel en gezond brood smeren",
        ),
        [Point("claim", "zonder palmolie", "recept"), Point("claim", "lekkerder dan het A-merk")],
    ),
    (
        *("GSV-012", 26, "Zekerheid werd belangrijker dan de laagste prijs"),
        _texts(
            "huishoudens die niet willen schrikken van de rekening",
            "de stroom",
            "met een jaar lang dezelfde prijs",
            "we voor dat jaar al hebben ingekocht",
            "weten waar je aan toe bent",
            "helder, kalm",
        ),
        [Point("claim", "100% Nederlandse wind", "garanties van oorsprong")],
    ),
    (
        *("FTS-110", 18, "Eerste versie"),
        _texts(
            "gezinnen met een elektrische fiets",
            "de fietsverzekering",
            "die binnen twee dagen een leenfiets brengt",
            "we met 600 fietsenmakers werken",
        ),
        [],
    ),
]


def positionings_create(people: dict[str, User]) -> None:
    """Marketing writes, the owner approves; one version waits for Sanne and one is only begun."""
    products = {product.code: product for product in Product.objects.all()}
    for code, ago, why, texts, points in HELD:
        _held(people["Ruud"], people["Sanne"], products[code], ago, why=why, points=points, **texts)
    _decided_then()
    start = month_add(month_start(today()), 2)
    offices: dict[str, Any] = BARISTA | {
        "target_group": "thuisbarista’s en kantoren die geen zuivel willen",
        "reasons": "ze met koffiebranders is ontwikkeld en getest",
    }
    waiting = positioning_draft(
        user=people["Ruud"],
        product=products["HVM-210"],
        start_date=start,
        points=[Point("claim", "schuimt als volle melk", "schuimtest: 8,1 uit 10")],
        why="Twee ketens vragen om een boodschap voor kantoor",
        alternatives="Een eigen uitvoering voor kantoren, in grotere pakken",
        expected_rate=Decimal("0.04"),
        **offices,
    )
    positioning_propose(user=people["Ruud"], positioning=waiting, version=waiting.version)
    positioning_draft(
        user=people["Ruud"],
        product=products["SAP-100"],
        segment=Segment.objects.get(code="senioren"),
        start_date=start,
        target_group="senioren die op hun suiker letten",
        category="het sinaasappelsap",
    )


def _decided_then() -> None:
    """Each that held as the decision it was."""
    since = month_add(month_start(today()), -DECIDED)
    for row in Positioning.objects.filter(state=Positioning.State.APPROVED, start_date__gte=since):
        assert row.proposed_by is not None
        assert row.decided_by is not None
        assert row.decided_at is not None
        decision_record(
            kind=KIND,
            reference=row.pk,
            why=row.why,
            effective_date=row.start_date,
            proposed_by=row.proposed_by,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            products=[decision_product(row)],
        )


def _held(
    author: User, decider: User, product: Product, ago: int, *, points: list[Point], **texts: Any
) -> None:
    """As it was approved then: who decides today cannot put what held in the past."""
    day = month_add(month_start(today()), -ago)
    numbers = Positioning.objects.filter(product=product, segment=None)
    row = Positioning.objects.create(
        product=product,
        number=numbers.count() + 1,
        start_date=day,
        author=author,
        proposed_by=author,
        state=Positioning.State.PROPOSED,
        expected_rate=EXPECTED.get(product.code) if ago <= DECIDED else None,
        **texts,
    )
    PositioningPoint.objects.bulk_create(
        PositioningPoint(positioning=row, **point._asdict()) for point in points
    )
    row.state, row.decided_by = Positioning.State.APPROVED, decider
    row.decided_at = datetime.datetime.combine(
        day - datetime.timedelta(days=9), datetime.time(11), ZoneInfo(organisation_get().time_zone)
    )
    row.created_at = row.decided_at - datetime.timedelta(days=6)
    row.save()
