"""Listings of a product, and where segments buy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pricing.models import Listing
from pricing.selectors.costs import RIGHT as COSTS
from products.forms.fields import DayField, RatePercentField
from products.forms.product import VersionedForm
from products.models import Channel, Segment
from products.selectors.access import channels_visible


class _ChannelForm(VersionedForm):
    KEYS: tuple[str, ...] = ("channel", "start_date")
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), to_field_name="code", empty_label="—"
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["channel"]
        field.queryset = channels_visible(user)

    def initial_of(self, row: Any) -> dict[str, Any]:
        return super().initial_of(row) | {"channel": row.channel.code}


class ListingForm(_ChannelForm):
    status = forms.ChoiceField(label=_("Listing"), choices=Listing.Status.choices, initial="listed")
    start_date = DayField(label=_("From"))
    terms = forms.CharField(
        label=_("Terms"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "What was agreed: shelves, number of shops, a trial. No amounts: all who see prices read this."
        ),
    )
    fee = forms.CharField(
        label=_("What we pay for it"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Such as a listing fee. Only who may see costs reads this."),
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, user=user, **options)
        if not user.has_perm(COSTS):
            del self.fields["fee"]


class SegmentShareForm(_ChannelForm):
    KEYS = ("segment", "channel", "start_date")
    segment = forms.ModelChoiceField(
        label=_("Segment"), queryset=Segment.objects.none(), to_field_name="code", empty_label="—"
    )
    share_rate = RatePercentField(
        label=_("Share (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("Of what the segment buys in the category. Empty: not said from then on."),
    )
    start_date = DayField(label=_("From"))
    field_order = ("segment", "channel", "share_rate", "start_date")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["segment"]
        field.queryset = Segment.objects.all()

    def initial_of(self, row: Any) -> dict[str, Any]:
        return super().initial_of(row) | {"segment": row.segment.code}
