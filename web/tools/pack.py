#!/usr/bin/env python3
"""Makes build/web from what was compiled: hashed names, brotli, manifest.json.

usage: pack.py ASSETS_DIR GEN_DIR WASM_DIR OUT_DIR
"""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
         "wasm": "application/wasm", "otf": "font/otf", "ttf": "font/ttf", "svg": "image/svg+xml"}
CSP = ("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
ROOT = "/dashboard/assets/"


def minify_css(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def main():
    assets, gen, wasm, out = sys.argv[1:5]
    work = out + ".new"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    names, sums, manifest = {}, {}, {}

    def put(name, data, stem=None):
        digest = hashlib.sha256(data).hexdigest()[:12]
        base, ext = (stem or name).rsplit(".", 1)
        file = "%s.%s.%s" % (base, digest, ext)
        with open(os.path.join(work, file), "wb") as f:
            f.write(data)
        names[name] = ROOT + file
        sums[name] = "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()
        manifest[ROOT + file] = {"file": file, "type": TYPES[ext], "immutable": True}

    def read(folder, name):
        with open(os.path.join(folder, name), "rb") as f:
            return f.read()

    for font in ("ui400.otf", "ui500.otf", "ui600.otf", "mono400.ttf", "icons.ttf"):
        put(font, read(gen, font))
    put("logo.svg", read(assets, "logo.svg"))
    put("theme.js", read(assets, "theme.js"))
    put("login.js", read(assets, "login.js"))
    put("app.wasm", read(wasm, "app.wasm"))
    put("app.js", read(wasm, "app.js"))

    def fill(text):
        return re.sub(r"@([a-z0-9]+\.[a-z0-9]+)@", lambda m: names[m.group(1)], text)

    tokens_css = read(gen, "tokens.gen.css").decode()
    for css in ("app.css", "login.css"):
        put(css, minify_css(fill(tokens_css + read(assets, css).decode())).encode())

    for html, paths in (("index.html", ["/dashboard/"]), ("login.html", ["/dashboard/login"])):
        text = fill(read(assets, html).decode())
        # Scripts and styles carry their checksum.
        for name, sum_ in sums.items():
            if name.endswith((".js", ".css")):
                text = text.replace('src="%s"' % names[name], 'src="%s" integrity="%s"' % (names[name], sum_))
                text = text.replace('stylesheet" href="%s"' % names[name], 'stylesheet" href="%s" integrity="%s"' % (names[name], sum_))
        with open(os.path.join(work, html), "w") as f:
            f.write(text)
        for path in paths:
            manifest[path] = {"file": html, "type": TYPES["html"], "immutable": False, "csp": CSP}

    files = sorted({m["file"] for m in manifest.values()})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda f: subprocess.run(["brotli", "-q", "11", "-w", "22", "-f", "-k", os.path.join(work, f)], check=True), files))
    with open(os.path.join(work, "manifest.json"), "w") as f:
        json.dump(manifest, f, indent=1, sort_keys=True)
        f.write("\n")
    shutil.rmtree(out, ignore_errors=True)
    os.rename(work, out)
    size = {f: os.path.getsize(os.path.join(out, f + ".br")) for f in files}
    kinds = {"wasm": 0, "js": 0, "fonts": 0, "other": 0}
    for f, n in size.items():
        ext = f.rsplit(".", 1)[1]
        kinds["fonts" if ext in ("otf", "ttf") else ext if ext in kinds else "other"] += n
    print("web: brotli " + ", ".join("%s %.1f KB" % (k, v / 1024) for k, v in kinds.items()))


main()
