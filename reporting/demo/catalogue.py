"""What the demo company sells: four lines, goods and services, in every stage."""

from __future__ import annotations

from dataclasses import dataclass

from .shapes import Course


@dataclass(frozen=True)
class Item:
    """A product with its course. ``price`` per unit of the leading measure."""

    code: str
    name: str
    line: str
    price: float
    course: Course
    family: str = ""
    temporary: bool = False


MEASURES = [
    # code, English, Dutch, unit en, unit nl, kind
    ("sell-in", "Sell-in", "Sell-in", "cartons", "pakken", "flow"),
    ("sell-out", "Sell-out", "Sell-out", "cartons", "pakken", "flow"),
    ("new-contracts", "New contracts", "Nieuwe contracten", "contracts", "contracten", "flow"),
    ("contracts", "Contracts in force", "Lopende contracten", "contracts", "contracten", "level"),
    ("policies", "Policies in force", "Lopende polissen", "policies", "polissen", "level"),
    ("new-policies", "New policies", "Nieuwe polissen", "policies", "polissen", "flow"),
    ("claims", "Claims", "Schades", "claims", "schades", "flow"),
    ("treatments", "Treatments", "Behandelingen", "treatments", "behandelingen", "flow"),
]

LINES = [
    # code, name, above, owner, unit, reporting unit, measures, words (price, customer, volume)
    ("food", "Voeding", "", "Sanne", "pak", "liter", ("sell-in", "sell-out"), ("price", "account", "units")),
    ("juice", "Sappen", "food", "", "", "", (), ("", "", "")),
    ("dairy-free", "Zuivelvrij", "food", "", "", "", (), ("", "", "")),
    ("pantry", "Houdbaar", "food", "Yara", "", "", (), ("", "", "")),
    ("fresh", "Vers", "food", "", "", "", ("sell-in",), ("", "", "")),
    (
        *("energy", "Energie", "", "Thomas", "contract", ""),
        *(("new-contracts", "contracts"), ("tariff", "customer", "contracts")),
    ),
    (
        *("insurance", "Verzekering", "", "Bram", "polis", "polis"),
        *(("policies", "new-policies", "claims"), ("premium", "insured", "policies")),
    ),
    ("care", "Zorg", "", "Noor", "behandeling", "", ("treatments",), ("fee", "client", "treatments")),
]

# Months after which a line's figures no longer move: claims for care come in late.
FINAL_AFTER = {"care": 2}

# The line that is planned by the week.
FRESH = "fresh"

# Lines whose products are looked at again every so many months.
REVIEWED = {"dairy-free": 12}

# code, name, kind, above
CHANNELS = [
    ("retail", "Supermarkten", "type", ""),
    ("kroon", "Kroon Markten", "account", "retail"),
    ("kroon-utrecht", "Kroon Markten Utrecht", "store", "kroon"),
    ("boerhof", "Boerhof", "account", "retail"),
    ("vandaag", "VanDaag", "account", "retail"),
    ("foodservice", "Foodservice", "type", ""),
    ("horeca-plus", "Horeca Plus", "account", "foodservice"),
    ("export", "Export", "type", ""),
    ("albion", "Albion Foods", "account", "export"),
    ("online", "Online", "type", ""),
    ("webshop", "Eigen webwinkel", "account", "online"),
    ("vergelijkers", "Vergelijkingssites", "account", "online"),
    ("direct", "Eigen verkoop", "type", ""),
    ("telefoon", "Klantenservice", "account", "direct"),
    ("advies", "Adviseurs", "type", ""),
    ("advies-noord", "Adviseurs Noord", "region", "advies"),
    ("advies-zuid", "Adviseurs Zuid", "region", "advies"),
    ("zorg", "Zorginkoop", "type", ""),
    ("gemeenten", "Gemeenten", "account", "zorg"),
    ("verzekeraars", "Zorgverzekeraars", "account", "zorg"),
    ("particulier", "Particulier", "account", "zorg"),
]

CHANNELS_OF_LINE = {
    "food": (("kroon", 0.42), ("boerhof", 0.27), ("vandaag", 0.16), ("horeca-plus", 0.1), ("webshop", 0.05)),
    "energy": (("vergelijkers", 0.5), ("webshop", 0.35), ("telefoon", 0.15)),
    "insurance": (("advies-noord", 0.35), ("advies-zuid", 0.35), ("webshop", 0.3)),
    "care": (("gemeenten", 0.5), ("verzekeraars", 0.35), ("particulier", 0.15)),
}

# A shop that reports these apart from its chain.
STORE = ("kroon-utrecht", 0.02, {"HVM-200", "HVM-210", "HVM-220"})

SUPPLIERS = [("haverhof", "Haverhof"), ("polderveld", "Polderveld"), ("boomgaard", "De Boomgaard")]
SEGMENTS = [("gezinnen", "Gezinnen"), ("senioren", "Senioren"), ("zakelijk", "Zakelijk")]
# By how the codes begin.
SUPPLIER_OF = {
    "HVM": "haverhof",
    "SOY": "haverhof",
    "DGM": "polderveld",
    "SOE": "polderveld",
    "SAP": "boomgaard",
}
SUPPLIER_OF |= dict.fromkeys(("APS", "APV"), "boomgaard")
SEGMENT_OF = dict.fromkeys(("INB", "FTS", "SMO", "PIN"), "gezinnen")
SEGMENT_OF |= dict.fromkeys(("HVM", "AMA", "SAP"), "gezinnen")
SEGMENT_OF |= dict.fromkeys(("THZ", "ALM", "MAA", "VAL", "UIT"), "senioren")
SEGMENT_OF |= dict.fromkeys(("CYB", "LAA-200"), "zakelijk")
FAMILIES = [
    ("HVM", "Havermelk", "dairy-free"),
    ("SAP", "Sinaasappelsap", "juice"),
    ("GSV", "Groene Stroom Vast", "energy"),
]


def _food() -> list[Item]:
    mature, decline, growth = "maturity", "decline", "growth"
    rows = [
        ("SAP-100", "Sinaasappelsap 1 L", "juice", 1.45, "turning", 40, 96_000, "summer", "SAP"),
        ("SAP-150", "Sinaasappelsap 1,5 L", "juice", 1.95, mature, 60, 41_000, "summer", "SAP"),
        ("SAP-020", "Sinaasappelsap 0,2 L", "juice", 0.42, mature, 60, 120_000, "summer", "SAP"),
        ("APS-100", "Appelsap 1 L", "juice", 1.15, mature, 60, 88_000, "none", ""),
        ("APV-100", "Appel-vliersap 1 L", "juice", 1.55, decline, 60, 52_000, "summer", ""),
        ("TOM-070", "Tomatensap 0,7 L", "juice", 1.25, decline, 60, 21_000, "none", ""),
        ("GMB-025", "Gembershot 0,25 L", "juice", 1.75, growth, 40, 46_000, "winter", ""),
        ("SMO-025", "Smoothie mango 0,25 L", "juice", 1.65, "revival", 60, 38_000, "summer", ""),
        ("LIM-100", "Limonade vlierbloesem 1 L", "juice", 1.85, "introduction", 8, 30_000, "summer", ""),
        ("HVM-210", "Havermelk Barista 1 L", "dairy-free", 1.36, growth, 46, 110_000, "none", "HVM"),
        ("HVM-200", "Havermelk Naturel 1 L", "dairy-free", 1.08, mature, 60, 94_000, "none", "HVM"),
        ("HVM-220", "Havermelk Vanille 1 L", "dairy-free", 1.22, mature, 55, 33_000, "none", "HVM"),
        ("SOY-100", "Sojamelk 1 L", "dairy-free", 0.98, decline, 60, 61_000, "none", ""),
        ("AMA-100", "Amandelmelk 1 L", "dairy-free", 1.48, mature, 60, 47_000, "none", ""),
        ("KOK-100", "Kokosdrink 1 L", "dairy-free", 1.38, "turning", 52, 26_000, "summer", ""),
        ("ERW-100", "Erwtendrink 1 L", "dairy-free", 1.42, "introduction", 6, 40_000, "none", ""),
        ("YOG-500", "Kokosyoghurt 500 g", "dairy-free", 1.72, growth, 30, 34_000, "summer", ""),
        ("ROG-800", "Roggebrood volkoren 800 g", "pantry", 1.05, mature, 60, 64_000, "none", ""),
        ("KRS-500", "Kruidenthee 500 g", "pantry", 2.65, "revival", 60, 27_000, "winter", ""),
        ("DGM-750", "Groentemix diepvries 750 g", "pantry", 1.22, mature, 60, 58_000, "winter", ""),
        ("KIK-400", "Kikkererwtenpasta 400 g", "pantry", 1.55, "introduction", 5, 36_000, "none", ""),
        ("PAS-500", "Volkorenpasta 500 g", "pantry", 0.88, mature, 60, 72_000, "none", ""),
        ("HON-350", "Bloemenhoning 350 g", "pantry", 2.95, mature, 60, 24_000, "winter", ""),
        ("JAM-450", "Aardbeienjam 450 g", "pantry", 1.65, decline, 60, 44_000, "none", ""),
        ("PIN-600", "Pindakaas 600 g", "pantry", 2.35, growth, 36, 58_000, "none", ""),
        ("NOT-200", "Notenmix 200 g", "pantry", 2.15, mature, 60, 39_000, "december", ""),
        ("SOE-570", "Erwtensoep 570 ml", "pantry", 1.75, mature, 60, 48_000, "winter", ""),
        ("BES-250", "Gedroogde bessen 250 g", "pantry", 3.1, "sparse", 60, 900, "none", ""),
        ("SAP-090", "Sinaasappelsap oud recept 1 L", "juice", 1.3, "ended", 34, 64_000, "summer", ""),
    ]
    items = [
        Item(code, name, line, price, Course(kind, months, size, season), family=family)
        for code, name, line, price, kind, months, size, season, family in rows
    ]
    pack = Course("maturity", 4, 9_000, "summer", 0.2)
    return [
        *items,
        Item("ACT-SAP2", "Actieverpakking sap 2 × 1 L", "juice", 2.49, pack, temporary=True),
        Item("BOX-ONT", "Ontbijtpakket", "pantry", 6.95, Course("growth", 24, 8_000, "december", 0.08)),
    ]


def _services() -> list[Item]:
    mature, decline, growth = "maturity", "decline", "growth"
    energy = [
        ("GSV-012", "Groene Stroom Vast 1 jaar", 96, mature, 60, 2_400, "january", "GSV"),
        ("GSV-036", "Groene Stroom Vast 3 jaar", 102, decline, 60, 1_300, "january", "GSV"),
        ("GSD-001", "Groene Stroom Dynamisch", 88, growth, 34, 1_900, "january", ""),
        ("GSM-001", "Groene Stroom Modelcontract", 110, mature, 60, 420, "january", ""),
        ("GAS-012", "Gas Vast 1 jaar", 140, mature, 60, 1_700, "winter", ""),
        ("GAS-036", "Gas Vast 3 jaar", 150, decline, 60, 900, "winter", ""),
        ("GAS-DYN", "Gas Dynamisch", 128, "introduction", 9, 700, "winter", ""),
        ("WPV-500", "Warmtepomp Servicepakket", 210, growth, 30, 620, "none", ""),
        ("CVO-100", "CV-onderhoud Basis", 95, mature, 60, 1_100, "winter", ""),
        ("CVO-200", "CV-onderhoud Plus", 145, "turning", 54, 640, "winter", ""),
        ("ZON-100", "Zonnepanelen Monitoring", 60, "revival", 60, 480, "summer", ""),
        ("LAA-100", "Laadpaal Thuis", 320, growth, 40, 510, "none", ""),
        ("LAA-200", "Laadpaal Zakelijk", 410, "introduction", 7, 260, "none", ""),
        ("BAT-100", "Thuisbatterij Abonnement", 275, "introduction", 6, 340, "none", ""),
        ("STW-100", "Stadswarmte", 180, mature, 60, 210, "winter", ""),
        ("ADV-100", "Energieadvies aan huis", 150, "sparse", 60, 60, "none", ""),
        ("TAR-NOV", "Maandtarief november", 92, mature, 3, 300, "none", ""),
    ]
    insurance = [
        ("INB-200", "Inboedelverzekering Basis", 9, mature, 60, 21_000, "none", ""),
        ("INB-300", "Inboedelverzekering Compleet", 14, growth, 48, 16_000, "none", ""),
        ("OPS-100", "Opstalverzekering", 17, mature, 60, 18_000, "none", ""),
        ("AUT-100", "Autoverzekering WA", 31, decline, 60, 26_000, "none", ""),
        ("AUT-200", "Autoverzekering WA Plus", 44, mature, 60, 22_000, "none", ""),
        ("AUT-300", "Autoverzekering Allrisk", 68, "turning", 56, 15_000, "none", ""),
        ("FTS-110", "Fietsverzekering Compleet", 8, growth, 36, 19_000, "none", ""),
        ("REI-050", "Reisverzekering Kort", 12, mature, 60, 8_000, "none", ""),
        ("REI-100", "Doorlopende reisverzekering", 6, mature, 60, 24_000, "none", ""),
        ("AVP-100", "Aansprakelijkheid Particulier", 4, mature, 60, 34_000, "none", ""),
        ("RBS-100", "Rechtsbijstand", 15, mature, 60, 13_000, "none", ""),
        ("DIE-100", "Dierenverzekering Hond", 19, growth, 33, 9_000, "none", ""),
        ("DIE-200", "Dierenverzekering Kat", 13, "introduction", 8, 5_000, "none", ""),
        ("CYB-100", "Cyberverzekering MKB", 42, "introduction", 6, 2_600, "none", ""),
        ("UIT-100", "Uitvaartverzekering", 11, decline, 60, 17_000, "none", ""),
        ("OVL-100", "Overlijdensrisico", 16, mature, 60, 11_000, "none", ""),
        ("BOT-100", "Pleziervaartuig", 23, "revival", 60, 4_200, "none", ""),
    ]
    care = [
        ("THZ-300", "Thuiszorg Hulp 4 uur", 118, mature, 60, 3_200, "none", ""),
        ("THZ-100", "Thuiszorg Hulp 1 uur", 36, decline, 60, 5_100, "none", ""),
        ("WVP-100", "Wijkverpleging Plus", 74, growth, 38, 2_700, "none", ""),
        ("ALM-010", "Personenalarm Basis", 14, decline, 60, 3_900, "none", ""),
        ("ALM-020", "Personenalarm Mobiel", 22, growth, 32, 4_600, "none", ""),
        ("MAA-007", "Maaltijdservice Vers", 9, decline, 60, 16_000, "none", ""),
        ("MAA-010", "Maaltijdservice Diepvries", 7, mature, 60, 19_000, "none", ""),
        ("FYS-100", "Fysiotherapie aan huis", 48, mature, 60, 2_100, "none", ""),
        ("DIE-900", "Diëtist op afstand", 42, "turning", 50, 950, "january", ""),
        ("GGZ-100", "Online coaching", 65, growth, 28, 1_400, "january", ""),
        ("SLA-100", "Slaapprogramma", 85, "introduction", 7, 800, "none", ""),
        ("VAL-100", "Valpreventie Groep", 30, "revival", 60, 1_250, "none", ""),
        ("DAG-100", "Dagbesteding", 71, mature, 60, 2_800, "none", ""),
        ("NAZ-100", "Nazorgprogramma Hart", 160, "young", 4, 1_500, "none", ""),
    ]
    return [
        Item(
            code,
            name,
            line,
            price,
            Course(kind, months, size, season, 0.02 if line == "insurance" else 0.06),
            family=family,
            temporary=code == "TAR-NOV",
        )
        for line, rows in (("energy", energy), ("insurance", insurance), ("care", care))
        for code, name, price, kind, months, size, season, family in rows
    ]


def _fresh() -> list[Item]:
    rows = [
        ("VRS-100", "Hummus naturel 200 g", 1.35, 42_000),
        ("VRS-110", "Hummus paprika 200 g", 1.45, 27_000),
        ("VRS-200", "Groentespread 150 g", 1.55, 19_000),
        ("VRS-300", "Falafel 250 g", 2.1, 23_000),
        ("VRS-400", "Quinoasalade 300 g", 2.65, 15_000),
    ]
    return [
        Item(code, name, FRESH, price, Course("maturity", 48, size, noise=0.04))
        for code, name, price, size in rows
    ]


def items() -> list[Item]:
    """All products of the demo company."""
    return [*_food(), *_services(), *_fresh()]
