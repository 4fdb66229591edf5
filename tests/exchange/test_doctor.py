from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.models import Job
from exchange.doctor import import_problems
from exchange.models import Import
from exchange.services import imports
from tests.factories import user_factory

pytestmark = pytest.mark.django_db


def test_the_doctor_finds_what_is_stuck_and_what_is_gone(start: Any, work: Any) -> None:
    user = user_factory()
    row = start(user)
    assert list(import_problems()) == []
    work()
    imports.import_apply(row=Import.objects.get(pk=row.pk), user=user)
    work()
    assert list(import_problems()) == []

    stuck = start(user)
    Job.objects.filter(group=f"import:{stuck.pk}").delete()
    row.refresh_from_db()
    Path(row.file.path).unlink()
    assert list(import_problems()) == [
        f"import {stuck.pk} is checking, but no job is at it",
        f"import {row.pk} is applied, but its file {row.file.name} is gone",
    ]
