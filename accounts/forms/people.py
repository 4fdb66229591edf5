from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.models.user import LANGUAGES


class InviteForm(forms.Form):
    """Somebody new; they choose their password by a link."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254, help_text=_("What they sign in with."))
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Role.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A person has the rights of all their roles."),
    )


class PersonForm(InviteForm):
    """An existing person; ``version`` is what the editor had before their eyes."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "name": person.name,
                "email": person.email,
                "language": person.language,
                "roles": list(person.roles.all()),
                "version": person.version,
            },
        )
        super().__init__(*args, **kwargs)


class PasswordForm(forms.Form):
    """An invited person's first password."""

    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A short sentence is strong and easy to remember."),
        strip=False,
    )
    again = forms.CharField(
        label=_("The same once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", _("The two are not the same."))
        return given
