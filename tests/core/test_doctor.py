"""The doctor says what is wrong and ends with an exit code that a script can read."""

from __future__ import annotations

import datetime
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.doctor import examine
from core.models import Job
from core.registries import DoctorCheck, doctor_checks

pytestmark = pytest.mark.django_db


def job(**fields):
    return Job.objects.create(**{"kind": "night.open", "key": "k"} | fields)


def jobs_found():
    return [problem for finding in examine(only="jobs") for problem in finding.problems]


def test_all_is_well_at_first():
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "PROBLEM" not in out.getvalue()


def test_a_lease_that_ran_out_and_was_not_swept():
    found = job(
        state="running",
        token="0" * 32,
        lease_until=timezone.now() - datetime.timedelta(minutes=10),
    )
    assert [str(found.pk) in problem for problem in jobs_found()] == [True]
    found.lease_until = timezone.now()
    found.save()
    assert jobs_found() == []


def test_a_job_that_waits_for_ever():
    found = job()
    assert jobs_found() == []
    Job.objects.filter(pk=found.pk).update(created_at=timezone.now() - datetime.timedelta(days=1))
    assert len(jobs_found()) == 1


def test_a_job_of_no_room():
    job(kind="gone.room")
    assert "gone.room" in jobs_found()[0]


def test_problems_are_told_in_json_with_exit_code_1():
    job(kind="gone.room")
    out = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("doctor", "--json", "--only", "jobs", stdout=out)
    assert ended.value.returncode == 1
    said = json.loads(out.getvalue())
    assert said["problems"] == 1
    assert said["checks"][0]["key"] == "jobs"
    assert "night.chunk" in said["registered"]["job kinds"]


def test_a_check_that_breaks_down_is_a_problem(monkeypatch):
    def broken():
        raise ZeroDivisionError("oh")

    monkeypatch.setitem(doctor_checks._entries, "broken", DoctorCheck("broken", "Broken", broken))
    assert examine(only="broken")[0].problems == ["could not be checked: ZeroDivisionError: oh"]
