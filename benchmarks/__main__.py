"""``python -m benchmarks [--only NAME] [--scale small|full] [--rounds N] [--verbose]``: all, or one.

Starts embedded servers of its own, with the durability of service, in a temporary folder, and removes it. The
data are made up from a fixed seed. What is compared runs in turns, and medians are printed: the machine may
be busy with other things.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
import time
from types import FrameType
from typing import Any, NoReturn

NAMES = {
    "import": "benchmarks.imports",
    "night": "benchmarks.night",
    "pages": "benchmarks.pages",
    "processes": "benchmarks.processes",
    "proposals": "benchmarks.proposals",
    "alerts": "benchmarks.alerts",
    "costs": "benchmarks.costs",
    "files": "benchmarks.report_files",
    "reports": "benchmarks.reports",
    "scale": "benchmarks.scale",
    "shares": "benchmarks.shares",
    "what-if": "benchmarks.what_if",
}


def main() -> int:
    there = [name for name, module in NAMES.items() if importlib.util.find_spec(module)]
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=there, help="this one; may be given again")
    parser.add_argument("--scale", choices=("small", "full"), default="full", help="small: to try it out")
    parser.add_argument("--verbose", action="store_true", help="print every query of each page")
    parser.add_argument("--rounds", type=int, help="repetitions of what is compared, 3 unless told")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    folder = tempfile.mkdtemp(prefix="pmtool-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PMTOOL_VAR": folder,
        "PMTOOL_DURABLE": "true",
        "LOG_LEVEL": "ERROR",
        "TMPDIR": folder,  # what a process that is killed leaves behind goes with the folder
    }
    # Never somebody's own database.
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
        os.environ.pop(name, None)
    try:
        return _run(options, options.only or there)
    finally:
        _clean(folder)


def _run(options: argparse.Namespace, names: list[str]) -> int:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.database import fresh, keep
    from benchmarks.tools import Bench, machine
    from pmtool.postgres.base import start_embedded_servers

    start_embedded_servers()
    call_command("migrate", verbosity=0)
    print(machine(), flush=True)
    keep()
    for name in names:
        fresh()
        started = time.monotonic()
        print(f"\n== {name} ({options.scale})", flush=True)
        small = options.scale == "small"
        bench = Bench(small=small, verbose=options.verbose, rounds=options.rounds or (1 if small else 3))
        _one(name, bench)
        print(f"   ({time.monotonic() - started:.0f} s)", flush=True)
    return 0


def _one(name: str, bench: Any) -> None:
    module = importlib.import_module(NAMES[name])
    if name == "alerts":  # has a command of its own
        module.main(bench.size(20_000, 200), bench.size(200, 5))
    else:
        module.run(bench)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _clean(folder: str) -> None:
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()
        for server in settings.EMBEDDED_SERVERS:
            server.release()
        for server in settings.EMBEDDED_SERVERS:
            server.wait_stopped()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
