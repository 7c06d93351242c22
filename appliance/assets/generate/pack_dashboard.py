"""Packs the dashboard's folder (made by scripts/web) into one file for the program: a line of JSON, then every file's brotli form, one after the other.

Usage: pack_dashboard.py WEB_DIR OUT; a folder that is not there gives an empty pack.
"""
import hashlib
import json
import pathlib
import sys


def main(web: pathlib.Path, out: pathlib.Path) -> None:
    index, body = [], b""
    manifest = web / "manifest.json"
    entries = json.loads(manifest.read_text()) if manifest.exists() else {}
    for path, entry in sorted(entries.items()):
        data = (web / (entry["file"] + ".br")).read_bytes()
        index.append({"path": path, "type": entry["type"], "immutable": entry.get("immutable", False), "csp": entry.get("csp", ""),
                      "etag": '"' + hashlib.sha256(data).hexdigest()[:24] + '"', "size": (web / entry["file"]).stat().st_size,
                      "offset": len(body), "length": len(data)})
        body += data
    out.write_bytes(json.dumps(index, separators=(",", ":")).encode() + b"\n" + body)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
