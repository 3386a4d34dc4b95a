"""OpenSlide's own example server, `deepzoom_server.py`: fetched by pip with its source distribution; run as it is."""

import subprocess
import sys
import tarfile
from pathlib import Path

from django.conf import settings

from consortium.errors import Code, Refused

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
SCRIPT = "examples/deepzoom/deepzoom_server.py"


def command(slide: Path, port: int) -> list[str]:
    """How to start the example on a port for one slide; fetched first where it is not there yet."""
    here = Path(settings.DATA_FOLDER) / "bench" / "openslide-example"
    (script,) = list(here.glob(f"*/{SCRIPT}")) or [fetch(here)]
    start = f"import runpy, sys; sys.path.insert(0, {str(here / 'packages')!r}); sys.argv[:] = sys.argv[1:]; "
    start += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return [sys.executable, "-c", start, str(script), "-l", "127.0.0.1", "-p", str(port), str(slide)]


def fetch(here: Path) -> Path:
    """The example's script, with Flask and what that needs beside it."""
    print("  fetching OpenSlide's example server and Flask …", flush=True)
    files = here / "files"
    chosen = ["--no-deps", "--no-binary", "openslide-python", "--require-hashes", "-r", REQUIREMENTS]
    pip("download", *chosen, "-d", files)
    pip("install", "--no-deps", "--no-index", "--target", here / "packages", *sorted(files.glob("*.whl")))
    (source,) = files.glob("openslide_python-*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(here, filter="data")
    (script,) = here.glob(f"*/{SCRIPT}")
    return script


def pip(*arguments: str | Path) -> None:
    """Let the machine's pip do something; Refused if it cannot."""
    python = getattr(sys, "_base_executable", sys.executable)
    if subprocess.run([python, "-m", "pip", "-q", "--disable-pip-version-check", *arguments], check=False).returncode:
        raise Refused(Code.INVALID_INPUT, "pip could not fetch OpenSlide's example server, for the reason above.")
