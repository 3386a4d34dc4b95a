"""The public audits of GraphQL over HTTP, npm's `graphql-http`, against the running service: 61 of 61."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser import node_and_npm
from tests.live.server import running

AUDITS = Path(__file__).parent / "audits"

pytestmark = pytest.mark.slow


@pytest.fixture
def audit(tmp_path) -> list[str]:
    """The command that audits an address; its packages are fetched from the lock for this run."""
    node, npm = node_and_npm()
    if not node:
        pytest.skip("SKIPPED FOR LACK OF npm: the endpoint was NOT audited")
    for name in ("package.json", "package-lock.json", ".npmrc", "audit.mjs"):
        shutil.copy(AUDITS / name, tmp_path)
    done = subprocess.run([*npm, "ci"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"SKIPPED FOR LACK OF graphql-http, npm could not fetch it: {done.stderr[-300:]}")
    return [node, str(tmp_path / "audit.mjs")]


def test_every_audit_passes_without_a_warning(audit, committed):
    with running() as server:
        done = subprocess.run(
            [*audit, f"{server.url}/graphql/"], capture_output=True, text=True, timeout=120, check=True
        )
    found = json.loads(done.stdout)
    assert [each for each in found if each["status"] != "ok"] == []
    assert len(found) == 61
