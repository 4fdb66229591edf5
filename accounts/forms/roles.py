from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _

from accounts import rights as registry
from accounts.models import Role


@dataclass(frozen=True)
class Room:
    """The rights of one room, for the checkboxes of a role."""

    label: Any
    rights: list[registry.Right]


def rights_by_room() -> list[Room]:
    """What rooms registered, grouped; a room is called as its application is."""
    rooms: dict[str, Room] = {}
    for right in registry.registered():
        code = right.code.split(".")[0]
        name = apps.get_app_config(code).verbose_name if apps.is_installed(code) else code
        rooms.setdefault(code, Room(name, [])).rights.append(right)
    return list(rooms.values())


class RoleForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    name_nl = forms.CharField(label=_("Name in Dutch"), max_length=80)
    rights = forms.MultipleChoiceField(label=_("Rights"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, role: Role | None = None, **kwargs: Any) -> None:
        if role is not None:
            kwargs.setdefault(
                "initial",
                {
                    "name_en": role.name_en,
                    "name_nl": role.name_nl,
                    "rights": role.rights,
                    "version": role.version,
                },
            )
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = [  # type: ignore[attr-defined]
            (right.code, right.label) for right in registry.registered()
        ]

    @property
    def rooms(self) -> list[dict[str, Any]]:
        """The checkboxes by room, each with whether it is ticked now."""
        ticked = set(self["rights"].value() or [])
        return [
            {
                "label": room.label,
                "rights": [{"right": right, "ticked": right.code in ticked} for right in room.rights],
            }
            for room in rights_by_room()
        ]
