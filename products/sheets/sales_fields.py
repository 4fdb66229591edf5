"""The columns and questions of the sheet *sales*."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from exchange.sheets import Field, Option

from . import created_in, sources

WEEK_START = Field(
    "week_start",
    "date",
    _("Week from"),
    aliases=(
        "week",
        "week_van",
        "week_vanaf",
        "week_from",
        "weekstart",
        "week_commencing",
        "begin_week",
    ),
    help_text=_("The first day of the week."),
)
FIELDS = (
    Field(
        "product",
        "code",
        _("Product"),
        required=True,
        aliases=(
            *("sku", "code", "product_code", "productcode", "artikel", "artikelnummer", "artikelcode"),
            *("article", "article_number", "item", "gtin", "ean"),
        ),
        help_text=_("The product's code, or any other code it has."),
    ),
    sources.FIELD,
    Field(
        "channel",
        "code",
        _("Channel"),
        aliases=("kanaal", "klant", "afnemer", "account", "customer", "store", "winkel", "filiaal"),
        help_text=_("Code or name of the channel; without it the sales are of all channels."),
    ),
    Field("month", "month", _("Month"), aliases=("maand", "period", "periode")),
    WEEK_START,
    Field("date", "date", _("Date"), aliases=("datum", "day", "dag", "start_date", "startdatum")),
    Field(
        "volume",
        "number",
        _("Volume"),
        aliases=(
            "units",
            "afzet",
            "aantal",
            "quantity",
            "qty",
            "stuks",
            "volumes",
            "sales_volume",
            "eenheden",
        ),
        help_text=_("In the unit of the measure; negative for returns. Of a level: the state at the end."),
    ),
    Field(
        "revenue",
        "amount",
        _("Revenue"),
        aliases=("omzet", "sales", "turnover", "net_revenue", "bedrag", "amount", "netto_omzet"),
    ),
    Field(
        "gross_revenue",
        "amount",
        _("Gross revenue"),
        aliases=("bruto_omzet", "gross_sales", "brutoomzet", "gross"),
        help_text=_("Before the discounts on the invoice."),
    ),
    Field("discounts", "amount", _("Discounts"), aliases=("kortingen", "korting", "discount")),
    Field(
        "measure",
        "code",
        _("Measure"),
        aliases=("maat", "meeteenheid", "kengetal"),
        help_text=_("Code or name; without it the leading measure of the product line."),
    ),
    Field(
        "product_name",
        "text",
        _("Name of the product"),
        aliases=(
            "productnaam",
            "naam_van_het_product",
            "name_of_the_product",
            "omschrijving",
            "artikelomschrijving",
        ),
        help_text=_("Only used for products that are created."),
    ),
    Field(
        "product_line",
        "text",
        _("Product line"),
        aliases=("line", "productlijn", "lijn", "category", "categorie", "productgroep"),
        help_text=_("Only used for products that are created."),
    ),
)
OPTIONS = (
    Option(
        "revenue_is",
        _("What is the revenue in this file?"),
        (
            ("net", _("invoiced after discounts, without VAT")),
            ("before_discounts", _("before discounts, without VAT")),
            ("vat21", _("invoiced after discounts, with 21% VAT")),
            ("vat9", _("invoiced after discounts, with 9% VAT")),
        ),
        fields=("revenue", "gross_revenue"),
    ),
    Option(
        "period",
        _("What does one row cover?"),
        (
            ("auto", _("as the dates show")),
            ("D", _("a day")),
            ("W", _("a week")),
            ("M", _("a month")),
        ),
        fields=("date",),
    ),
    sources.OPTION,
    created_in.OPTION,
)
