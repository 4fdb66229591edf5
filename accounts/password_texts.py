"""Django's words on passwords, named here so that our catalogue holds them: its own Dutch says "u" in its
hints, and has not followed its refusal of a short one."""

from __future__ import annotations

from django.utils.translation import gettext_noop, ngettext_lazy

HINTS = (
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be entirely numeric."),
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
)

TOO_SHORT = ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
