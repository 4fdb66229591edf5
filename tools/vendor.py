"""Vendor third-party browser files: `python tools/vendor.py`, checked by `python tools/vendor.py --check`.

Packages are fetched with `npm pack` at the pinned versions below; only the named files are kept, together
with the licence text. `static/vendor/manifest.json` records name, version, licence, the tarball's integrity
and each file's SHA-256, so that a changed file is seen. The icons are composed into one sprite: our own
glyphs (`static/img/glyphs.svg`) and the Tabler icons listed here.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
GLYPHS = ROOT / "static" / "img" / "glyphs.svg"
SPRITE = "icons.svg"

# A comment at a file's end that points to a source map we do not ship: hashed static names would look for it.
SOURCE_MAP = re.compile(rb"\s*(/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S*)\s*$")


@dataclass(frozen=True)
class Package:
    """One npm package: `files` maps a path inside the package to a path inside static/vendor/."""

    name: str
    version: str
    files: dict[str, str]
    folder: str


PACKAGES = (
    Package(
        "@tabler/core",
        "1.6.1",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.min.js": "tabler.min.js"},
        "tabler",
    ),
    Package("htmx.org", "4.0.1", {"dist/htmx.min.js": "htmx.min.js"}, "htmx"),
    Package("vega", "6.4.0", {"build/vega.min.js": "vega.min.js"}, "vega"),
    Package("vega-lite", "6.4.3", {"build/vega-lite.min.js": "vega-lite.min.js"}, "vega-lite"),
    Package("vega-embed", "7.3.0", {"build/vega-embed.min.js": "vega-embed.min.js"}, "vega-embed"),
    Package(
        "swagger-ui-dist",
        "5.35.0",
        {"swagger-ui.css": "swagger-ui.css", "swagger-ui-bundle.js": "swagger-ui-bundle.js"},
        "swagger-ui",
    ),
    Package(
        "@fontsource-variable/inter",
        "5.3.0",
        {
            "files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
        },
        "inter",
    ),
    Package(  # the same for PDF, which takes no WOFF2
        "@expo-google-fonts/inter",
        "0.4.2",
        {
            "400Regular/Inter_400Regular.ttf": "inter-regular.ttf",
            "600SemiBold/Inter_600SemiBold.ttf": "inter-semibold.ttf",
        },
        "inter-pdf",
    ),
    Package("@tabler/icons", "3.51.0", {}, "icons"),
)

ICONS = """
activity alert-circle alert-triangle arrow-back-up arrow-down arrow-up arrows-sort ban bell bolt bookmark
box building bulb calculator calendar chart-bar chart-line check checks chevron-down chevron-left
chevron-right chevron-up circle-check clock clock-exclamation clock-pause coin columns-3 compass copy
database device-mobile dots download edit external-link eye eye-off file-export file-import file-report
file-spreadsheet file-type-pdf filter flag heart-handshake help-circle history hourglass inbox info-circle
key link list lock login logout mail menu-2 message minus moon-stars notes package paperclip pencil
percentage photo pin player-pause player-play player-stop plus printer refresh report scale search send
settings share shield-lock sitemap star star-filled sun table table-import tag target timeline trash
trending-down trending-up truck truck-delivery upload user users versions world x
"""


class VendorError(Exception):
    """A package or file is not what was pinned."""


def fetch(package: Package, folder: Path) -> Path:
    """Return the tarball of `package`, downloaded into `folder` by npm as this machine has it configured."""
    result = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{package.name}@{package.version}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / result.stdout.strip().splitlines()[-1]


def member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return the bytes of `path` inside the package, or raise VendorError."""
    try:
        stream = archive.extractfile(f"package/{path}")
    except KeyError:
        stream = None
    if stream is None:
        raise VendorError(f"{path} is not in the package")
    return stream.read()


def symbol(name: str, svg: str) -> str:
    """Turn one Tabler icon file into a <symbol>; its outline path of the whole square is dropped."""
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>.*$|<!--.*?-->", "", svg, flags=re.DOTALL)
    inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", inner)
    inner = re.sub(r"\s*\n\s*", "", inner)
    fill = ' fill="currentColor" stroke="none"' if name.endswith("-filled") else ""
    line = 'viewBox="0 0 24 24" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" {line}{fill}>{inner}</symbol>'


def icon_path(name: str) -> str:
    """Where Tabler keeps an icon: filled ones live in their own folder under the plain name."""
    if name.endswith("-filled"):
        return f"icons/filled/{name.removesuffix('-filled')}.svg"
    return f"icons/outline/{name}.svg"


def sprite(archive: tarfile.TarFile) -> bytes:
    """Compose the icon sprite: own glyphs first, then ICONS."""
    glyphs = re.findall(r"<symbol.*?</symbol>", GLYPHS.read_text(encoding="utf-8"), flags=re.DOTALL)
    symbols = [*glyphs, *(symbol(name, member(archive, icon_path(name)).decode()) for name in ICONS.split())]
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg">\n'
        "<!-- stage glyphs and mark: pmtool; the others: Tabler Icons (MIT) -->\n"
    )
    return (head + "\n".join(symbols) + "\n</svg>\n").encode()


def sha256(data: bytes) -> str:
    """Hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def vendor_package(package: Package, folder: Path) -> dict[str, object]:
    """Extract one package into static/vendor/ and return its manifest entry."""
    tarball = fetch(package, folder)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    written: dict[str, bytes] = {}
    with tarfile.open(tarball) as archive:
        meta = json.loads(member(archive, "package.json"))
        for source, target in package.files.items():
            written[f"{package.folder}/{target}"] = SOURCE_MAP.sub(b"\n", member(archive, source))
        for name in ("LICENSE", "LICENSE_FONT", "NOTICE"):
            if f"package/{name}" in archive.getnames():
                written[f"{package.folder}/{name}"] = member(archive, name)
        if package.name == "@tabler/icons":
            written[SPRITE] = sprite(archive)
    for name, data in written.items():
        (VENDOR / name).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / name).write_bytes(data)
    return {
        "name": package.name,
        "version": package.version,
        "licence": meta["license"],
        "integrity": integrity,
        "files": {name: sha256(data) for name, data in sorted(written.items())},
    }


def problems() -> list[str]:
    """Say, one sentence each, where static/vendor/ differs from its manifest or from the pins above."""
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))["packages"]
    found: list[str] = []
    pinned = {package.name: package.version for package in PACKAGES}
    listed = {entry["name"]: entry["version"] for entry in entries}
    if pinned != listed:
        found.append(f"pins and manifest differ: {sorted(set(pinned.items()) ^ set(listed.items()))}")
    expected = {name: digest for entry in entries for name, digest in entry["files"].items()}
    for name, digest in expected.items():
        path = VENDOR / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif sha256(path.read_bytes()) != digest:
            found.append(f"{name} was changed")
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    found += [f"{name} is in no manifest entry" for name in sorted(present - set(expected) - {MANIFEST.name})]
    return found


def main() -> int:
    """Vendor everything, or with --check only compare; exit code 1 when something differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="compare files with the manifest, download nothing"
    )
    if not parser.parse_args().check:
        with tempfile.TemporaryDirectory() as folder:
            entries = [vendor_package(package, Path(folder)) for package in PACKAGES]
        MANIFEST.write_text(json.dumps({"packages": entries}, indent=1) + "\n", encoding="utf-8")
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
