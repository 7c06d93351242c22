"""Container images written by the test itself, in the layout of `docker save`, for there is no
registry: BUSYBOX is Debian's busybox-static with a link for each applet, PAUSE our own program."""

import hashlib
import io
import json
import pathlib
import platform
import subprocess
import tarfile

BUSYBOX = "paddock.test/busybox:1"
PAUSE = "paddock.test/pause:1"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def _add(tar, name, data=b"", mode=0o755, link=None, directory=False):
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    if directory:
        entry.type = tarfile.DIRTYPE
    elif link:
        entry.type, entry.linkname = tarfile.SYMTYPE, link
    else:
        entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data) if data else None)


def _write(path, tag, layer, command, entry=None):
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps({
        "architecture": ARCHITECTURES[platform.machine()], "os": "linux",
        "config": {"Cmd": command, "Entrypoint": entry, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "paddock tests"}],
    }).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": [tag], "Layers": [f"{digest}/layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        _add(tar, name, config, 0o644)
        _add(tar, f"{digest}/layer.tar", layer, 0o644)
        _add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)
    return path


def write_busybox(path, busybox="/bin/busybox"):
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder in ("bin", "etc", "root"):
            _add(tar, folder, directory=True)
        _add(tar, "tmp", directory=True, mode=0o1777)
        _add(tar, "bin/busybox", pathlib.Path(busybox).read_bytes())
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
        for applet in applets.stdout.split():
            if applet != "busybox":
                _add(tar, f"bin/{applet}", link="busybox")
    return _write(path, BUSYBOX, layer.getvalue(), ["sh"])


def write_pause(path, program):
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        _add(tar, "pause", pathlib.Path(program).read_bytes())
    return _write(path, PAUSE, layer.getvalue(), ["/pause"])


def write_program(path, tag, program):
    """An image that holds one static program, found on PATH and started by default."""
    layer, file = io.BytesIO(), pathlib.Path(program)
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder in ("bin", "tmp"):
            _add(tar, folder, directory=True, mode=0o1777 if folder == "tmp" else 0o755)
        _add(tar, f"bin/{file.name}", file.read_bytes())
    return _write(path, tag, layer.getvalue(), [], [f"/bin/{file.name}"])
