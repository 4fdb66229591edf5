"""Forms of who sees which lines and channels, and of decisions by two people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import registries
from core.forms.number import NumberField
from products.models import Channel, FourEyesRule, ProductLine
from products.selectors.lines import LineTree


class LimitsForm(forms.Form):
    """``version`` is that of the person as the editor saw them."""

    lines = forms.ModelMultipleChoiceField(
        label=_("Only these product lines"),
        queryset=ProductLine.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("And the lines below them. None ticked: all lines."),
    )
    channels = forms.ModelMultipleChoiceField(
        label=_("Only these channels"),
        queryset=Channel.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("And the channels below them. None ticked: all channels."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "lines": list(person.line_limits.values_list("line_id", flat=True)),
                "channels": list(person.channel_limits.values_list("channel_id", flat=True)),
                "version": person.version,
            },
        )
        super().__init__(*args, **kwargs)
        tree = LineTree()
        self.fields["lines"].choices = sorted(  # type: ignore[attr-defined]
            ((pk, " / ".join(line.name for line in tree.path(pk))) for pk in tree.lines),
            key=lambda choice: choice[1].lower(),
        )


def rules_seen(rules: Iterable[FourEyesRule]) -> dict[str, int]:
    """The version of each rule, by line and kind."""
    return {f"{rule.line_id or ''}/{rule.decision_kind}": rule.version for rule in rules}


class FourEyesForm(forms.Form):
    """One rule; *as the line above* takes it away. ``seen``: what the page showed (:func:`rules_seen`), of
    which ``cleaned_data`` has the ``version`` of this rule, 0 where there was none."""

    seen = forms.JSONField(widget=forms.HiddenInput, required=False)
    line = forms.TypedChoiceField(
        label=_("Product line"), required=False, coerce=int, empty_value=None, choices=()
    )
    kind = forms.ChoiceField(label=_("Kind of decision"), choices=())
    mode = forms.ChoiceField(
        label=_("Needs a second person"),
        choices=[("inherit", _("as the line above")), *FourEyesRule.Mode.choices],
    )
    threshold_amount = NumberField(
        label=_("Above this amount"),
        required=False,
        min_value=0,
        max_digits=18,
        decimal_places=2,
        help_text=_("Decisions worth less need one person. Only with “above an amount”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree = LineTree()
        names = ((pk, " / ".join(line.name for line in tree.path(pk))) for pk in tree.lines)
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            ("", _("everywhere")),
            *sorted(names, key=lambda choice: choice[1].lower()),
        ]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.key, kind.label) for kind in registries.decision_kinds
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen = data.pop("seen", None)
        if isinstance(seen, dict):
            data["version"] = seen.get(f"{data.get('line') or ''}/{data.get('kind')}", 0)
        return data
