"""The benchmarks run; their figures are for people, nothing here asserts one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_benchmark_runs_small_and_leaves_nothing(tmp_path: Path) -> None:
    ours = ("PMTOOL_VAR", "PMTOOL_DURABLE", "DJANGO_SETTINGS_MODULE", "REDIS_DATABASE")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    # Short, because a socket's path may not be long.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "--scale", "small"],
            cwd=ROOT,
            env=environment | {"TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=580,  # twice what it takes beside two other processes of tests
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        assert os.listdir(folder) == []
    told_by_each = ("bare COPY", "bare models", "queries", "gunicorn", "beat", "the night after", "pptx")
    for told in (*told_by_each, "approve"):
        assert told in done.stdout
    # Two worker processes or four, products made in order or backwards.
    assert "the same rows each time: yes" in done.stdout
