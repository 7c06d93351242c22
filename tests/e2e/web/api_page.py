#!/usr/bin/env python3
"""The API's own page in Chromium, against the program."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "support" / "peers")]

# pylint: disable=wrong-import-position
from paddock import PASSWORD, Paddock


def main():
    subprocess.run([HERE / "run.sh", "--prepare"], check=True)
    with tempfile.TemporaryDirectory(prefix="pdk-", ignore_cleanup_errors=True) as folder:
        directory = pathlib.Path(folder)
        with Paddock(directory / "paddock") as server:
            facts = json.dumps({"url": server.url, "password": PASSWORD})
            environment = {**os.environ, "API_PAGE": facts, "TMPDIR": folder}
            return subprocess.run([HERE / "run.sh", "api_page.mjs"], env=environment,
                                  check=False, timeout=100).returncode


if __name__ == "__main__":
    sys.exit(main())
