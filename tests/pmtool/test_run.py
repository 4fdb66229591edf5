"""`make run` as a person meets it: it comes up, faster the second time, and leaves nothing behind."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.long, pytest.mark.faults, pytest.mark.timeout(600)]
ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes(var: Path) -> list[psutil.Process]:
    """Whatever runs with this PMTOOL_VAR: runner, web, worker, beat, guardians, servers."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PMTOOL_VAR") == str(var) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_until_gone(var: Path, seconds: float) -> list[psutil.Process]:
    give_up = time.monotonic() + seconds
    while (left := processes(var)) and time.monotonic() < give_up:
        time.sleep(0.1)
    return left


class Run:
    """One `python -m pmtool.run` in a folder of its own."""

    def __init__(self, var: Path, **more: str) -> None:
        self.port = free_port()
        outside = ("DJANGO_SETTINGS_MODULE", "PMTOOL_DURABLE", "REDIS_DATABASE", "DATABASE_URL", "REDIS_URL")
        environment = {name: value for name, value in os.environ.items() if name not in outside}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pmtool.run"],
            cwd=ROOT,
            env=environment | {"PMTOOL_VAR": str(var), "PORT": str(self.port)} | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []

    def wait_ready(self) -> float:
        """Seconds from the start to the line with the address."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "pmtool is ready" in line:
                return time.monotonic() - self.began
        raise AssertionError("".join(self.lines))

    def steps(self) -> list[str]:
        """What it did before that line, and takes a while."""
        return [line.strip() for line in self.lines if "…" in line]


def test_it_starts_with_what_is_there_and_leaves_nothing_behind(tmp_path: Path) -> None:
    var = tmp_path / "var"
    try:
        empty = Run(var, DEMO="0")
        empty.wait_ready()
        assert empty.steps() == ["Preparing the database …"]
        assert empty.process.stdout is not None
        said = list(itertools.takewhile(lambda line: "Ctrl-C" not in line, empty.process.stdout))
        assert any("invite_administrator" in line for line in said), said
        empty.process.send_signal(signal.SIGINT)
        assert empty.process.wait(40) == 0
        assert wait_until_gone(var, 5) == []

        demo = Run(var)
        demo.wait_ready()
        assert demo.steps()[0] == "Loading the demo company …"
        page = urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/account/login/", timeout=10)
        assert page.status == 200
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert (var / "secret_key").stat().st_mode & 0o077 == 0
        demo.process.send_signal(signal.SIGKILL)
        demo.process.wait(40)
        assert wait_until_gone(var, 40) == []

        again = Run(var)
        assert again.wait_ready() < 30  # some seconds where nothing else runs
        assert again.steps() == []
        again.process.send_signal(signal.SIGHUP)
        again.process.wait(40)
        assert wait_until_gone(var, 40) == []
    finally:
        for process in processes(var):
            process.kill()


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = subprocess.run(
            [sys.executable, "-m", "pmtool.run"],
            cwd=ROOT,
            env=os.environ | {"PMTOOL_VAR": str(tmp_path), "PORT": str(taken.getsockname()[1])},
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 1
    assert "Choose another: PORT=8001 make run" in refused.stderr
