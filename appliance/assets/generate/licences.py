"""Writes what is inside the program and under which licence: libraries of scripts/deps.lock, and Debian's static archives with their copyright files.

Usage: licences.py SOURCE_DIR CACHE_DIR OUT. The table comes first, then a form feed, then every text.
"""
import pathlib
import re
import subprocess
import sys

# Debian packages whose archives are linked in: package, the name people know, licence.
DEBIAN = [
    ("libssl-dev", "openssl", "Apache-2.0"),
    ("libsqlite3-dev", "sqlite", "public domain"),
    ("libsodium-dev", "libsodium", "ISC"),
    ("zlib1g-dev", "zlib", "Zlib"),
    ("libbrotli-dev", "brotli", "MIT"),
    ("libc6-dev", "glibc", "LGPL-2.1-or-later"),
    ("libstdc++-DEV", "libstdc++", "GPL-3.0-or-later with GCC runtime library exception"),
]
# Inside where Debian's libcrypto was built with it (13, not 12).
ZSTD = ("libzstd-dev", "zstd", "BSD-3-Clause")
# Only used to build or to test: not inside.
NOT_INSIDE = {"catch2"}
TEXT_NAMES = ("LICENSE", "LICENSE.txt", "License", "LICENSE.md", "COPYING", "LICENSE.TXT")


def debian_version(package: str) -> tuple[str, str]:
    if package == "libstdc++-DEV":
        listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\n", "libstdc++-*-dev"], capture_output=True, text=True)
        names = [n for n in listed.stdout.split() if re.fullmatch(r"libstdc\+\+-\d+-dev", n)]
        package = names[-1] if names else "libstdc++6"
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return package, shown.stdout.strip() or "unknown"


def debian_packages() -> list[tuple[str, str, str]]:
    archives = pathlib.Path("/usr/lib").glob("*/libcrypto.a")
    return DEBIAN + [ZSTD] if any(b"ZSTD_compress" in one.read_bytes() for one in archives) else DEBIAN


def main(source: pathlib.Path, cache: pathlib.Path, out: pathlib.Path) -> None:
    rows, texts = [("paddock", "this program", "Apache-2.0")], [("paddock", (source / "LICENSE").read_text())]
    for line in (source / "scripts/deps.lock").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, version, _, _, _, _, licence = line.split(None, 6)
        if name in NOT_INSIDE:
            continue
        rows.append((name, version, licence))
        folder = cache / "src" / f"{name}-{version}"
        found = [p for n in TEXT_NAMES for p in sorted(folder.glob(n)) + sorted(folder.glob("*.dist-info/" + n)) + sorted(folder.glob("*.dist-info/licenses/" + n))]
        if found:
            texts.append((name, found[0].read_text(errors="replace")))
    for package, name, licence in debian_packages():
        package, version = debian_version(package)
        rows.append((name, version, licence))
        copyright_file = pathlib.Path("/usr/share/doc") / package / "copyright"
        if copyright_file.exists():
            texts.append((name, copyright_file.read_text(errors="replace")))
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    table = "".join(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}\n" for row in rows)
    body = "".join(f"{'=' * 80}\n{name}\n{'=' * 80}\n\n{text.rstrip()}\n\n" for name, text in texts)
    out.write_text(table + "\f\n" + body.replace("\f", ""))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
