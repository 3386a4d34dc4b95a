"""A browser for tests: Debian's Chromium, headless, driven by npm's playwright-core from a script beside this file."""

import json
import shutil
import subprocess
from pathlib import Path
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
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))
