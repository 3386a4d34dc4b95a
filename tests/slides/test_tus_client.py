"""The client that browsers use, npm's tus-js-client, over a line that breaks twenty times and a server that dies."""

import json
import random
import shutil
import subprocess
import threading
import time
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from telemedicine.models import Upload, UploadState
from telemedicine.uploads import incoming
from tests.edge.client import gid, issue
from tests.slides.conftest import kept
from tests.slides.lab import LAB, PIECE, glass, lab_case, metadata
from tests.slides.server import PoorLine, Server

TUS = Path(__file__).parent / "tus"
SIZE = 24 * 1024 * 1024 + 12345

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def client(tmp_path_factory) -> list[str]:
    """The command that sends a file; installed from its lock for this run."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("SKIPPED FOR LACK OF npm: the client that browsers use was NOT tried")
    folder = tmp_path_factory.mktemp("tus")
    for name in ("package.json", "package-lock.json", ".npmrc", "send.mjs"):
        shutil.copy(TUS / name, folder)
    done = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(f"SKIPPED FOR LACK OF tus-js-client, npm could not fetch it: {done.stderr[-300:]}")
    return [node, str(folder / "send.mjs")]


@pytest.fixture
def server(committed, tmp_path) -> Any:
    """The running service, with the disk of this test."""
    made = Server(tmp_path, REFNET_CHECK_UPLOADS="0")
    yield made
    made.stop()


@pytest.fixture
def slide(committed):
    """A slide of the county's draft."""
    return glass(lab_case(committed))


@pytest.fixture
def token(committed) -> str:
    """The secret of the lab's own system."""
    return issue(committed.people["county", LAB, 1], "read", "write", now=timezone.now())[1]


@pytest.fixture
def disk(settings, tmp_path, server) -> Path:
    """The disk of the service."""
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


def send(client: list[str], port: int, path: Path, token: str, slide: Any, digest: str) -> dict[str, Any]:
    """What the client tells of one upload."""
    command = [*client, f"http://127.0.0.1:{port}/uploads/", str(path), token, gid(slide), digest]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_twenty_cuts_and_a_dead_server_leave_one_whole_file(client, server, slide, token, disk, tmp_path):
    content = random.Random(4).randbytes(SIZE)  # noqa: S311 - not for secrets
    source = tmp_path / "source.svs"
    source.write_bytes(content)
    digest = sha256(content).hexdigest()
    line = PoorLine(server.port, [1_200_000] * 20)

    def die() -> None:
        server.kill()
        server.start()

    line.between[10] = die
    told = send(client, line.port, source, token, slide, digest)
    line.close()
    assert "error" not in told, told
    assert line.done == 20
    assert told["retries"] >= 20
    upload = Upload.objects.get()
    assert (upload.state, upload.offset, upload.writer) == (UploadState.CHECKING, SIZE, None)
    assert kept(disk) == [incoming.path(upload.pk)]
    assert incoming.digest(upload.pk) == upload.sha256 == digest


def test_the_client_is_told_when_the_file_is_another_one(client, server, slide, token, disk, tmp_path):
    source = tmp_path / "source.svs"
    source.write_bytes(b"x" * 100_000)
    told = send(client, server.port, source, token, slide, "0" * 64)
    assert "460" in told["error"]
    assert Upload.objects.get().refusal_code == "WRONG_CHECKSUM"
    assert kept(disk) == []


def call(port: int, method: str, path: str, token: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and headers of one request, by hand."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    given = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, given, encode_chunked=headers.get("Transfer_Encoding") == "chunked")
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers


def begin(server: Server, token: str, slide: Any, size: int) -> str:
    """The address of a new upload."""
    told = {"Upload_Length": str(size), "Upload_Metadata": metadata(slide=gid(slide), filename="a.svs")}
    return call(server.port, "POST", "/uploads/", token, **told)[1]["Location"]


def test_two_writers_on_one_upload_and_one_is_told_to_wait(server, slide, token, disk):
    size = 3 * 1024 * 1024
    path, halfway, go_on, statuses = begin(server, token, slide, size), threading.Event(), threading.Event(), []

    def slowly() -> Any:
        yield b"a" * (size // 2)
        halfway.set()
        go_on.wait(30)
        yield b"a" * (size - size // 2)

    def first() -> None:
        kind = {"Content_Type": PIECE, "Upload_Offset": "0", "Content_Length": str(size)}
        statuses.append(call(server.port, "PATCH", path, token, slowly(), **kind)[0])

    writing = threading.Thread(target=first)
    writing.start()
    assert halfway.wait(30)
    end = time.monotonic() + 20
    while not (offset := Upload.objects.get().offset) and time.monotonic() < end:
        time.sleep(0.02)
    for given in (offset, 0):
        kind = {"Content_Type": PIECE, "Upload_Offset": str(given)}
        assert call(server.port, "PATCH", path, token, b"b" * 10, **kind)[0] == 423
    go_on.set()
    writing.join(60)
    assert statuses == [204]
    assert incoming.path(Upload.objects.get().pk).read_bytes() == b"a" * size


def test_twenty_writers_at_once_leave_the_bytes_of_one(server, slide, token, disk):
    size = 200_000
    path, statuses = begin(server, token, slide, size), []

    def write(n: int) -> None:
        kind = {"Content_Type": PIECE, "Upload_Offset": "0"}
        statuses.append((call(server.port, "PATCH", path, token, bytes([n]) * size, **kind)[0], n))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    (winner,) = [n for status, n in statuses if status == 204]
    assert {status for status, n in statuses if n != winner} <= {409, 423}
    assert incoming.path(Upload.objects.get().pk).read_bytes() == bytes([winner]) * size


def test_a_body_without_its_length_is_taken_as_it_comes(server, slide, token, disk):
    path = begin(server, token, slide, 300_000)
    kind = {"Content_Type": PIECE, "Upload_Offset": "0", "Transfer_Encoding": "chunked"}
    assert call(server.port, "PATCH", path, token, iter([b"c" * 100_000] * 3), **kind)[0] == 204
    more = begin(server, token, slide, 10)
    assert call(server.port, "PATCH", more, token, iter([b"c" * 100_000] * 3), **kind)[0] == 413
    assert Upload.objects.latest("id").offset == 0


def test_a_large_piece_is_not_held_in_memory(server, slide, token, disk):
    size = 192 * 1024 * 1024
    path = begin(server, token, slide, size)
    before = resident(server)
    kind = {"Content_Type": PIECE, "Upload_Offset": "0", "Content_Length": str(size)}
    assert call(server.port, "PATCH", path, token, (b"d" * 2**20 for _ in range(192)), **kind)[0] == 204
    assert resident(server) - before < 40 * 1024 * 1024
    assert Upload.objects.get().digest == sha256(b"d" * size).hexdigest()


def resident(server: Server) -> int:
    """The most memory that any process of the server ever had, in bytes."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    if not children.exists():
        pytest.skip("SKIPPED FOR LACK OF /proc: memory was NOT measured")
    peaks = [Path(f"/proc/{pid}/status").read_text() for pid in children.read_text().split()]
    return max(int(text.partition("VmHWM:")[2].split()[0]) * 1024 for text in peaks)
