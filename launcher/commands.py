"""The launcher's commands: demo, worker, test, check, bench, drill, advisories, sbom, db, manage; stdlib only."""

import argparse
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn

from launcher.packages import DEVELOPMENT, RUNTIME, prepared
from launcher.programs import ENVIRONMENT, PROJECT, ask, begin, call, refusal, step

PAGES = "构建网页（失败时接口照常可用）/ building the pages (should that fail, the API works all the same)"
DEMO_STEPS = {
    "建表 / migrating": ["manage.py", "migrate", "--verbosity", "0"],
    "行级权限 / row-level security": ["manage.py", "secure_database"],
    "载入区划与编码 / loading divisions and codes": ["manage.py", "load_registry"],
    "同步角色 / synchronising the roles": ["manage.py", "sync_roles"],
    PAGES: ["web/build.py"],
    "载入示范数据 / loading the demo network": ["manage.py", "demo"],
}
NIGHT_MINUTES = 480
SETTING_UP = list(DEMO_STEPS)[:4]  # what a database needs before anything can act in it
LOADED = {"coverage", "growth", "reads", "serving", "steps"}  # measurements over a network loaded once
DRILLS = PROJECT / "tests" / "drills"
WITH_TOOLS = {"fuzz", "reads"}  # drills that need the developers' packages
FRONT = PROJECT / "web" / "dist" / "index.html"
IN_A_BROWSER = ["tests/browser", "tests/slides/test_viewer_page.py"]
QUICKLY = ["-q", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]
CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-cache"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "migration rules": ["python", "manage.py", "lint_migrations"],
    "schema snapshot": ["python", "manage.py", "export_schema", "--check"],
    "django": ["python", "manage.py", "check", "--database", "default"],
    "row-level security": ["python", "manage.py", "lint_database", "--fresh"],
    "words": ["python", "manage.py", "words", "--check"],
    "pages": ["python", "web/build.py", "--check"],
}


@contextmanager
def database(python: Path) -> Iterator[None]:
    """Hold the embedded server up for the commands within; nothing to hold where DATABASE_URL names another."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    with step("启动数据库 / starting the database"):
        holder = begin(python, "-m", "consortium.database", "hold", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        where = holder.stdout.readline() if holder.stdout else ""
        if not where:
            sys.exit(1)  # it has said why
        print(f"  数据在 / data in {where.strip()}", flush=True)
    try:
        yield
    finally:
        holder.communicate()


@contextmanager
def throwaway_data(python: Path) -> Iterator[None]:
    """A data folder for the commands within that is gone afterwards, its server stopped."""
    folder = tempfile.mkdtemp(prefix="refnet-")
    ENVIRONMENT.update(REFNET_DATA=folder, REFNET_THROWAWAY="1")
    try:
        yield
    finally:
        ask(python, "-m", "consortium.database", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def loaded_data(python: Path) -> Iterator[None]:
    """The data folder of the large measurements for the commands within, kept; its server is stopped afterwards."""
    use_own_data(python, "bench")
    try:
        yield
    finally:
        ask(python, "-m", "consortium.database", "stop")


def use_own_data(python: Path, name: str) -> None:
    """Let what follows use a data folder of its own below the usual one, kept so that the next run starts fast."""
    where = (ask(python, "-m", "consortium.database", "where") or "").splitlines()
    if not where:
        raise refusal("内置数据库的模块无法运行。", "The embedded database's module does not run.")
    ENVIRONMENT.update(REFNET_DATA=str(Path(where[0]) / name), REFNET_THROWAWAY="1")


def claim_port(port: int) -> int:
    """Return the port if nobody listens there, any free one for 0; end with a sentence if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise refusal(
                f"端口 {port} 不可用（{error.strerror}）：请换一个，如 ./refnet demo --port {port + 1}",
                f"Port {port} cannot be used ({error.strerror}): take another, such as ./refnet demo --port {port + 1}",
            ) from error
        return int(probe.getsockname()[1])


@contextmanager
def served(python: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The web server on 127.0.0.1, answering when the commands within begin and stopped after them."""
    server = begin(python, "-m", "consortium.serve", "--port", str(port), database_role="refnet_app")
    try:
        end = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{port}/"):
            if server.poll() is not None or time.monotonic() > end:
                raise refusal("网站未能启动，原因见上。", "The web server did not start for the reason above.")
            time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait()


@contextmanager
def beside(*command: str | Path, **how: str) -> Iterator[subprocess.Popen[str]]:
    """A program that runs beside the commands within, told to finish what it is doing after them."""
    program = begin(*command, **how)
    try:
        yield program
    finally:
        program.terminate()
        program.wait()


def set_up(python: Path, steps: Iterable[str]) -> None:
    """Take these of the demo's steps; a refusal ends the program unless it only concerns the pages."""
    for words in steps:
        command = DEMO_STEPS[words]
        if not (PROJECT / command[0]).exists():
            continue  # a distribution without the browser front
        with step(words):
            if call(python, *command).returncode and words != PAGES:
                raise refusal(f"失败，原因见上：{words}", f"Failed for the reason above: {' '.join(command)}")


def answers(url: str) -> bool:
    """Whether an HTTP server answers at the address, be it with an error."""
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def demo(arguments: list[str]) -> int:
    """Set everything up and serve until told to stop, with --night while a night passes; or with --check walk the
    stories and return their exit code."""
    parser = argparse.ArgumentParser(prog="refnet demo")
    parser.add_argument("--check", action="store_true", help="用临时数据走完全部流程 / walk the whole story, then stop")
    parser.add_argument(
        "--night",
        type=float,
        nargs="?",
        const=NIGHT_MINUTES,
        metavar="MINUTES",
        help=f"各医院在加速的夜晚里行动 / hospitals act through a fast night, by default {NIGHT_MINUTES} minutes long",
    )
    parser.add_argument("--port", type=int, help="默认 8000 / by default 8000")
    options = parser.parse_args(arguments)
    port = claim_port(options.port or (0 if options.check else 8000))
    python = prepared(RUNTIME)
    with throwaway_data(python) if options.check else nullcontext(), database(python):
        set_up(python, DEMO_STEPS)
        with served(python, port) as server, beside(python, "manage.py", "worker", database_role="refnet_system"):
            if options.check:
                return call(python, "-m", "tests.walks", "--url", f"http://127.0.0.1:{port}").returncode
            print(f"\n就绪，按 Ctrl-C 停止 / Ready, Ctrl-C stops it: http://127.0.0.1:{port}/", flush=True)
            if options.night:
                with beside(python, "manage.py", "night", "--minutes", str(options.night)) as night:
                    night.wait()
            return server.wait()


def test(arguments: list[str]) -> int:
    """Run pytest on the embedded PostgreSQL, in parallel when not told otherwise; return its exit code.

    The pages are built for the tests in a browser; those say loudly that they were skipped where that fails. With
    `web` first only they are run, and what they lack ends the program.
    """
    web = arguments[:1] == ["web"]
    python = prepared(DEVELOPMENT)
    use_own_data(python, "test")
    set_up(python, [PAGES])
    if web:
        needs_a_browser()
        arguments = [*IN_A_BROWSER, "-rs", *QUICKLY, *arguments[1:]]
    with database(python):
        return call(python, "-m", "pytest", *(arguments or QUICKLY)).returncode


def needs_a_browser() -> None:
    """End with a sentence where there is no Chromium, or no pages for it to show."""
    if not shutil.which("chromium"):
        raise refusal(
            "没有 Chromium，网页未经任何测试：请先运行 apt install chromium。",
            "There is no Chromium, so the pages were NOT tested at all: first run apt install chromium.",
        )
    if not FRONT.exists():
        raise refusal(
            "网页未能构建，未经任何测试，原因见上；通常是缺 npm 或无法连到它的软件源。",
            "The pages were not built for the reason above, so they were NOT tested at all; mostly npm is missing or"
            " cannot reach its registry.",
        )


def check(arguments: list[str]) -> int:
    """Run every check, print the name and time of each and the words of those that fail; 1 if any did."""
    python = prepared(DEVELOPMENT)
    use_own_data(python, "test")
    failed = 0
    with database(python):
        for name, (program, *options) in CHECKS.items():
            print(f"· {name}", end=" ", flush=True)
            began = time.monotonic()
            done = call(python.parent / program, *options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            print(f"{'✗' if done.returncode else '✓'} {time.monotonic() - began:.1f} s", flush=True)
            if done.returncode:
                failed += 1
                print(done.stdout, flush=True)
    print(f"{len(CHECKS) - failed}/{len(CHECKS)} 项通过 / checks passed")
    return 1 if failed else 0


def no_other_database() -> None:
    """End with a sentence where DATABASE_URL names a database that a drill or a measurement would fill."""
    if os.environ.get("DATABASE_URL"):
        raise refusal(
            "演练和测量只用自带的临时数据库：请先取消 DATABASE_URL。",
            "A drill or a measurement takes no DATABASE_URL: unset it first.",
        )


def bench(arguments: list[str]) -> int:
    """Run the measurement named first on a database of its own and return its exit code.

    Each compares with a reference in the same run. What was loaded by the million stays for the next run, in
    `bench` below the data folder; any other database is gone afterwards.
    """
    known = sorted(path.stem for path in (PROJECT / "bench").glob("*.py") if path.stem != "__init__")
    if not arguments or arguments[0] not in known:
        raise refusal(f"请指定测量：{' · '.join(known)}", f"Name a measurement: {' · '.join(known)}")
    no_other_database()
    python = prepared(RUNTIME)
    if arguments[0] == "web":
        set_up(python, [PAGES])
        needs_a_browser()
    with loaded_data(python) if arguments[0] in LOADED else throwaway_data(python), database(python):
        set_up(python, SETTING_UP)
        return call(python, "-m", f"bench.{arguments[0]}", *arguments[1:]).returncode


def drill(arguments: list[str]) -> int:
    """Run the program `tests.drills.NAME` on a database of its own, gone afterwards; return its exit code."""
    folders = (path.parent.name for path in DRILLS.glob("*/__main__.py"))
    names = sorted({*(path.stem for path in DRILLS.glob("[a-z]*.py")), *folders})
    if not arguments or arguments[0] not in names:
        raise refusal(f"请指定演练：{' · '.join(names)}", f"Name a drill: {' · '.join(names)}")
    no_other_database()
    python = prepared(DEVELOPMENT if arguments[0] in WITH_TOOLS else RUNTIME)
    with throwaway_data(python), database(python):
        set_up(python, SETTING_UP)
        return call(python, "-m", f"tests.drills.{arguments[0]}", *arguments[1:]).returncode


def db(arguments: list[str]) -> int:
    """Say where the data lies, stop the server, or delete the data."""
    return call(prepared(RUNTIME), "-m", "consortium.database", *(arguments or ["where"])).returncode


def manage(arguments: list[str]) -> NoReturn:
    """Become a command of manage.py, so that signals and the terminal are its own."""
    python = prepared(RUNTIME)
    os.chdir(PROJECT)
    os.execve(python, [str(python), "manage.py", *arguments], ENVIRONMENT)  # noqa: S606 (no shell is wanted)


def worker(arguments: list[str]) -> NoReturn:
    """Become `manage.py worker`, which delivers notices and runs the periodic jobs until told to stop."""
    manage(["worker", *arguments])


def advisories(arguments: list[str]) -> int:
    """Look up known vulnerabilities of every pinned package; 1 for one that no written exception accepts."""
    return call(prepared(DEVELOPMENT), "-m", "release.advisories", *arguments).returncode


def sbom(arguments: list[str]) -> int:
    """Write the bill of materials of this release to the file named, in CycloneDX; return the program's exit code."""
    named = [str(Path(word).absolute()) for word in arguments]
    return call(prepared(DEVELOPMENT), "-m", "release.sbom", *named).returncode


COMMANDS = {
    "demo": demo,
    "worker": worker,
    "test": test,
    "check": check,
    "bench": bench,
    "drill": drill,
    "advisories": advisories,
    "sbom": sbom,
    "db": db,
    "manage": manage,
}


def main(arguments: list[str], usage: str) -> int:
    """Run the command named first and return its exit code; Ctrl-C and SIGTERM end everything it started."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old terminal may lack some of our characters
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage)
        return 0
    if arguments[0] not in COMMANDS:
        print(f"没有此命令 / no such command: {arguments[0]}\n\n{usage}", file=sys.stderr)
        return 2
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        print("\n已停止 / stopped", flush=True)
        return 130
