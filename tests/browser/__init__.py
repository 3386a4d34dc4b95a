"""A browser for tests: Debian's Chromium, headless, driven by npm's playwright-core from a script beside this file."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

HERE = Path(__file__).parent
CHROMIUM = Path("/usr/bin/chromium")


def installed(folder: Path) -> list[str]:
    """The command that runs a script of ours in a folder, its packages fetched from the lock; skipped loudly if not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("SKIPPED FOR LACK OF npm: the pages were NOT tried in a browser")
    if not CHROMIUM.exists():
        pytest.skip("SKIPPED FOR LACK OF Chromium (apt-get install chromium): the pages were NOT tried in a browser")
    for name in ("package.json", "package-lock.json", ".npmrc", "viewer.mjs"):
        shutil.copy(HERE / name, folder)
    done = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"SKIPPED FOR LACK OF playwright-core, npm could not fetch it: {done.stderr[-300:]}")
    return [node, str(folder / "viewer.mjs")]


def told(command: list[str], given: dict[str, Any], *, seconds: int) -> dict[str, Any]:
    """What a script tells in JSON of its walk; it is given its task as JSON too."""
    given = {"chromium": str(CHROMIUM)} | given
    # A session of its own, so that a browser that hangs ends with its script.
    running = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True)
    try:
        said, complained = running.communicate(json.dumps(given), timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        said, complained = running.communicate()
    assert running.returncode == 0, (said + complained)[-3000:]
    return dict(json.loads(said.splitlines()[-1]))
