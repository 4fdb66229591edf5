"""Terms from a file, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from exchange.models import Import
from pricing.engine.terms import Step
from pricing.models import Term, TermStep

from .terms import withdrawable


def terms_import(*, source_import: Import, rows: Sequence[tuple[Term, Sequence[Step]]]) -> None:
    """Write the terms, none of which is there, with the steps of those that are a bonus."""
    for term, _steps in rows:
        term.source_import, term.created_by = source_import, source_import.created_by
    Term.objects.bulk_create((term for term, _steps in rows), batch_size=2000)
    TermStep.objects.bulk_create(
        (
            TermStep(term=term, from_amount=step.begin, rate=step.rate)
            for term, steps in rows
            for step in steps
        ),
        batch_size=2000,
    )


def terms_import_undo(*, source_import: Import) -> int:
    """Withdraw the file's terms; refused once one of them has held for longer than a slip may be mended."""
    mine = Term.objects.filter(source_import=source_import)
    if not all(map(withdrawable, mine)):
        message = _("Terms of this file have held: what customers got stays. Withdraw those that lie ahead.")
        raise DomainError("term_held", message, status=409)
    return mine.delete()[1].get(Term._meta.label, 0)
