"""Why a cost rate was withdrawn, where nobody said so in their own words: kept as a code."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

IMPORT_UNDONE, CHANGE_WITHDRAWN = "import_undone", "change_withdrawn"
WORDS: dict[str, Any] = {
    IMPORT_UNDONE: _("The import was undone."),
    CHANGE_WITHDRAWN: _("The change of many costs was withdrawn."),
}


def withdrawn_words(reason: str) -> str:
    """The code in the reader's language; what a person wrote as it is."""
    return str(WORDS.get(reason, reason))
