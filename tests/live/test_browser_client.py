"""The npm client `graphql-sse` reads our streams as it reads any other: the protocol is kept, not imitated."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from referrals.models import Status
from schema import ids
from tests.live.server import PROJECT, Server
from tests.live.ways_in import bearer, session
from tests.world import EXPERT, World

CLIENT = "graphql-sse@2.6.1"
GRAPHQL = "graphql@16.15.0"
SCRIPT = """
import { createClient } from "graphql-sse";
const [url, headers, query, attempts] = process.argv.slice(2);
let last, connected = 0;
const client = createClient({
  url,
  headers: () => ({ ...JSON.parse(headers), ...(last ? { "Last-Event-ID": last } : {}) }),
  retry: () => new Promise((go) => setTimeout(go, 200)),
  retryAttempts: Number(attempts),
  on: { connected: () => console.log(JSON.stringify({ connected: ++connected })) },
});
try {
  for await (const result of client.iterate({ query })) {
    last = result.extensions.id;
    console.log(JSON.stringify(result.data ?? result));
  }
  console.log(JSON.stringify({ complete: true }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.response?.status ?? String(error) }));
}
process.exit(0);
"""


def node_and_npm() -> tuple[str, list[str]]:
    """Node with its npm, as `web/build.py` finds or brings it; a loud skip where there is none."""
    spec = importlib.util.spec_from_file_location("web_build", PROJECT / "web" / "build.py")
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    node, npm = shutil.which("node"), shutil.which("npm")
    found = build.node_in_environment() or ((node, [npm]) if node and npm else None)
    if found is None:
        pytest.skip("NOT TESTED against npm graphql-sse: no Node.js here; run python web/build.py once to bring it")
    return found


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Node, and the script beside the installed client."""
    node, npm = node_and_npm()
    folder = tmp_path_factory.mktemp("client")
    (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    (folder / "read.js").write_text(SCRIPT, encoding="utf-8")
    install = [*npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", CLIENT, GRAPHQL]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        pytest.skip(f"NOT TESTED against npm graphql-sse: it cannot be fetched: {done.stderr[-300:]}")
    return node, folder / "read.js"


class Browser:
    """The client in a process of its own."""

    def __init__(
        self, script: tuple[str, Path], server: Server, headers: dict[str, str], query: str, *, attempts: int = 1000
    ) -> None:
        node, file = script
        command = [node, str(file), f"{server.url}/graphql/stream/", json.dumps(headers), query, str(attempts)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=file.parent)

    def read(self) -> dict:
        """What it says next."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline() or '{"gone": true}')


NOTICES = "subscription { noticesReceived { kind subjectId } }"


def test_it_connects_reads_resumes_after_a_crash_and_hears_the_end(
    committed: World, server: Server, script: tuple[str, Path]
) -> None:
    person = committed.people["province", EXPERT, 1]
    browser = Browser(script, server, session(person), NOTICES)
    try:
        assert browser.read() == {"connected": 1}
        first = committed.referral(Status.SENT)
        assert browser.read()["noticesReceived"]["subjectId"] == ids.encode("Referral", first.pk)
        server.kill()
        second = committed.referral(Status.SENT)
        server.start()
        assert browser.read() == {"connected": 2}
        assert browser.read()["noticesReceived"]["subjectId"] == ids.encode("Referral", second.pk)
        person.is_active = False
        person.save()
        assert browser.read() == {"complete": True}
    finally:
        browser.process.kill()
        browser.process.wait()


def test_it_hears_of_a_refusal(committed: World, server: Server, script: tuple[str, Path]) -> None:
    headers = bearer(committed.people["province", EXPERT, 1])
    browser = Browser(script, server, headers, "subscription { nothing }", attempts=0)
    try:
        assert browser.read()["refused"] == 400
    finally:
        browser.process.kill()
        browser.process.wait()
