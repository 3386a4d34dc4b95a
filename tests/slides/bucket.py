"""A real S3 server: OpenStack Swift with its S3 layer, four ordinary processes on the loopback, one folder on disk."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.slides.server import free_port

PINS = Path(__file__).parent / "swift" / "requirements.txt"
KEY, SECRET, BUCKET = "lab:slides", "lab-secret", "refnet-slides"
PATIENCE = 60
COMMON = "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\nswift_dir = {folder}\nuser = {user}\n"
STORAGE = """devices = {folder}/devices
mount_check = false
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_lab_slides = lab-secret .admin
""" + "".join(
    f"[filter:{name}]\nuse = egg:swift#{name}\n"
    for name in ("catch_errors", "gatekeeper", "listing_formats", "bulk", "slo")
)


def programs(folder: Path) -> Path:
    """Where Swift's programs are: in PATH, or installed for this run; skipped, and said so, where they cannot be."""
    if found := shutil.which("swift-proxy-server"):
        return Path(found).parent
    made = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(made)], check=True, timeout=120)
    done = subprocess.run(
        [str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(PINS)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"SKIPPED FOR LACK OF SWIFT: no S3 server was tried: {done.stderr[-300:]}")
    return made / "bin"


class Swift:
    """The server; `stop` ends its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, programs(folder)
        self.ports = {kind: free_port() for kind in ("account", "container", "object", "proxy")}
        (folder / "devices" / "d1").mkdir(parents=True)
        (folder / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n"
            "[storage-policy:0]\nname = one\ndefault = yes\n"
        )
        for kind in ("account", "container", "object"):
            self._ring(kind)
        self.running = [self._start(kind) for kind in self.ports]
        for kind in self.ports:
            self._wait(kind)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.ports['proxy']}"

    def stop(self) -> None:
        """End what was started."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(timeout=20)

    def _ring(self, kind: str) -> None:
        """One device with one copy."""
        builder = str(self.folder / f"{kind}.builder")
        for words in (
            ["create", "4", "1", "1"],
            ["add", f"r1z1-127.0.0.1:{self.ports[kind]}/d1", "1"],
            ["rebalance"],
        ):
            command = [str(self.bin / "swift-ring-builder"), builder, *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            if done.returncode > 1:  # 1 is a warning
                raise AssertionError(done.stdout + done.stderr)

    def _start(self, kind: str) -> "subprocess.Popen[bytes]":
        given = {"port": self.ports[kind], "folder": self.folder, "kind": kind, "user": getpass.getuser()}
        path = self.folder / f"{kind}.conf"
        path.write_text((COMMON + (PROXY if kind == "proxy" else STORAGE)).format(**given))
        with (self.folder / f"{kind}.log").open("wb") as log:
            return subprocess.Popen(
                [str(self.bin / "python"), str(self.bin / f"swift-{kind}-server"), str(path)],
                stdout=log, stderr=log, cwd=self.folder, env=os.environ | {"SWIFT_TEST_CONFIG_FILE": ""},
            )  # fmt: skip

    def _wait(self, kind: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.ports[kind]), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((self.folder / f"{kind}.log").read_text())
