"""What our code imports comes with what is installed to run it, not only with what is there for tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = {path.parent.name for path in ROOT.glob("*/__init__.py")}


IMPORT = re.compile(r"^ *(?:import|from) (\w+)[\w.]*(?: (?:as|import) .*)?$", re.MULTILINE)


def imported(path: Path) -> Iterator[str]:
    """Of each line that imports the first thing; ruff sees to one a line (E401)."""
    yield from IMPORT.findall(path.read_text(encoding="utf-8"))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_required() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    required = {plain(line.partition("==")[0]) for line in lines if re.match(r"[A-Za-z]", line)}
    rooms = OWN - {"tests", "benchmarks"}
    used = {name for room in rooms for path in (ROOT / room).rglob("*.py") for name in imported(path)}
    known = packages_distributions()
    missing = {
        name
        for name in used - OWN - sys.stdlib_module_names
        if not {plain(each) for each in known.get(name, [name])} & required
    }
    assert missing == set()
